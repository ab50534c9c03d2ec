// A URL that names several servers: which are tried, in which order and for how long.
#include "store/postgres_hosts.hpp"

#include <fmt/format.h>

#include "postgres_fixture.hpp"
#include "support/free_port.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string told(const std::string& url) {
  std::string text;
  for (const auto& [name, address, port] : postgres_hosts_of(url))
    text += fmt::format("{}|{}|{} ", name, address, port);
  return text;
}

TEST(postgres_hosts, are_taken_apart_in_the_urls_order) {
  EXPECT_EQ(told("postgresql://a:1,b:2/parley"), "a||1 b||2 ");
  EXPECT_EQ(told("postgresql://user:p,w@a,b:2,[::1]/parley?sslmode=require"), "a|| b||2 ::1|| ");
  EXPECT_EQ(told("postgresql:///parley?host=/run/one,/run/two&port=6000"), "/run/one||6000 /run/two||6000 ");
  EXPECT_EQ(told("postgresql://a,b/parley?hostaddr=10.0.0.1,10.0.0.2&port=1,2"), "a|10.0.0.1|1 b|10.0.0.2|2 ");
}

TEST(postgres_hosts, one_none_or_what_does_not_fit_is_left_to_libpq) {
  for (const auto* url :
       {"postgresql://a:1/parley", "postgresql:///parley", "postgresql://a,b/x?port=1,2,3", "nonsense"})
    EXPECT_EQ(told(url), "|| ") << url;
}

class postgres_hosts_test : public postgres_fixture {
 protected:
  /// The fixture's database, on the servers of these ports.
  std::string url_on(const std::vector<std::uint16_t>& ports) const {
    const auto port = std::to_string(shared_postgres().port());
    std::string hosts;
    for (const auto each : ports) hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(each);
    const auto begin = url_.find('@') == std::string::npos ? url_.find("//") + 2 : url_.find('@') + 1;
    return url_.substr(0, begin) + hosts + url_.substr(url_.find(port, begin) + port.size());
  }
  /// How long it took to get a connection that may write.
  milliseconds time_to_connect(const std::string& url) const {
    auto options = expect_value(parse_postgres_url(url));
    options.connect = milliseconds(2'000);
    const auto begun = steady_clock::now();
    postgres_connection connection(options);
    connection.query("UPDATE tb_probe SET count = count WHERE probe_id = 1");
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
  }

  const std::uint16_t port_ = shared_postgres().port();
};

TEST_F(postgres_hosts_test, the_next_is_tried_when_one_refuses_or_is_silent) {
  EXPECT_LT(time_to_connect(url_on({support::free_port(), port_})), milliseconds(1'000));
  support::fault_proxy silent(port_);
  silent.stall();
  const auto took = time_to_connect(url_on({silent.port(), port_}));
  EXPECT_GE(took, milliseconds(1'000));  // half of what there is
  EXPECT_LT(took, milliseconds(2'000));
  // The time for all is bounded.
  const auto begun = steady_clock::now();
  EXPECT_THROW((void)time_to_connect(url_on({silent.port(), silent.port(), silent.port()})), postgres_error);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(3'000));
}

TEST_F(postgres_hosts_test, what_stood_in_the_way_is_told_of_each) {
  const auto first = support::free_port();
  const auto second = support::free_port();
  try {
    (void)time_to_connect(url_on({first, second}));
    FAIL() << "connected";
  } catch (const postgres_error& fault) {
    for (const auto port : {first, second})
      EXPECT_NE(std::string(fault.what()).find(std::to_string(port)), std::string::npos) << fault.what();
    EXPECT_TRUE(fault.is_connection_lost());
  }
}

TEST_F(postgres_hosts_test, of_several_only_one_that_takes_writes_will_do) {
  support::postgres_server other;
  const auto name = url_.substr(url_.rfind('/') + 1);
  const auto admin = other.url_of("postgres");
  support::run_sql(admin, "CREATE DATABASE " + name);
  support::run_sql(other.url_of(name), "CREATE TABLE tb_probe (probe_id int, count bigint)");
  support::run_sql(admin, "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
  EXPECT_LT(time_to_connect(url_on({other.port(), port_})), milliseconds(2'000));
  EXPECT_THROW((void)time_to_connect(url_on({other.port(), other.port()})), postgres_error);
  // One alone still serves readers, and so does any that the URL asks for.
  for (const auto& url : {other.url_of(name), url_on({other.port(), port_}) + "?target_session_attrs=any"}) {
    postgres_connection connection(expect_value(parse_postgres_url(url)));
    EXPECT_EQ(connection.query("SELECT current_setting('transaction_read_only')")[0].text(0), "on");
  }
}

}  // namespace
}  // namespace parley::test
