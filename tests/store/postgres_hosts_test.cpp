// A URL that names several servers: which are tried, in which order and for how long.
#include "store/postgres_hosts.hpp"

#include <fmt/format.h>

#include <map>

#include "postgres_fixture.hpp"
#include "support/free_port.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Knows nobody.
std::vector<std::string> no_address(const std::string& /*host*/) { return {}; }

/// Host, address and port of each.
std::string told(const std::string& url, const host_resolver& resolve = no_address) {
  std::string text;
  for (const auto& server : postgres_servers_of(url, resolve)) {
    std::map<std::string, std::string> settings(server.settings.begin(), server.settings.end());
    text += fmt::format("{}|{}|{} ", settings["host"], settings["hostaddr"], settings["port"]);
  }
  return text;
}

TEST(postgres_hosts, are_taken_apart_in_the_urls_order) {
  EXPECT_EQ(told("postgresql://a:1,b:2/parley"), "a||1 b||2 ");
  EXPECT_EQ(told("postgresql://user:p,w@a,b:2,[::1]/parley?sslmode=require"), "a||5432 b||2 ::1||5432 ");
  EXPECT_EQ(told("postgresql://a,b/parley"), "a||5432 b||5432 ");
  EXPECT_EQ(told("postgresql:///parley?host=/run/one,/run/two&port=6000"), "/run/one||6000 /run/two||6000 ");
  EXPECT_EQ(told("postgresql://a,b/parley?hostaddr=10.0.0.1,10.0.0.2&port=1,2"), "a|10.0.0.1|1 b|10.0.0.2|2 ");
}

/// libpq takes them for one server, and goes on to the next only from one that refuses.
TEST(postgres_hosts, a_name_of_several_addresses_is_as_many_servers) {
  std::vector<std::string> asked;
  const host_resolver resolve = [&](const std::string& host) -> std::vector<std::string> {
    asked.push_back(host);
    if (host == "db") return {"10.0.0.1", "fd00::1"};
    if (host == "one") return {"10.0.0.9"};
    return {};
  };
  EXPECT_EQ(told("postgresql://db/parley", resolve), "db|10.0.0.1| db|fd00::1| ");
  EXPECT_EQ(told("postgresql://one:1,db:2,unknown:3/parley", resolve),
            "one|10.0.0.9|1 db|10.0.0.1|2 db|fd00::1|2 unknown||3 ");
  EXPECT_EQ(postgres_servers_of("postgresql://db:7/parley", resolve).back().name, "db:7 (fd00::1)");
  using settings = decltype(postgres_server_address::settings);
  EXPECT_EQ(postgres_servers_of("postgresql://one/parley", resolve)[0].settings,
            (settings{{"dbname", "postgresql://one/parley"}, {"hostaddr", "10.0.0.9"}}));
  EXPECT_EQ(postgres_servers_of("postgresql://unknown/parley", resolve)[0].settings,
            (settings{{"dbname", "postgresql://unknown/parley"}}));
  asked.clear();
  EXPECT_EQ(told("postgresql:///parley?host=/run/one,@two", resolve), "/run/one|| @two|| ");
  EXPECT_EQ(told("postgresql://db,db/parley?hostaddr=10.0.0.7,", resolve),
            "db|10.0.0.7|5432 db|10.0.0.1|5432 db|fd00::1|5432 ");
  EXPECT_EQ(asked, (std::vector<std::string>{"db"})) << "only names whose address is not given";
}

TEST(postgres_hosts, names_are_looked_up_by_the_system) {
  EXPECT_EQ(addresses_of("127.0.0.2"), (std::vector<std::string>{"127.0.0.2"}));
  EXPECT_FALSE(addresses_of("localhost").empty());
  EXPECT_TRUE(addresses_of(std::string(300, 'x')).empty()) << "longer than a name can be";
}

TEST(postgres_hosts, all_else_stands_beside_each) {
  for (const auto& server :
       postgres_servers_of("postgresql://u%40x:p@a,b:2/data?sslmode=require&target_session_attrs=any", no_address)) {
    std::map<std::string, std::string> settings;
    for (const auto& [key, value] : server.settings) settings[key] = value;  // the last one counts
    EXPECT_EQ(settings["user"], "u@x");
    EXPECT_EQ(settings["password"], "p");
    EXPECT_EQ(settings["dbname"], "data");
    EXPECT_EQ(settings["sslmode"], "require");
    EXPECT_EQ(settings["target_session_attrs"], "any");
    EXPECT_EQ(server.name.find('p'), std::string::npos) << server.name;
  }
}

