// Configuration: where values come from, which ones are refused, and that the documented file says the truth.
#include "parley/config.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>

namespace parley {
namespace {

config loaded(const std::string& toml, const std::vector<config_setting>& settings = {}) {
  auto value = load_config(toml, "test.toml", settings);
  EXPECT_TRUE(value) << (value ? "" : value.error().message);
  return value ? value.value() : config{};
}

std::string refusal(const std::string& toml, const std::vector<config_setting>& settings = {}) {
  const auto value = load_config(toml, "test.toml", settings);
  if (!value) return value.error().message;
  const auto sound = validate(value.value());
  return sound ? "" : sound.error().message;
}

TEST(configuration, an_empty_file_gives_sound_defaults) {
  const auto value = loaded("");
  EXPECT_EQ(value.net.listen, "127.0.0.1:8000");
  EXPECT_EQ(value.store.url, "sqlite:parley.db");
  EXPECT_TRUE(validate(value));
}

TEST(configuration, the_file_sets_values_of_every_kind) {
  const auto value = loaded(
      "[net]\nlisten='[::1]:9000'\nallowed_origins=['https://"
      "a.example']\nthreads=3\n[limits]\nsend_rate_per_second=2.5\n");
  EXPECT_EQ(value.net.listen, "[::1]:9000");
  EXPECT_EQ(value.net.allowed_origins, std::vector<std::string>{"https://a.example"});
  EXPECT_EQ(value.net.threads, 3U);
  EXPECT_DOUBLE_EQ(value.limits.send_rate_per_second, 2.5);
}

TEST(configuration, later_settings_win_and_bare_strings_need_no_quotes) {
  const auto value = loaded("[log]\nlevel='warn'\n", {{"log.level", "debug", "PARLEY_LOG_LEVEL"},
                                                      {"log.level", "error", "--set"},
                                                      {"store.url", "sqlite:/tmp/a b.db", "--set"},
                                                      {"net.listen", "\"127.0.0.1:1\"", "--set"},
                                                      {"net.allowed_origins", "['https://b.example']", "--set"},
                                                      {"drain.seconds", "0.5", "--set"}});
  EXPECT_EQ(value.log.level, "error");
  EXPECT_EQ(value.store.url, "sqlite:/tmp/a b.db");
  EXPECT_EQ(value.net.listen, "127.0.0.1:1");
  EXPECT_EQ(value.net.allowed_origins.size(), 1U);
  EXPECT_DOUBLE_EQ(value.drain.seconds, 0.5);
}

TEST(configuration, refusals_name_the_key_and_the_source) {
  EXPECT_NE(refusal("[net]\nlisen='x'\n").find("net.lisen: there is no such key (test.toml)"), std::string::npos);
  EXPECT_NE(refusal("[replay]\nlimit='many'\n").find("replay.limit: must be a whole number from 1"), std::string::npos);
  EXPECT_NE(refusal("", {{"replay.limit", "0", "--set"}}).find("replay.limit"), std::string::npos);
  EXPECT_NE(refusal("", {{"replay.limit", "1.5", "--set"}}).find("(--set)"), std::string::npos);
  EXPECT_NE(refusal("", {{"replay.limit", "true", "--set"}}).find("replay.limit"), std::string::npos);
  EXPECT_NE(refusal("[net]\nallowed_origins=[1]\n").find("list of strings"), std::string::npos);
  EXPECT_NE(refusal("[net\n").find("test.toml, line"), std::string::npos);
}

TEST(configuration, rules_between_fields_hold) {
  EXPECT_NE(refusal("[net]\nlisten='8000'\n").find("net.listen"), std::string::npos);
  EXPECT_NE(refusal("[net]\nlisten='h:70000'\n").find("net.listen"), std::string::npos);
  EXPECT_NE(refusal("[net]\ntls_key='k.pem'\n").find("both files or neither"), std::string::npos);
  EXPECT_NE(refusal("[net]\ncompression='own'\n").find("net.compression: must be off or shared"), std::string::npos);
  EXPECT_EQ(refusal("[net]\ncompression='shared'\n"), "");
  EXPECT_NE(refusal("[store]\nurl='mysql://x'\n").find("store.url"), std::string::npos);
  EXPECT_NE(refusal("[log]\nlevel='loud'\n").find("log.level"), std::string::npos);
  EXPECT_NE(refusal("[limits]\ncontent_bytes=8000\nframe_bytes=4000\n").find("must fit"), std::string::npos);
  EXPECT_EQ(refusal(""), "");
}

TEST(configuration, a_bus_is_redis_between_nodes_that_share_a_postgresql) {
  const std::string store = "[store]\nurl='postgresql://db/parley'\n";
  EXPECT_EQ(refusal(store + "[bus]\nurl='redis://:pw@one:6379/0'\n"), "");
  EXPECT_EQ(refusal(store + "[bus]\nurl='redis://one,redis://two'\npartitions=2\n"), "");
  EXPECT_NE(refusal(store + "[bus]\nurl='amqp://one'\n").find("begin with redis://"), std::string::npos);
  EXPECT_NE(refusal(store + "[bus]\nurl='redis://one,'\n").find("begin with redis://"), std::string::npos);
  EXPECT_NE(refusal(store + "[bus]\nurl='redis://one,rediss://two'\n").find("without TLS"), std::string::npos);
  EXPECT_NE(refusal(store + "[bus]\nurl='redis://one,redis://two'\npartitions=1\n").find("bus.partitions"),
            std::string::npos);
  EXPECT_NE(refusal("[bus]\nurl='redis://one'\n").find("PostgreSQL"), std::string::npos);
  EXPECT_NE(refusal("[bus]\npartitions=0\n").find("bus.partitions"), std::string::npos);
  EXPECT_NE(refusal("[bus]\npartitions=1025\n").find("bus.partitions"), std::string::npos);
}

TEST(configuration, the_addresses_of_a_bus_stand_between_commas) {
  config value;
  EXPECT_TRUE(bus_urls(value).empty());
  value.bus.url = "redis://one";
  EXPECT_EQ(bus_urls(value), std::vector<std::string>{"redis://one"});
  value.bus.url = "redis://one,redis://two,";
  EXPECT_EQ(bus_urls(value), (std::vector<std::string>{"redis://one", "redis://two", ""}));
}

TEST(configuration, no_limit_is_written_as_zero) {
  const auto value = loaded("[limits]\nsend_rate_per_second = 0\nsend_burst = 0\nlogin_rate_per_minute = 0\n");
  EXPECT_EQ(value.limits.send_burst, 0);
  EXPECT_TRUE(validate(value));
}

TEST(configuration, development_mode_needs_loopback) {
  config value;
  value.dev = true;
  EXPECT_TRUE(validate(value));
  value.net.listen = "[::1]:8000";
  EXPECT_TRUE(validate(value));
  value.net.listen = "0.0.0.0:8000";
  ASSERT_FALSE(validate(value));
  EXPECT_NE(validate(value).error().message.find("--dev"), std::string::npos);
}

TEST(configuration, the_environment_names_keys_in_capitals) {
  std::array<char*, 5> environment{const_cast<char*>("PARLEY_NET_LISTEN=127.0.0.1:7"), const_cast<char*>("PATH=/bin"),
                                   const_cast<char*>("PARLEY_LIMITS_SEND_BURST=9"),
                                   const_cast<char*>("PARLEY_SERVICE_HOST=10.0.0.1"), nullptr};
  const auto found = settings_from_environment(environment.data());
  ASSERT_EQ(found.settings.size(), 2U);
  EXPECT_EQ(found.settings[0].key, "net.listen");
  EXPECT_EQ(found.settings[1].key, "limits.send_burst");
  EXPECT_EQ(found.unknown, std::vector<std::string>{"PARLEY_SERVICE_HOST"});
}

TEST(configuration, what_is_printed_reads_back_the_same_and_hides_passwords) {
  config value;
  value.net.allowed_origins = {"https://a.example", "https://b.example"};
  value.node.name = "with \"quotes\"";
  EXPECT_EQ(to_toml(loaded(to_toml(value))), to_toml(value));
  value.store.url = "postgresql://parley:secret@db/parley";
  EXPECT_EQ(to_toml(value).find("secret"), std::string::npos);
  EXPECT_NE(to_toml(value).find("parley:***@db"), std::string::npos);
}

TEST(configuration, secrets_are_hidden_wherever_a_url_holds_them) {
  for (const auto* url : {
           "postgresql://db/parley?password=s3cret",
           "postgresql://db/parley?user=me@x&password=s3cret&sslmode=require",
           "postgresql://me:s3cret@db/parley?sslpassword=s3cret",
           "postgresql:///parley?PASSWORD=s3cret",
           "postgresql:///parley?p%61ssword=s3cret",
           "redis://:s3cret@bus/0?auth_token=s3cret",
           "mysql://db?passwd=s3cret",
       }) {
    config value;
    value.store.url = value.bus.url = url;
    EXPECT_EQ(to_toml(value).find("s3cret"), std::string::npos) << to_toml(value);
    const auto sound = validate(value);
    ASSERT_FALSE(sound);
    EXPECT_EQ(sound.error().message.find("s3cret"), std::string::npos) << sound.error().message;
  }
  for (const auto* url : {"redis://:s3cret@one,redis://:s3cret@two", "redis://one,redis://:s3cret@two",
                          "redis://one:1,redis://u:s3cret@two", "redis://:s3c,s3cret@one",
                          "redis://:s3cret@one,rediss://two", "redis://u:s3cret@one,redis://two"}) {
    config value;
    value.bus.url = url;
    EXPECT_EQ(to_toml(value).find("s3cret"), std::string::npos) << to_toml(value);
    const auto sound = validate(value);
    ASSERT_FALSE(sound);
    EXPECT_EQ(sound.error().message.find("s3cret"), std::string::npos) << sound.error().message;
  }
  config value;
  value.store.url = "postgresql://db/parley?sslmode=require&connect_timeout=3";
  EXPECT_NE(to_toml(value).find(value.store.url), std::string::npos) << "what is no secret stays";
}

TEST(configuration, control_characters_are_printed_as_toml_escapes) {
  config value;
  value.node.name = "a\nb\tc\x1b[31m\x7f\"\\";
  const auto printed = to_toml(value);
  EXPECT_EQ(printed.find('\x1b'), std::string::npos);
  EXPECT_EQ(loaded(printed).node.name, value.node.name);
}

TEST(configuration, only_a_regular_file_is_read) {
  const auto folder = read_config_file("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("/tmp: is not a regular file"), std::string::npos) << folder.error().message;
  EXPECT_FALSE(read_config_file("/tmp/there/is/no.toml"));
  EXPECT_FALSE(read_config_file("/proc/self/mem")) << "its first page cannot be read";
  const auto documented = read_config_file(PARLEY_SOURCE_DIR "/config/parley.toml");
  ASSERT_TRUE(documented);
  EXPECT_TRUE(documented.value().starts_with("# Parley"));
}

TEST(configuration, the_documented_file_holds_every_key_with_its_default) {
  std::ifstream file(PARLEY_SOURCE_DIR "/config/parley.toml");
  ASSERT_TRUE(file);
  std::ostringstream content;
  content << file.rdbuf();
  EXPECT_EQ(to_toml(loaded(content.str())), to_toml(config{}));
  std::istringstream printed(to_toml(config{}));
  for (std::string line; std::getline(printed, line);) {
    if (const auto equals = line.find(" = "); equals != std::string::npos) {
      EXPECT_NE(content.str().find("\n" + line.substr(0, equals + 3)), std::string::npos) << line;
    }
  }
}

}  // namespace
}  // namespace parley
