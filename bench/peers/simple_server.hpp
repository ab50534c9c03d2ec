// A peer that is one program.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "peers/peer.hpp"
#include "peers/program.hpp"

namespace parley::bench {

class simple_server final : public peer_server {
 public:
  using client_maker = std::function<std::unique_ptr<peer_client>(const member_place&)>;

  simple_server(const std::string& what, std::uint16_t port,
                const std::function<std::vector<std::string>(const own_folder&)>& command_of, client_maker make_client)
      : program_(what, port, command_of), make_client_(std::move(make_client)) {}

  [[nodiscard]] support::target address() const override { return program_.address(); }
  [[nodiscard]] cpu_times cpu() const override { return {program_.cpu_seconds(), 0}; }
  [[nodiscard]] std::unique_ptr<peer_client> new_client(const member_place& place) const override {
    return make_client_(place);
  }

 private:
  running_program program_;
  client_maker make_client_;
};

}  // namespace parley::bench
