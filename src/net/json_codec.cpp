// Client frames to commands. The only file that sees simdjson: its DOM parser, which refuses what On-Demand
// lets through.
#include "net/json_codec.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <limits>
#include <new>

#include "net/field_rules.hpp"
#include "parley/utf8.hpp"

namespace parley {

static_assert(frame_decoder::padding_bytes >= simdjson::SIMDJSON_PADDING);

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t max_depth = 32;

/// The fields of a frame's data. After the first refusal all reading is idle, so that a frame is read in one
/// sweep and its first fault reported.
class field_reader {
 public:
  field_reader(std::optional<dom::object> object, const limits_config& limits) : object_(object), limits_(limits) {}

  std::optional<std::string> text(std::string_view field) {
    const auto value = find(field);
    if (!value) return std::nullopt;
    std::string_view text;
    if (value->get(text) != simdjson::SUCCESS) {
      refuse(bad_request(fmt::format("{}: must be a string", field)));
      return std::nullopt;
    }
    require(check_no_nul(field, text));
    return std::string(text);
  }

  template <class Id>
  std::optional<Id> identity(std::string_view field) {
    const auto given = text(field);
    if (!given) return std::nullopt;
    auto parsed = Id::parse(*given);
    if (!parsed) refuse(bad_request(fmt::format("{}: must be a UUID", field)));
    return parsed;
  }

  template <class Id>
  Id required_identity(std::string_view field) {
    const auto value = identity<Id>(field);
    if (!value) refuse_missing(field);
    return value.value_or(Id{});
  }

  bool flag(std::string_view field, bool otherwise) {
    const auto value = find(field);
    bool flag = otherwise;
    if (value && value->get(flag) != simdjson::SUCCESS)
      refuse(bad_request(fmt::format("{}: must be true or false", field)));
    return flag;
  }

