// What the tests of PostgreSQL alone share: a database of their own, nodes on it, and a way to it that breaks.
#pragma once

#include <chrono>
#include <thread>

#include "database_fixture.hpp"
#include "store/open_database.hpp"
#include "store/postgres_database.hpp"
#include "support/fault_proxy.hpp"
#include "support/postgres_server.hpp"

namespace parley::test {

/// Nothing is given up because a busy machine stands still; a test that waits until something is gives less time.
inline postgres_options patient_options(const std::string& url, std::chrono::seconds lock = std::chrono::seconds(10),
                                        std::chrono::seconds statement = std::chrono::seconds(20)) {
  auto options = expect_value(parse_postgres_url(url));
  options.connect = std::chrono::seconds(10);
  options.lock = lock;
  options.statement = statement;
  return options;
}

/// On a thread of its own, which is waited for when the test ends early; what it throws is a failure of the test.
template <class Work>
std::jthread beside(Work work) {
  return std::jthread([work = std::move(work)] {
    try {
      work();
    } catch (const std::exception& fault) {
      ADD_FAILURE() << fault.what();
    }
  });
}

/// `writer` and `reader` are those of a node whose connections go straight to the server.
class postgres_fixture : public database_fixture {
 protected:
  void SetUp() override {
    node_ = open_node(url_);
    expect_value(node_->migrate());
    writer = expect_value(node_->open_writer());
    reader = expect_value(node_->open_reader());
  }

  std::unique_ptr<database> open_node(const postgres_options& options) {
    return open_postgres_database(options, limits_, counts_);
  }
  std::unique_ptr<database> open_node(const std::string& url) { return open_node(patient_options(url)); }

  std::int64_t count(const std::string& sql) { return std::stoll(support::run_sql(url_, sql).at(0)); }

  metrics counts_;
  limits_config limits_;
  std::string url_ = shared_postgres().new_database();
  std::unique_ptr<database> node_;
};

}  // namespace parley::test
