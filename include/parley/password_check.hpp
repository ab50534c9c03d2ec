// Checks of passwords whose refusal takes as long whoever was named: unknown, or known with a hash that was made at
// another cost, or with none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/credentials.hpp"

namespace parley {

/// What a libsodium hash says of algorithm, version and cost, `$argon2id$v=19$m=19456,t=2,p=1`; empty when it is none.
std::string parameters_of(const std::string& encoded);

/// To be judged on a password thread.
struct password_check {
  using verifier = std::function<bool(const std::string& encoded, std::string_view password)>;

  std::optional<std::string> encoded{};  ///< Null when nothing may fit.
  std::vector<std::string> decoys{};     ///< What a refusal verifies besides; no password fits them.

  [[nodiscard]] bool fits(std::string_view password, const verifier& verify = verify_password) const;
};

/// Belongs to the account actor. Each refusal verifies one hash of each set of parameters that this process knows of:
/// today's, and what the store and log-ins told of others.
class password_checks {
 public:
  /// `decoy`: a hash at today's cost that no password fits.
  explicit password_checks(const std::string& decoy) : decoys_{decoy} {}

  /// As of parameters_of; nothing else is taken.
  void know(const std::string& parameters);
  /// `encoded`: null for an unknown user. `may_fit`: false when the right password is refused as well.
  password_check check_of(const std::optional<std::string>& encoded, bool may_fit);

 private:
  /// Beyond these few, hashes of further costs are told by their time again rather than that each refusal costs more.
  static constexpr std::size_t most_parameters = 4;

  std::vector<std::string> decoys_;
};

}  // namespace parley
