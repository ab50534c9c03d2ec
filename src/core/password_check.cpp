// Which hashes a refused log-in verifies.
#include "parley/password_check.hpp"

#include <algorithm>

namespace parley {
namespace {

/// $argon2id$v=19$m=19456,t=2,p=1$salt$hash: the parameters end before the fourth.
constexpr int dollar_behind_parameters = 4;

}  // namespace

std::string parameters_of(const std::string& encoded) {
  if (!encoded.starts_with("$argon2")) return {};
  std::size_t at = 0;
  for (int n = 1; n < dollar_behind_parameters && at != std::string::npos; ++n) at = encoded.find('$', at + 1);
  return at == std::string::npos ? std::string() : encoded.substr(0, at);
}

bool password_check::fits(std::string_view password, const verifier& verify) const {
  if (encoded && verify(*encoded, password)) return true;
  for (const auto& decoy : decoys) verify(decoy, password);
  return false;
}

void password_checks::know(const std::string& parameters) {
  const auto has_these = [&](const std::string& decoy) { return parameters_of(decoy) == parameters; };
  if (decoys_.size() >= most_parameters || std::any_of(decoys_.begin(), decoys_.end(), has_these)) return;
  const auto& today = decoys_.front();
  auto decoy = parameters + today.substr(parameters_of(today).size());
  if (parameters_of(decoy) == parameters) decoys_.push_back(std::move(decoy));
}

password_check password_checks::check_of(const std::optional<std::string>& encoded, bool may_fit) {
  const auto own = encoded ? parameters_of(*encoded) : std::string();
  const auto is_own = [&](const std::string& decoy) { return parameters_of(decoy) == own; };
  if (!own.empty()) know(own);
  password_check check;
  if (may_fit) check.encoded = encoded;
  for (const auto& decoy : decoys_) {
    if (!check.encoded || !is_own(decoy)) check.decoys.push_back(decoy);
  }
  return check;
}

}  // namespace parley
