// Line plots as SVG, with nothing but what a browser has.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace parley::bench {

struct plot_line {
  std::string name;
  std::string colour;  ///< As CSS has it.
  std::vector<std::pair<double, double>> points;
};

struct plot {
  std::string title;
  std::string x_name, y_name;
  std::vector<plot_line> lines;
  /// Where x is marked, and by what; empty: five round numbers.
  std::vector<std::pair<double, std::string>> x_marks{};
};

/// The y axis begins at 0.
std::string to_svg(const plot& what);
/// For text in HTML and SVG.
std::string escape_html(const std::string& text);

}  // namespace parley::bench
