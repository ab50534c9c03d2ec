// How many hashes a refused log-in verifies, and of which cost.
#include "parley/password_check.hpp"

#include <gtest/gtest.h>

#include <set>

namespace parley::testing {
namespace {

const std::string today = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const std::string older = "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";

/// The parameters of all that it verifies; what is no hash costs nothing.
std::multiset<std::string> spent(const password_check& check) {
  std::multiset<std::string> out;
  const bool fits = check.fits("a guess", [&](const std::string& encoded, std::string_view) {
    if (const auto parameters = parameters_of(encoded); !parameters.empty()) out.insert(parameters);
    return false;
  });
  EXPECT_FALSE(fits);
  return out;
}

TEST(password_checks, the_parameters_of_a_hash_are_told_from_its_salt) {
  EXPECT_EQ(parameters_of(today), "$argon2id$v=19$m=19456,t=2,p=1");
  for (const auto* none : {"", "*", "$argon2id$", "$argon2id$v=19$m=1", "$2b$10$abc$def$"})
    EXPECT_EQ(parameters_of(none), "") << none;
  ASSERT_TRUE(initialise_crypto());
  const auto made = hash_password("correct horse", {64 * 1024, 1});
  ASSERT_TRUE(made);
  EXPECT_EQ(parameters_of(*made), "$argon2id$v=19$m=64,t=1,p=1");
}

TEST(password_checks, a_refusal_costs_the_same_whoever_was_named) {
  password_checks checks(today);
  const std::multiset<std::string> one{parameters_of(today)};
  EXPECT_EQ(spent(checks.check_of(std::nullopt, true)), one);
  EXPECT_EQ(spent(checks.check_of(today, true)), one);
  EXPECT_EQ(spent(checks.check_of("*", true)), one) << "made by name, without a password";
  EXPECT_EQ(spent(checks.check_of(today, false)), one) << "suspended";
  const std::multiset<std::string> both{parameters_of(today), parameters_of(older)};
  for (const auto& encoded : std::vector<std::optional<std::string>>{older, std::nullopt, today, "*"}) {
    EXPECT_EQ(spent(checks.check_of(encoded, true)), both) << encoded.value_or("unknown");
    EXPECT_EQ(spent(checks.check_of(encoded, false)), both) << encoded.value_or("unknown");
  }
}

TEST(password_checks, a_password_that_fits_costs_one_hash_and_a_decoy_never_fits) {
  password_checks checks(today);
  int verified = 0;
  const auto yes = [&](const std::string&, std::string_view) { return ++verified > 0; };
  EXPECT_TRUE(checks.check_of(older, true).fits("right", yes));
  EXPECT_EQ(verified, 1);
  EXPECT_FALSE(checks.check_of(older, false).fits("right", yes));
  EXPECT_FALSE(checks.check_of(std::nullopt, true).fits("right", yes));
}

TEST(password_checks, a_decoy_of_older_parameters_is_a_sound_hash) {
  ASSERT_TRUE(initialise_crypto());
  const auto cheap = hash_password("one", {64 * 1024, 1});
  const auto dear = hash_password("another", {128 * 1024, 2});
  ASSERT_TRUE(cheap && dear);
  password_checks checks(*dear);
  const auto check = checks.check_of(*cheap, false);
  ASSERT_EQ(check.decoys.size(), 2U);
  for (const auto& decoy : check.decoys) {
    EXPECT_FALSE(needs_rehash(decoy, decoy == *dear ? password_cost{128 * 1024, 2} : password_cost{64 * 1024, 1}));
    EXPECT_FALSE(verify_password(decoy, "one"));
  }
}

TEST(password_checks, parameters_can_be_known_before_anybody_has_them) {
  password_checks checks(today);
  for (const auto& each : {parameters_of(older), parameters_of(today), std::string(), std::string("bcrypt")})
    checks.know(each);
  const std::multiset<std::string> both{parameters_of(today), parameters_of(older)};
  EXPECT_EQ(spent(checks.check_of(std::nullopt, true)), both);
}

TEST(password_checks, few_parameters_are_remembered) {
  password_checks checks(today);
  for (int passes = 3; passes < 20; ++passes)
    spent(checks.check_of("$argon2id$v=19$m=64,t=" + std::to_string(passes) + ",p=1$c2FsdA$aGFzaA", true));
  EXPECT_EQ(spent(checks.check_of(std::nullopt, true)).size(), 4U);
}

}  // namespace
}  // namespace parley::testing
