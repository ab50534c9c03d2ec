// The frame that servers beside Parley answer with, as large as Parley's own.
#pragma once

#include <string>
#include <string_view>

namespace parley::bench {

inline std::string new_message_of_the_same_size(std::string_view content) {
  const std::string id(36, '0');
  return R"({"type":"new_message","data":{"room_id":")" + id + R"(","seq":100000,"message_id":")" + id +
         R"(","user_id":")" + id + R"(","display_name":"sender-0-0","content":")" + std::string(content) +
         R"(","file_url":null,"reply_to":null,"client_msg_id":null,"created_at":"2026-11-22T09:30:00.123Z"}})";
}

}  // namespace parley::bench
