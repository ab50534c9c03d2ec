// What all pages of reports have in common.
#pragma once

#include <string>

namespace parley::bench {

/// Colours that are told apart on a light page and on a dark one.
constexpr const char* blue = "#2f6fde";
constexpr const char* orange = "#d9730d";
constexpr const char* red = "#c4314b";
constexpr const char* green = "#2a8f4e";

/// The page's beginning, with the style in it, to the heading. Neither text holds markup.
std::string page_head(const std::string& title, const std::string& heading);

}  // namespace parley::bench