  std::optional<dom::element> find(std::string_view field) const {
    dom::element value;
    if (!object_ || object_->at_key(field).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return value;
  }

  /// A position in a room. What is too large for us lies beyond every room's end.
  sequence position(std::string_view field, const dom::element& value) {
    std::int64_t number = 0;
    if (value.get(number) == simdjson::SUCCESS && number >= 0) return number;
    std::uint64_t huge = 0;
    double rounded = 0;
    if (value.get(huge) == simdjson::SUCCESS) return std::numeric_limits<sequence>::max();
    if (value.is_double() && value.get(rounded) == simdjson::SUCCESS && rounded >= 0x1p64) {
      return std::numeric_limits<sequence>::max();
    }
    refuse(bad_request(fmt::format("{}: must be a whole number, 0 or more", field)));
    return 0;
  }

  void require(const result<void>& checked) {
    if (!checked) refuse(checked.error());
  }
  void refuse(error what) {
    if (!refusal_) refusal_ = std::move(what);
  }
  void refuse_missing(std::string_view field) { refuse(bad_request(fmt::format("{}: is missing", field))); }

  [[nodiscard]] const std::optional<error>& refusal() const { return refusal_; }
  [[nodiscard]] const limits_config& limits() const { return limits_; }

 private:
  std::optional<dom::object> object_;  // absent data has no field
  const limits_config& limits_;
  std::optional<error> refusal_;
};

client_request read_send_message(field_reader& in) {
  send_message message;
  const auto room = in.identity<room_id>("room_id");
  message.content = in.text("content");
  message.file_url = in.text("file_url");
  message.reply_to = in.identity<message_id>("reply_to");
  message.client_msg_id = in.text("client_msg_id");
  if (message.file_url) in.require(check_file_url(*message.file_url));
  if (message.content && message.content->empty() && message.file_url) message.content.reset();
  if (message.content) in.require(check_content(*message.content, in.limits()));
  if (!message.content && !message.file_url) in.refuse(bad_request("content: is missing, and there is no file_url"));
  if (message.client_msg_id) in.require(check_key("client_msg_id", *message.client_msg_id));
  return durable_frame{room, std::move(message)};
}

client_request read_edit_message(field_reader& in) {
  const auto room = in.identity<room_id>("room_id");
  edit_message edit{in.required_identity<message_id>("message_id"), {}};
  if (auto content = in.text("content")) {
    in.require(check_content(*content, in.limits()));
    edit.content = std::move(*content);
  } else {
    in.refuse_missing("content");
  }
  return durable_frame{room, std::move(edit)};
}

client_request read_delete_message(field_reader& in) {
  const auto room = in.identity<room_id>("room_id");
  return durable_frame{room, delete_message{in.required_identity<message_id>("message_id")}};
}

client_request read_reaction(field_reader& in) {
  const auto room = in.identity<room_id>("room_id");
  change_reaction change{in.required_identity<message_id>("message_id"), {}, reaction_action::add};
  if (auto emoji = in.text("emoji")) {
    in.require(check_emoji(*emoji, in.limits()));
    change.emoji = std::move(*emoji);
  } else {
    in.refuse_missing("emoji");
  }
  const auto action = in.text("action").value_or("add");
  if (action == "remove")
    change.action = reaction_action::remove;
  else if (action != "add")
    in.refuse(bad_request("action: must be add or remove"));
  return durable_frame{room, std::move(change)};
}

client_request read_typing(field_reader& in) {
  const auto room = in.identity<room_id>("room_id");
  return typing_frame{room, in.flag("is_typing", true)};
}

client_request read_read(field_reader& in) {
  read_frame read{in.identity<room_id>("room_id"), 0};
  if (const auto seq = in.find("seq"))
    read.seq = in.position("seq", *seq);
  else
    in.refuse_missing("seq");
  return read;
}

client_request read_resume(field_reader& in) {
  resume_frame resume;
  const auto rooms = in.find("rooms");
  if (!rooms) {
    in.refuse_missing("rooms");
    return resume;
  }
  std::string_view word;
  if (rooms->get(word) == simdjson::SUCCESS && word == "unread") {
    resume.unread = true;
    return resume;
  }
  dom::object positions;
  if (rooms->get(positions) != simdjson::SUCCESS) {
    in.refuse(bad_request("rooms: must be an object of room_id to seq, or the string unread"));
    return resume;
  }
  for (const auto [key, value] : positions) {
    const auto room = room_id::parse(key);
    if (!room) in.refuse(bad_request("rooms: each name must be a UUID"));
    resume.rooms.emplace_back(room.value_or(room_id{}), in.position("rooms", value));
    if (in.refusal()) return resume;
  }
  auto sorted = resume.rooms;
  std::sort(sorted.begin(), sorted.end());
  const auto same_room = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::adjacent_find(sorted.begin(), sorted.end(), same_room) != sorted.end()) {
    in.refuse(bad_request("rooms: names a room twice"));
  }
  return resume;
}

client_request read_watch_presence(field_reader& in) {
  watch_presence_frame watch;
  const auto given = in.find("user_ids");
  dom::array users;
  if (!given) {
    in.refuse_missing("user_ids");
  } else if (given->get(users) != simdjson::SUCCESS) {
    in.refuse(bad_request("user_ids: must be a list of UUIDs"));
  } else if (users.size() > in.limits().watched_users) {
    in.refuse(bad_request(fmt::format("user_ids: at most {}", in.limits().watched_users)));
  } else {
    for (const auto item : users) {
      std::string_view text;
      const auto user = item.get(text) == simdjson::SUCCESS ? user_id::parse(text) : std::nullopt;
      if (!user) {
        in.refuse(bad_request("user_ids: must be a list of UUIDs"));
        break;
      }
      watch.users.push_back(*user);
    }
  }
  return watch;
}

client_request read_ping(field_reader&) { return ping_frame{}; }

struct frame_type {
  std::string_view name;
  client_request (*read)(field_reader&);
};

constexpr frame_type frame_types[] = {
    {"send_message", read_send_message},
    {"edit_message", read_edit_message},
    {"delete_message", read_delete_message},
    {"reaction", read_reaction},
    {"typing", read_typing},
    {"read", read_read},
    {"resume", read_resume},
    {"watch_presence", read_watch_presence},
    {"ping", read_ping},
};

const frame_type* find_type(const dom::object& frame) {
  std::string_view name;
  if (frame.at_key("type").get(name) != simdjson::SUCCESS) return nullptr;
  const auto* found = std::find_if(std::begin(frame_types), std::end(frame_types),
                                   [&](const frame_type& type) { return type.name == name; });
  return found == std::end(frame_types) ? nullptr : found;
}

decoded_frame refused(std::optional<std::string> id, error why, bool bad) {
  return {std::move(why), std::move(id), bad, false};
}

result<std::optional<std::string>> read_id(const dom::object& frame) {
  dom::element value;
  if (frame.at_key("id").get(value) != simdjson::SUCCESS || value.is_null()) return std::optional<std::string>{};
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return bad_request("id: must be a string");
  if (text.size() > max_key_bytes) return bad_request(fmt::format("id: at most {} bytes", max_key_bytes));
  if (const auto checked = check_no_nul("id", text); !checked) return checked.error();
  return std::optional<std::string>(text);
}

namespace bj = boost::json;

void make_finite(bj::value& value) {
  if (auto* number = value.if_double(); number != nullptr && std::isinf(*number)) {
    *number = std::copysign(std::numeric_limits<double>::max(), *number);
  } else if (auto* list = value.if_array()) {
    for (auto& item : *list) make_finite(item);
  } else if (auto* object = value.if_object()) {
    for (auto& field : *object) make_finite(field.value());
  }
}

/// JSON's numbers have no bounds, simdjson's do, and a field that nobody asks for must not cost the frame: Boost.JSON
/// rounds what is out of range. Nothing when the payload is broken all the same.
std::optional<std::string> with_numbers_in_range(std::string_view payload) {
  bj::parse_options options;
  options.max_depth = max_depth;
  bj::error_code failure;
  auto value = bj::parse(bj::string_view(payload.data(), payload.size()), failure, {}, options);
  if (failure) return std::nullopt;
  make_finite(value);
  return bj::serialize(value);
}

}  // namespace

