// Scales, marks and polylines.
#include "report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace parley::bench {
namespace {

constexpr double width = 720, height = 260, left = 64, right = 30, top = 30, bottom = 44;

/// A round step of 1, 2 or 5 times a power of ten, so that about five fit.
double round_step(double span) {
  const double raw = std::max(span, 1e-9) / 5;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

struct range {
  double from = 0, to = 1;
};

struct scale {
  range values;
  double begin, end;  ///< Of the picture.
  [[nodiscard]] double at(double value) const {
    return begin + (value - values.from) / (values.to - values.from) * (end - begin);
  }
};

range x_range(const plot& what) {
  range out{1e300, -1e300};
  for (const auto& line : what.lines) {
    for (const auto& [x, y] : line.points) out = {std::min(out.from, x), std::max(out.to, x)};
  }
  for (const auto& [x, name] : what.x_marks) out = {std::min(out.from, x), std::max(out.to, x)};
  if (out.from >= out.to) out = {std::min(out.from, 0.0), std::max(out.to, 0.0) + 1};
  return out;
}

double greatest_y(const plot& what) {
  double greatest = 0;
  for (const auto& line : what.lines) {
    for (const auto& [x, y] : line.points) greatest = std::max(greatest, y);
  }
  return greatest > 0 ? greatest * 1.05 : 1;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}'>{}</text>", x, y, anchor, escape_html(text));
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string to_svg(const plot& what) {
  const scale x{x_range(what), left, width - right};
  const scale y{{0, greatest_y(what)}, height - bottom, top};
  auto out =
      fmt::format("<svg viewBox='0 0 {} {}' role='img' aria-label='{}'>", width, height, escape_html(what.title));
  out += fmt::format("<text class='title' x='{}' y='18'>{}</text>", left, escape_html(what.title));
  const double y_step = round_step(y.values.to);
  for (double mark = 0; mark <= y.values.to; mark += y_step) {
    out += fmt::format("<line class='grid' x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}'/>", left, width - right, y.at(mark),
                       y.at(mark));
    out += text_at(left - 6, y.at(mark) + 4, "end", fmt::format("{:g}", mark));
  }
  auto marks = what.x_marks;
  const double x_step = round_step(x.values.to - x.values.from);
  for (double mark = std::ceil(x.values.from / x_step) * x_step; what.x_marks.empty() && mark <= x.values.to;
       mark += x_step) {
    marks.emplace_back(mark, fmt::format("{:g}", mark));
  }
  for (const auto& [mark, name] : marks) out += text_at(x.at(mark), height - bottom + 16, "middle", name);
  out += text_at((left + width - right) / 2, height - 8, "middle", what.x_name);
  out += fmt::format("<text transform='rotate(-90)' x='{:.1f}' y='14' text-anchor='middle'>{}</text>",
                     -(top + height - bottom) / 2, escape_html(what.y_name));
  double legend = width - right;
  for (std::size_t i = what.lines.size(); i-- > 0;) {
    const auto& line = what.lines[i];
    std::string points;
    for (const auto& [px, py] : line.points) points += fmt::format("{:.1f},{:.1f} ", x.at(px), y.at(py));
    out += fmt::format("<polyline points='{}' fill='none' stroke='{}' stroke-width='1.6'/>", points, line.colour);
    out += fmt::format("<text x='{:.1f}' y='18' text-anchor='end' style='fill:{}'>{}</text>", legend, line.colour,
                       escape_html(line.name));
    legend -= 12 + 7 * static_cast<double>(line.name.size());
  }
  return out + "</svg>\n";
}

}  // namespace parley::bench
