#include "actors/user_places.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "fakes.hpp"

namespace parley::testing {
namespace {

TEST(UserPlaces, OneUserHasSoManyAndGetsThemBack) {
  const auto places = std::make_shared<user_places>(2);
  const auto ann = id_of<user_id>(1), bob = id_of<user_id>(2);
  std::vector<queue_place> held{places->try_enter(ann), places->try_enter(ann)};
  EXPECT_TRUE(held[0] && held[1]);
  EXPECT_FALSE(places->try_enter(ann));
  EXPECT_TRUE(places->try_enter(bob)) << "another's are his own";
  held.pop_back();
  EXPECT_TRUE(places->try_enter(ann));
}

}  // namespace
}  // namespace parley::testing
