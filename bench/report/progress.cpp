// See progress.hpp.
#include "report/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace parley::bench {
namespace {

bool is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace

void show_passing(std::string_view text) {
  constexpr std::string_view clear_to_the_end = "\x1b[K";  // ECMA-48, EL
  if (!is_terminal()) return;
  fmt::print(stderr, "\r{}{}", text, clear_to_the_end);
  std::fflush(stderr);
}

void show_line(std::string_view text) {
  if (is_terminal()) return show_passing(text);
  fmt::print(stderr, "{}\n", text);
}

void end_line() {
  if (is_terminal()) std::fputc('\n', stderr);
}

void show_count(std::string_view what, std::size_t done, std::size_t of) {
  const auto text = fmt::format("{} {} of {}", what, done, of);
  if (done < of) return show_passing(text);
  show_line(text);
  end_line();
}

}  // namespace parley::bench
