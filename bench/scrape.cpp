// The lines of Prometheus' text format.
#include "scrape.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "rest.hpp"

namespace parley::bench {

std::map<std::string, double> scrape(const support::target& server) {
  std::map<std::string, double> samples;
  std::istringstream lines(call(server, {"GET", "/metrics", {}, {}}).body);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (line.empty() || line.front() == '#' || space == std::string::npos || line.find('{') != std::string::npos) {
      continue;
    }
    samples[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  if (!samples.contains("parley_commits_total")) throw std::runtime_error("no metrics from the server");
  return samples;
}

}  // namespace parley::bench