class frame_decoder::parser {
 public:
  explicit parser(std::size_t frame_bytes) : dom_(std::max(frame_bytes, first_bytes)) {
    // A small start; the parser grows to frame_bytes by itself and keeps the depth.
    if (dom_.allocate(first_bytes, max_depth) != simdjson::SUCCESS) throw std::bad_alloc();
  }
  dom::parser dom_;

 private:
  static constexpr std::size_t first_bytes = 8'192;
};

frame_decoder::frame_decoder(const limits_config& limits)
    : limits_(limits), parser_(std::make_unique<parser>(limits.frame_bytes)) {}
frame_decoder::~frame_decoder() = default;

decoded_frame frame_decoder::decode(std::string_view payload) {
  dom::element root;
  auto failure = parser_->dom_.parse(payload.data(), payload.size(), false).get(root);
  if (failure == simdjson::NUMBER_ERROR) {
    if (auto tame = with_numbers_in_range(payload)) {
      tame->reserve(tame->size() + padding_bytes);
      failure = parser_->dom_.parse(tame->data(), tame->size(), false).get(root);
    }
  }
  if (failure != simdjson::SUCCESS) {
    auto broken = refused({}, bad_request("frame: is not valid JSON of at most 32 levels"), true);
    // The parser names one of several faults, and this one may not be the first that it met.
    broken.is_invalid_utf8 = !is_valid_utf8(payload);
    return broken;
  }
  dom::object frame;
  if (root.get(frame) != simdjson::SUCCESS) return refused({}, bad_request("frame: must be a JSON object"), true);

  auto id = read_id(frame);
  const auto* type = find_type(frame);
  if (!id) return refused({}, id.error(), type == nullptr);
  if (type == nullptr) return refused(*std::move(id), bad_request("type: is missing or unknown"), true);

  std::optional<dom::object> fields;
  dom::element data;
  if (frame.at_key("data").get(data) == simdjson::SUCCESS && !data.is_null()) {
    if (data.get(fields.emplace()) != simdjson::SUCCESS)
      return refused(*std::move(id), bad_request("data: must be an object"), false);
  }
  field_reader in(fields, limits_);
  auto request = type->read(in);
  if (in.refusal()) return refused(*std::move(id), *in.refusal(), false);
  return {client_frame{*std::move(id), std::move(request)}, {}, false, false};
}

}  // namespace parley
