// Times of connections, and the line.
#include "load/connect_course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace parley::bench {

connect_course::connect_course(std::string name, std::size_t connections, const server_watch& server)
    : name_(std::move(name)),
      server_(server),
      begun_ns_(connections),
      left_(connections),
      course_([this](const load_part& part) { show(part); }, short_part_ns(server)) {}

void connect_course::note_begun(std::size_t connection, std::int64_t now_ns) {
  begun_ns_[connection] = now_ns;
  course_.note_sent();
}

void connect_course::note_ready(std::size_t connection, std::int64_t now_ns) {
  const auto took_ns = now_ns - begun_ns_[connection];
  times_.add(took_ns);
  course_.note_acknowledged();
  course_.note_time(took_ns);
}

void connect_course::note_refused(std::string_view frame) {
  ++troubles_.refused;
  if (troubles_.first_refusal.empty()) troubles_.first_refusal = frame;
  course_.note_refused();
}

void connect_course::show(const load_part& part) {
  const auto ready = times_.count();
  left_.note(part.at, ready);
  const auto end = left_.end();
  show_progress(part, fmt::format("{}: {:4.1f} s  {:6} of {} ready  {:6.0f} a second  p50 {:7.2f}  p99 {:7.2f}"
                                  "  max {:7.2f} ms  refused {}  cpu {:4.2f}{}",
                                  name_, part.at, ready, left_.all(), left_.rate(), part.p50_ms, part.p99_ms,
                                  part.max_ms, troubles_.refused, part.cpu.value_or(0),
                                  end ? fmt::format("  {:4.1f} s left", std::max(0.0, *end - part.at)) : ""));
}

}  // namespace parley::bench
