// ejabberd in Erlang's machine, without the scripts of its package, which want its own user and folders.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "measured_postgres.hpp"
#include "peers/catalogue.hpp"
#include "peers/ejabberd_configuration.hpp"
#include "peers/postgres.hpp"
#include "peers/program.hpp"
#include "peers/xmpp_client.hpp"
#include "support/free_port.hpp"

namespace parley::bench {
namespace {

constexpr const char* archive_schema = "/usr/share/ejabberd/sql/pg.sql";

/// Where Debian has Erlang's libraries of this machine; the folder's name depends on its processor.
std::string ejabberd_libraries() {
  std::error_code none;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib", none)) {
    for (const auto& library : std::filesystem::directory_iterator(folder.path(), none)) {
      if (library.path().filename().string().starts_with("ejabberd-")) return folder.path().string();
    }
  }
  return {};
}

std::optional<std::string> missing_ejabberd() {
  if (auto missing = missing_program("erl", "ejabberd")) return missing;
  if (ejabberd_libraries().empty()) return "ejabberd is not installed (Debian package ejabberd)";
  return std::nullopt;
}

/// Alone, without a node's name, so that no epmd is left behind. Erlang's schedulers do not spin while they wait: that
/// would count as work.
std::vector<std::string> ejabberd_command(const own_folder& folder, const std::string& configuration) {
  return {find_program("env").value(),
          "HOME=" + folder.path(),
          "ERL_LIBS=" + ejabberd_libraries(),
          "ERL_MAX_PORTS=32000",
          "ERL_CRASH_DUMP_SECONDS=0",
          "EJABBERD_CONFIG_PATH=" + folder.write("ejabberd.yml", configuration),
          "EJABBERD_LOG_PATH=" + folder.path() + "/ejabberd.log",
          find_program("erl").value(),
          "+K",
          "true",
          "+P",
          "250000",
          "+sbwt",
          "none",
          "+sbwtdcpu",
          "none",
          "+sbwtdio",
          "none",
          "-noinput",
          "-mnesia",
          "dir",
          "\"" + folder.path() + "/mnesia\"",
          "-s",
          "ejabberd"};
}

class ejabberd_server final : public peer_server {
 public:
  explicit ejabberd_server(bool has_archive) {
    std::string url;
    if (has_archive) {
      url = database_.emplace(measured_postgres_options()).new_database();
      std::ifstream schema(archive_schema);
      support::run_sql(url, std::string(std::istreambuf_iterator<char>(schema), {}));
    }
    const auto port = support::free_port();
    program_.emplace("ejabberd", port, [&](const own_folder& folder) {
      return ejabberd_command(folder, ejabberd_configuration(port, url));
    });
  }

  [[nodiscard]] support::target address() const override { return program_->address(); }
  [[nodiscard]] cpu_times cpu() const override {
    return {program_->cpu_seconds(), database_ ? database_->cpu_seconds() : 0};
  }
  [[nodiscard]] std::unique_ptr<peer_client> new_client(const member_place& place) const override {
    return std::make_unique<xmpp_client>(place);
  }

 private:
  std::optional<support::postgres_server> database_;
  std::optional<running_program> program_;
};

}  // namespace

peer ejabberd_peer() {
  peer out;
  out.name = "ejabberd";
  out.title = "ejabberd";
  out.stored = "no";
  out.acknowledged = "echo";
  out.missing = missing_ejabberd;
  out.start = [] { return std::make_unique<ejabberd_server>(false); };
  out.version = [] { return package_version("ejabberd"); };
  return out;
}

peer ejabberd_archive_peer() {
  auto out = ejabberd_peer();
  out.name = "ejabberd-mam";
  out.title = "ejabberd, archive";
  out.stored = "flushed";
  out.missing = [] {
    auto missing = missing_ejabberd();
    if (!missing) missing = missing_postgres();
    if (!missing && !std::filesystem::exists(archive_schema)) missing = std::string(archive_schema) + " is not here";
    return missing;
  };
  out.start = [] { return std::make_unique<ejabberd_server>(true); };
  out.version = [] { return package_version("ejabberd") + ", " + package_version(postgres_package()); };
  return out;
}

}  // namespace parley::bench
