// The style, for light and dark.
#include "report/page.hpp"

#include <fmt/format.h>

#include "report/plot.hpp"

namespace parley::bench {
namespace {

constexpr const char* style =
    R"(body{font:15px/1.5 system-ui,sans-serif;max-width:880px;margin:2rem auto;padding:0 1rem;color:#1d2330;background:#fff}
h1{font-size:1.4rem}table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}td,th{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #d9dde5}
td:first-child,th:first-child,.text{text-align:left}.text{overflow-wrap:break-word}h3{font-size:1rem}svg{width:100%;margin:.6rem 0}svg text{font:11px system-ui,sans-serif;fill:currentColor}
svg .title{font-weight:600;font-size:13px}.grid{stroke:#d9dde5;stroke-width:1}.bad{color:#b42318}
@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14171d}td,th{border-color:#343a46}.grid{stroke:#343a46}.bad{color:#ff8a80}})";

}  // namespace

std::string page_head(const std::string& title, const std::string& heading) {
  return fmt::format(
      "<!doctype html>\n<html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
      "<title>{}</title>\n<style>{}</style>\n<h1>{}</h1>\n",
      escape_html(title), style, escape_html(heading));
}

}  // namespace parley::bench
