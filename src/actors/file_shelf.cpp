// The two shelves.
#include "actors/file_shelf.hpp"

#include <functional>

namespace parley {
namespace {

class database_shelf final : public file_shelf {
 public:
  database_shelf(const storage_pool& storage, const read_pool& reads) : storage_(storage), reads_(reads) {}

  void put(file_id file, std::uint32_t block, std::string bytes, answer<std::monostate> reply) const override {
    const auto kept = std::make_shared<const std::string>(std::move(bytes));
    storage_.write(
        file, [file, block, kept](record_writer& writer) { return writer.write_file_block(file, block, *kept); },
        std::move(reply));
  }
  /// Each block was committed.
  void seal(file_id /*file*/, answer<std::monostate> reply) const override { reply(std::monostate{}); }
  void get(file_id file, std::uint32_t block, answer<std::string> reply) const override {
    reads_.ask<std::string>([file, block](database_reader& store) { return store.file_block(file, block); },
                            std::move(reply));
  }
  void remove(std::vector<file_id> files, answer<std::vector<file_id>> reply) const override {
    reply(std::move(files));
  }

 private:
  const storage_pool& storage_;
  const read_pool& reads_;
};

/// All work on one file goes to one thread, so that it is done in the order in which it was asked for.
class store_shelf final : public file_shelf {
 public:
  store_shelf(file_store& store, std::vector<job_handle> threads) : store_(store), threads_(std::move(threads)) {}

  void put(file_id file, std::uint32_t block, std::string bytes, answer<std::monostate> reply) const override {
    const auto kept = std::make_shared<const std::string>(std::move(bytes));
    run(file, [&store = store_, file, block, kept, reply] { reply(done(store.put(file, block, *kept))); });
  }
  void seal(file_id file, answer<std::monostate> reply) const override {
    run(file, [&store = store_, file, reply] { reply(done(store.seal(file))); });
  }
  void get(file_id file, std::uint32_t block, answer<std::string> reply) const override {
    run(file, [&store = store_, file, block, reply] { reply(store.get(file, block)); });
  }
  void remove(std::vector<file_id> files, answer<std::vector<file_id>> reply) const override {
    if (files.empty()) return reply(std::move(files));
    const auto first = files.front();  // before the list moves away
    run(first, [&store = store_, files = std::move(files), reply] {
      std::vector<file_id> gone;
      for (const auto& file : files) {
        if (store.remove(file)) gone.push_back(file);
      }
      reply(std::move(gone));
    });
  }

 private:
  static result<std::monostate> done(const result<void>& outcome) {
    if (!outcome) return outcome.error();
    return std::monostate{};
  }
  void run(file_id file, std::function<void()> work) const {
    caf::anon_send(threads_[std::hash<file_id>{}(file) % threads_.size()], run_job{std::move(work)});
  }

  file_store& store_;
  std::vector<job_handle> threads_;
};

}  // namespace

std::unique_ptr<file_shelf> make_database_shelf(const storage_pool& storage, const read_pool& reads) {
  return std::make_unique<database_shelf>(storage, reads);
}

std::unique_ptr<file_shelf> make_store_shelf(file_store& store, std::vector<job_handle> threads) {
  return std::make_unique<store_shelf>(store, std::move(threads));
}

}  // namespace parley
