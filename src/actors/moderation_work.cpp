// Each step runs where the answer to the one before came from.
#include "actors/moderation_work.hpp"

#include <memory>
#include <utility>

#include "actors/queries.hpp"
#include "actors/read_pool.hpp"
#include "actors/storage_pool.hpp"

namespace parley {

void file_report(const actor_services& services, call<report_message> ask) {
  const auto& what = ask.request;
  const new_report report{
      report_id(services.ids.next()), what.who.user.id, what.message, what.reason, what.comment, services.time.now()};
  const auto filed = std::make_shared<filed_report>();
  write_job job([report, filed](record_writer& writer) -> result<void> {
    auto done = writer.file_report(report);
    if (!done) return done.error();
    *filed = *done;
    return {};
  });
  job.key = report.reporter;
  services.storage->write(
      report.reporter, std::move(job),
      answer<std::monostate>([filed, reply = std::move(ask.reply), &services](const result<std::monostate>& done) {
        if (!done) return reply(done.error());
        if (!filed->duplicate) services.counts.reports_total.add();
        reply(*filed);
      }));
}

void decide(const actor_services& services, call<decide_report> ask) {
  const auto& what = ask.request;
  const report_decision decision{what.report, what.who.user.id,    what.status,
                                 what.note,   services.time.now(), services.ids.next()};
  services.storage->write(
      what.report, alone([decision](record_writer& writer) { return writer.decide_report(decision); }),
      answer<std::monostate>([&services, ask](const result<std::monostate>& done) {
        if (!done) return ask.reply(done.error());
        services.reads->ask<report_item>(
            [request = ask.request](database_reader& store) { return decided_report(store, request); }, ask.reply);
      }));
}

}  // namespace parley
