// Uploads from their first byte to their row, and the sweep of files that no message has.
#include "actors/file_actor.hpp"

#include <chrono>
#include <memory>
#include <unordered_map>

#include "actors/file_shelf.hpp"
#include "actors/guarded.hpp"
#include "actors/queries.hpp"
#include "actors/read_pool.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

constexpr std::uint32_t files_a_sweep = 100;

/// What an upload's holders share.
class upload_hold {
 public:
  upload_hold(file_handle actor, file_id file) : actor_(std::move(actor)), file_(file) {}
  upload_hold(const upload_hold&) = delete;
  upload_hold& operator=(const upload_hold&) = delete;
  ~upload_hold() { caf::anon_send(actor_, upload_over{file_}); }

 private:
  file_handle actor_;
  file_id file_;
};

class file_desk : public std::enable_shared_from_this<file_desk> {
 public:
  file_desk(file_handle::pointer self, const actor_services& services) : self_(self), services_(services) {}

  void begin(call<begin_upload>& ask) {
    const auto user = ask.request.who.user.id;
    auto& count = uploads_of_[user];
    if (count >= services_.settings.limits.uploads_per_user) {
      return ask.reply(busy("file: too many uploads of yours at once; wait for one to end.", 1'000));
    }
    const file_id file(services_.ids.next());
    ++count;
    uploads_.emplace(file, user);
    services_.counts.uploads.add(1);
    const upload_place place = std::make_shared<const upload_hold>(me(), file);
    const new_file row{file,
                       user,
                       ask.request.name,
                       ask.request.announced_bytes,
                       services_.settings.limits.file_quota_bytes,
                       services_.time.now()};
    write(
        user, [row](record_writer& writer) { return writer.begin_file(row); },
        [file, place, reply = ask.reply](const result<std::monostate>& done) {
          if (!done) return reply(done.error());
          reply(begin_upload::reply{file, place});
        });
  }

  void finish(call<finish_upload>& ask) {
    services_.shelf->seal(ask.request.file,
                          continued<std::monostate>([this, ask](const result<std::monostate>& sealed) {
                            if (!sealed) return ask.reply(sealed.error());
                            look_at_token(ask);
                          }));
  }

  void delete_own(call<delete_own_file>& ask) {
    const auto& request = ask.request;
    const auto may_go = std::make_shared<bool>(false);
    write(request.who.user.id,
          write_job([what = request, may_go, now = services_.time.now()](record_writer& writer) -> result<void> {
            const auto withdrawn = writer.withdraw_file(what.who.user.id, what.file, what.name, now);
            if (!withdrawn) return withdrawn.error();
            *may_go = *withdrawn;
            return {};
          }),
          [this, file = request.file, may_go, reply = ask.reply](const result<std::monostate>& done) {
            if (!done) return reply(done.error());
            reply(std::monostate{});
            // What fails here, or must stay for a while, the sweep takes.
            if (*may_go) remove({file}, [](std::size_t) {});
          });
  }

  void on_over(file_id file) {
    if (forget(file)) remove({file}, [](std::size_t) {});
  }

  void sweep() {
    const auto now = services_.time.now();
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double, std::ratio<3600>>(services_.settings.files.unsent_hours));
    // A node that was killed leaves its uploads to the others. No clock is twice as far off as an upload may take.
    const auto longest_upload = 2 * std::chrono::seconds(services_.settings.files.upload_seconds);
    const unused_files which{now - patience, now - longest_upload, now, files_a_sweep};
    const auto taken = std::make_shared<std::vector<file_id>>();
    write({}, alone([taken, which](record_writer& writer) -> result<void> {
            auto files = writer.take_unused_files(which);
            if (!files) return files.error();
            *taken = std::move(*files);
            return {};
          }),
          [this, taken](const result<std::monostate>& done) {
            // Uploads of this node that are still under way are not forgotten ones.
            std::erase_if(*taken, [this](const file_id& file) { return uploads_.contains(file); });
            if (!done || taken->empty()) return plan_sweep(pause());
            remove(*taken, [this, count = taken->size()](std::size_t removed) {
              if (removed > 0) {
                log::info("files", "swept", "{} files that no message has", removed);
                services_.counts.files_swept_total.add(removed);
              }
              // Behind a failure not at once, or it would go round and round.
              plan_sweep(removed == count && count >= files_a_sweep ? std::chrono::seconds(0) : pause());
            });
          });
  }

  [[nodiscard]] std::chrono::seconds pause() const {
    return std::chrono::seconds(services_.settings.files.sweep_seconds);
  }

 private:
  [[nodiscard]] file_handle me() const { return caf::actor_cast<file_handle>(self_); }

  /// It may have taken minutes, and a log-out or a suspension since.
  void look_at_token(const call<finish_upload>& ask) {
    services_.reads->ask<std::monostate>(
        [who = ask.request.who, now = services_.time.now()](database_reader& store) -> result<std::monostate> {
          if (const auto valid = check_token(store, who, now); !valid) return valid.error();
          return std::monostate{};
        },
        continued<std::monostate>([this, ask](const result<std::monostate>& valid) {
          // Who cannot be looked up just now is not to lose what took minutes.
          if (!valid && valid.error().code == error_code::unauthenticated) return ask.reply(valid.error());
          store_row(ask);
        }));
  }

  void store_row(const call<finish_upload>& ask) {
    const auto& what = ask.request;
    const auto user = what.who.user.id;
    const finished_file row{what.file,         user,      what.name,
                            what.content_type, what.size, services_.settings.limits.file_quota_bytes};
    write(
        user, [row](record_writer& writer) { return writer.finish_file(row); },
        [this, ask](const result<std::monostate>& done) {
          if (!done) return ask.reply(done.error());
          // Before the answer: whoever has it may begin the next one, and messages hold the place a little longer.
          forget(ask.request.file);
          services_.counts.files_stored_total.add(1);
          ask.reply(std::monostate{});
        });
  }

  /// It is under way no more. False when it was not.
  bool forget(file_id file) {
    const auto found = uploads_.find(file);
    if (found == uploads_.end()) return false;
    const auto count = uploads_of_.find(found->second);
    if (count != uploads_of_.end() && --count->second == 0) uploads_of_.erase(count);
    uploads_.erase(found);
    services_.counts.uploads.add(-1);
    return true;
  }

  void plan_sweep(std::chrono::seconds after) { self_->delayed_send(self_, after, sweep_files{}); }

  /// First the bytes: a row without bytes is swept again, bytes without a row would stay for ever. `then(how many)`
  template <class Then>
  void remove(std::vector<file_id> files, Then then) {
    using removed = std::vector<file_id>;
    services_.shelf->remove(
        std::move(files), continued<removed>([this, then](const result<removed>& gone) {
          if (!gone || gone->empty()) return then(std::size_t{0});
          this->write({}, alone([gone = *gone](record_writer& writer) { return writer.delete_files(gone); }),
                      [then, count = gone->size()](const result<std::monostate>& done) { then(done ? count : 0); });
        }));
  }

  template <class Then>
  void write(const uuid& key, write_job job, Then then) {
    job.key = key;
    services_.storage->write(key, std::move(job), continued<std::monostate>(std::move(then)));
  }
  /// An answer that runs `then(const result<T>&)` in this actor.
  template <class T, class Then>
  answer<T> continued(Then then) {
    return answer<T>([me = me(), then = std::move(then)](result<T> done) {
      caf::anon_send(me, file_continuation{[then, done = std::move(done)] { then(done); }});
    });
  }

  file_handle::pointer self_;
  const actor_services& services_;
  std::unordered_map<file_id, user_id> uploads_;
  std::unordered_map<user_id, std::uint32_t> uploads_of_;
};

}  // namespace

file_handle spawn_file_actor(caf::actor_system& system, const actor_services& services, bool sweeps) {
  return system.spawn(
      [sweeps](file_handle::pointer self, const actor_services* shared) -> file_handle::behavior_type {
        const auto desk = std::make_shared<file_desk>(self, *shared);
        if (sweeps) self->delayed_send(self, desk->pause(), sweep_files{});
        return {
            [desk](call<begin_upload>& ask) { guarded("files", [&] { desk->begin(ask); }); },
            [desk](call<finish_upload>& ask) { guarded("files", [&] { desk->finish(ask); }); },
            [desk](call<delete_own_file>& ask) { guarded("files", [&] { desk->delete_own(ask); }); },
            [desk](const upload_over& what) { guarded("files", [&] { desk->on_over(what.file); }); },
            [](const file_continuation& what) { guarded("files", what.then); },
            [desk](const sweep_files&) { guarded("files", [&] { desk->sweep(); }); },
        };
      },
      &services);
}

}  // namespace parley
