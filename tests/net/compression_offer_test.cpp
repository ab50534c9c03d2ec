// RFC 7692 section 7.1 as a table: which offers are agreed_answer, and with which answer.
#include "net/compression_offer.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

const std::string agreed_answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const std::string answer_with_window = agreed_answer + "; server_max_window_bits=12";

struct offer_case {
  const char* offers;
  std::string answer;
};

TEST(compression_offer, is_taken_in_every_form_that_we_can_keep) {
  const offer_case cases[] = {
      {"permessage-deflate", agreed_answer},
      {"permessage-deflate; client_max_window_bits", agreed_answer},
      {"permessage-deflate; client_max_window_bits=8", agreed_answer},
      {"permessage-deflate; client_max_window_bits=\"15\"", agreed_answer},
      {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", agreed_answer},
      {"permessage-deflate;server_no_context_takeover;client_max_window_bits", agreed_answer},
      {" \tpermessage-deflate ; client_max_window_bits = 10 ", agreed_answer},
      {"permessage-deflate; server_max_window_bits=15", answer_with_window},
      {"permessage-deflate; server_max_window_bits=12", answer_with_window},
      {"permessage-deflate; server_max_window_bits=\"13\"", answer_with_window},
      {"x-other, permessage-deflate", agreed_answer},
      {"x-other; a; b=\"c, d; permessage-deflate\", permessage-deflate", agreed_answer},
      {", ,permessage-deflate,", agreed_answer},
  };
  for (const auto& given : cases) EXPECT_EQ(accept_compression(given.offers), given.answer) << given.offers;
}

TEST(compression_offer, is_declined_where_a_parameter_is_unknown_doubled_or_has_a_wrong_value) {
  for (const char* offers : {
           "permessage-deflate; x",
           "permessage-deflate; x=1",
           "permessage-deflate; server_max_window_bits",
           "permessage-deflate; server_max_window_bits=7",
           "permessage-deflate; server_max_window_bits=16",
           "permessage-deflate; server_max_window_bits=012",
           "permessage-deflate; server_max_window_bits=1a",
           "permessage-deflate; server_max_window_bits=\"\"",
           "permessage-deflate; server_max_window_bits=15; server_max_window_bits=15",
           "permessage-deflate; client_max_window_bits=7",
           "permessage-deflate; client_max_window_bits=16",
           "permessage-deflate; client_max_window_bits=09",
           "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
           "permessage-deflate; server_no_context_takeover=1",
           "permessage-deflate; client_no_context_takeover=\"true\"",
           "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
           "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
       }) {
    EXPECT_EQ(accept_compression(offers), "") << offers;
  }
}

TEST(compression_offer, is_declined_where_it_wants_a_window_smaller_than_ours) {
  for (const char* bits : {"8", "9", "10", "11"}) {
    EXPECT_EQ(accept_compression(std::string("permessage-deflate; server_max_window_bits=") + bits), "") << bits;
  }
}

TEST(compression_offer, is_the_first_of_several_that_can_be_taken) {
  EXPECT_EQ(accept_compression("permessage-deflate; server_max_window_bits=9, permessage-deflate"), agreed_answer);
  EXPECT_EQ(accept_compression("permessage-deflate; x, permessage-deflate; server_max_window_bits=14"),
            answer_with_window);
  EXPECT_EQ(accept_compression("permessage-deflate, permessage-deflate; server_max_window_bits=14"), agreed_answer);
}

TEST(compression_offer, is_none_where_the_header_is_empty_of_others_or_broken) {
  for (const char* offers :
       {"", " ", ",", "x-webkit-deflate-frame", "permessage-deflate2", "PERMESSAGE-DEFLATE", "permessage-deflate;",
        "permessage-deflate; ;",
        "permessage-deflate; server_max_window_bits=", "permessage-deflate; client_max_window_bits=\"15",
        "permessage-deflate x", "permessage-deflate, =", "permessage-deflate; =1", "\"permessage-deflate\""}) {
    EXPECT_EQ(accept_compression(offers), "") << offers;
  }
}

}  // namespace
}  // namespace parley
