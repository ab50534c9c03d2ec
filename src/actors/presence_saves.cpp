// See presence_saves.hpp.
#include "actors/presence_saves.hpp"

#include <iterator>
#include <unordered_set>
#include <utility>

namespace parley {

std::vector<numbered<write_records>> take_presences(std::deque<numbered<write_records>>& jobs, std::size_t most) {
  std::vector<numbered<write_records>> taken;
  std::deque<numbered<write_records>> passed;
  std::unordered_set<uuid> passed_keys;
  while (!jobs.empty() && taken.size() < most && !jobs.front().message.job.alone) {
    auto& next = jobs.front();
    const auto& job = next.message.job;
    if (job.presence && !passed_keys.contains(job.key)) {
      taken.push_back(std::move(next));
    } else {
      passed_keys.insert(job.key);
      passed.push_back(std::move(next));
    }
    jobs.pop_front();
  }
  jobs.insert(jobs.begin(), std::make_move_iterator(passed.begin()), std::make_move_iterator(passed.end()));
  return taken;
}

write_job saving_all(const std::vector<numbered<write_records>>& presences) {
  std::vector<presence_record> records;
  records.reserve(presences.size());
  for (const auto& each : presences) records.push_back(*each.message.job.presence);
  return write_job([records = std::move(records)](record_writer& writer) { return writer.save_presence(records); });
}

std::vector<numbered<write_records>> answer_presences(std::vector<numbered<write_records>> presences,
                                                      const result<void>& outcome) {
  if (!outcome && presences.size() > 1) {
    for (auto& each : presences) each.message.job.presence.reset();
    return presences;
  }
  for (auto& each : presences) {
    each.message.place = {};
    if (outcome) {
      each.message.reply(std::monostate{});
    } else {
      each.message.reply(outcome.error());
    }
  }
  return {};
}

}  // namespace parley
