// How far a run is, on standard error: in a terminal over the line before, elsewhere line by line and without what is
// over in a moment, so that a log can be read.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::bench {

/// What is soon over; nothing but in a terminal.
void show_passing(std::string_view text);
/// What is worth a line in a log, as each second of a run.
void show_line(std::string_view text);
/// So that what is said next does not stand behind the last line in a terminal.
void end_line();
/// `done` of `of`; ends the line with the last one.
void show_count(std::string_view what, std::size_t done, std::size_t of);

}  // namespace parley::bench