TEST(postgres_hosts, one_none_or_what_does_not_fit_is_left_to_libpq) {
  for (const auto* url :
       {"postgresql://a:1/parley", "postgresql:///parley", "postgresql://a,b/x?port=1,2,3", "nonsense"}) {
    const auto servers = postgres_servers_of(url, no_address);
    ASSERT_EQ(servers.size(), 1U) << url;
    EXPECT_EQ(servers[0].settings, (decltype(servers[0].settings){{"dbname", url}}));
  }
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
  postgres_options options_of(const std::string& url) const {
    auto options = expect_value(parse_postgres_url(url));
    options.connect = limit;
    return options;
  }
  /// How long it took to get a connection that may write.
  milliseconds time_to_connect(const postgres_options& options) const {
    const auto begun = steady_clock::now();
    postgres_connection connection(options);
    connection.query("UPDATE tb_probe SET count = count WHERE probe_id = 1");
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
  }
  milliseconds time_to_connect(const std::string& url) const { return time_to_connect(options_of(url)); }
  std::string refusal(const std::string& url) const {
    auto options = options_of(url);
    options.connect = limit / 4;  // for nothing
    try {
      (void)time_to_connect(options);
    } catch (const postgres_error& fault) {
      EXPECT_TRUE(fault.is_connection_lost());
      return fault.what();
    }
    ADD_FAILURE() << "connected";
    return {};
  }

  /// To connect; half of it is more than a busy machine stands still.
  static constexpr milliseconds limit{8'000};
  const std::uint16_t port_ = shared_postgres().port();
};

TEST_F(postgres_hosts_test, the_next_is_tried_when_one_refuses_or_is_silent) {
  EXPECT_LT(time_to_connect(url_on({support::free_port(), port_})), limit / 2);
  support::fault_proxy silent(port_);
  silent.stall();
  const auto options = options_of(url_on({silent.port(), port_}));
  const auto took = time_to_connect(options);
  EXPECT_GE(took, limit / 2);  // half of what there is
  EXPECT_LT(took, limit);
  EXPECT_LT(time_to_connect(options), limit / 2) << "the one that served last is tried first";
  // The time for all is bounded.
  auto short_of_time = options_of(url_on({silent.port(), silent.port(), silent.port()}));
  short_of_time.connect = limit / 4;
  const auto begun = steady_clock::now();
  EXPECT_THROW((void)time_to_connect(short_of_time), postgres_error);
  EXPECT_LT(steady_clock::now() - begun, 3 * short_of_time.connect);
}

TEST_F(postgres_hosts_test, what_stood_in_the_way_is_told_of_each) {
  support::fault_proxy silent(port_);
  silent.stall();
  const auto closed = support::free_port();
  const auto told = refusal(url_on({silent.port(), closed}));
  for (const auto port : {silent.port(), closed}) {
    EXPECT_NE(told.find("127.0.0.1:" + std::to_string(port)), std::string::npos) << told;
  }
}

/// libpq would see the list of ports beside the one host, and find that they do not match.
TEST_F(postgres_hosts_test, a_port_may_be_left_out) {
  const auto some = std::to_string(port_);
  const auto with_port = url_on({port_});
  const auto at = with_port.find(":" + some);
  const auto first = with_port.substr(0, at) + ",127.0.0.1:" + some + with_port.substr(at + 1 + some.size());
  EXPECT_LT(time_to_connect(first), limit / 2);
  const auto none = with_port.substr(0, at) + ",127.0.0.1" + with_port.substr(at + 1 + some.size());
  const auto told = refusal(none);
  EXPECT_NE(told.find("127.0.0.1:5432"), std::string::npos) << told;
  EXPECT_EQ(told.find("match"), std::string::npos) << told;
}

TEST_F(postgres_hosts_test, of_several_only_one_that_takes_writes_will_do) {
  support::postgres_server other;
  const auto name = url_.substr(url_.rfind('/') + 1);
  const auto admin = other.url_of("postgres");
  support::run_sql(admin, "CREATE DATABASE " + name);
  support::run_sql(other.url_of(name), "CREATE TABLE tb_probe (probe_id int, count bigint)");
  support::run_sql(admin, "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
  EXPECT_LT(time_to_connect(url_on({other.port(), port_})), limit / 2);
  EXPECT_THROW((void)time_to_connect(url_on({other.port(), other.port()})), postgres_error);
  // One alone still serves readers, and so does any that the URL asks for.
  for (const auto& url : {other.url_of(name), url_on({other.port(), port_}) + "?target_session_attrs=any"}) {
    postgres_connection connection(expect_value(parse_postgres_url(url)));
    EXPECT_EQ(connection.query("SELECT current_setting('transaction_read_only')")[0].text(0), "on");
  }
}

}  // namespace
}  // namespace parley::test
