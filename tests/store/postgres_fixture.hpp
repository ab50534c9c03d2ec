// What the tests of PostgreSQL alone share: a database of their own, nodes on it, and a way to it that breaks.
#pragma once

#include "database_fixture.hpp"
#include "store/open_database.hpp"
#include "store/postgres_database.hpp"
#include "support/fault_proxy.hpp"
#include "support/postgres_server.hpp"

namespace parley::test {

/// `writer` and `reader` are those of a node whose connections go straight to the server.
class postgres_fixture : public database_fixture {
 protected:
  void SetUp() override {
    node_ = open_node(url_);
    expect_value(node_->migrate());
    writer = expect_value(node_->open_writer());
    reader = expect_value(node_->open_reader());
  }

  /// One that soon gives up what does not answer.
  std::unique_ptr<database> open_node(const std::string& url) {
    auto options = expect_value(parse_postgres_url(url));
    options.connect = std::chrono::milliseconds(1'000);
    options.statement = std::chrono::milliseconds(2'000);
    options.lock = std::chrono::milliseconds(1'000);
    return open_postgres_database(options, limits_, counts_);
  }

  std::int64_t count(const std::string& sql) { return std::stoll(support::run_sql(url_, sql).at(0)); }

  metrics counts_;
  limits_config limits_;
  std::string url_ = shared_postgres().new_database();
  std::unique_ptr<database> node_;
};

}  // namespace parley::test
