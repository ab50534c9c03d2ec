// Starting, waiting for and ending a PostgreSQL server.
#include "support/postgres_server.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

#include "support/free_port.hpp"
#include "support/process_times.hpp"
#include "support/temporary_folder.hpp"

namespace parley::support {
namespace {}  // namespace

postgres_server::postgres_server(std::vector<std::string> options)
    : options_(std::move(options)), folder_(new_temporary_folder("postgres")), port_(free_port()) {
  start();
}

postgres_server::~postgres_server() {
  if (pid_ > 0) stop(SIGQUIT);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void postgres_server::start() {
  const auto port = std::to_string(port_);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    // It goes when the test goes, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() != parent) std::_Exit(1);
    std::vector<char*> arguments{const_cast<char*>(PARLEY_POSTGRES_SCRIPT), folder_.data(),
                                 const_cast<char*>(port.c_str())};
    for (auto& option : options_) arguments.push_back(option.data());
    arguments.push_back(nullptr);
    ::execv(PARLEY_POSTGRES_SCRIPT, arguments.data());
    std::_Exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (PQping(url_of("postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      throw std::runtime_error("PostgreSQL did not start; is the package postgresql installed?");
    }
    ::poll(nullptr, 0, 20);
  }
}

void postgres_server::stop(int signal) {
  ::kill(pid_, signal);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void postgres_server::stop_immediately() { stop(SIGQUIT); }

double postgres_server::cpu_seconds() const { return cpu_seconds_with_children(pid_); }

std::string postgres_server::url_of(const std::string& database) const {
  return "postgresql://parley@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string postgres_server::new_database() {
  const auto name = "test_" + std::to_string(++databases_);
  run_sql(url_of("postgres"), "CREATE DATABASE " + name);
  return url_of(name);
}

std::vector<std::string> run_sql(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  }
  std::vector<std::string> rows;
  rows.reserve(static_cast<std::size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row) rows.emplace_back(PQgetvalue(result.get(), row, 0));
  return rows;
}

}  // namespace parley::support
