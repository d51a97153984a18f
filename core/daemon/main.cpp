// container-apiserver: one loop, one journal, one socket. Takes no arguments; CONTAINER_ROOT and
// the XDG variables say where.
//
// Order matters: lock (one daemon per root), journal, recovery, and only then the socket, so that
// whoever can connect sees a state that is true. SIGTERM and SIGINT end the daemon and leave
// containers to their hosts; only `system stop` ends those too. A second signal ends it at once.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/api/openapi.hpp"
#include "core/api/routes/routes.hpp"
#include "core/api/server.hpp"
#include "core/engine/log.hpp"
#include "core/engine/private_directory.hpp"

namespace bulkhead {
namespace {

Status make_directories(const Paths& paths) {
  for (const std::string& directory :
       {paths.data, paths.run, paths.logs, paths.run + "/hosts", paths.data + "/containers"}) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return fail(Code::kDenied, "create " + directory + ": " + error.message());
    if (auto good = engine::make_private(directory); !good) return good;
  }
  return {};
}

// Held for the daemon's life; a second daemon of this root ends. Not quite at once: of one that was
// killed the lock is let go a moment after everything else of it has gone.
Result<UniqueFd> take_lock(const Paths& paths) {
  std::string path = paths.run + "/apiserver.lock";
  UniqueFd fd(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("open " + path, errno);
  constexpr int kLooks = 100;
  constexpr std::chrono::milliseconds kBetween{20};
  for (int look = 1; flock(fd.get(), LOCK_EX | LOCK_NB) < 0; ++look) {
    if (look == kLooks)
      return fail(Code::kConflict, "another container-apiserver serves " + paths.run);
    std::this_thread::sleep_for(kBetween);
  }
  std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) < 0 || write(fd.get(), pid.data(), pid.size()) < 0)
    return fail_errno("write " + path, errno);
  return fd;
}

class Daemon {
 public:
  Status start() {
    auto paths = find_paths();
    if (!paths) return fail(std::move(paths.error()));
    auto install = find_install();
    if (!install) return fail(std::move(install.error()));
    if (auto status = make_directories(*paths); !status) return status;
    auto lock = take_lock(*paths);
    if (!lock) return fail(std::move(lock.error()));
    lock_ = std::move(*lock);
    auto engine = engine::Engine::open(loop_, *paths, *install);
    if (!engine) return fail(std::move(engine.error()));
    engine_ = std::move(*engine);
    engine_->on_stop_requested([this](const model::Origin& origin) { shut_down(true, origin); });
    engine_->recover([this] { serve(); });
    return {};
  }

  int run() {
    loop::Signal term(loop_, SIGTERM, [this] { signalled(); });
    loop::Signal interrupt(loop_, SIGINT, [this] { signalled(); });
    loop_.run();
    server_.reset();
    engine_.reset();
    return exit_status_;
  }

 private:
  void serve() {
    api::Router router;
    api::add_system_routes(router, *engine_);
    api::add_property_routes(router, *engine_);
    api::add_container_routes(router, *engine_);
    api::add_process_routes(router, *engine_);
    api::add_log_routes(router, *engine_);
    api::add_image_routes(router, *engine_);
    api::add_transfer_routes(router, *engine_);
    api::add_registry_routes(router, *engine_);
    api::add_network_routes(router, *engine_);
    api::add_dns_routes(router, *engine_);
    api::add_template_routes(router, *engine_);
    api::add_volume_routes(router, *engine_);
    api::add_event_routes(router, *engine_);
    api::add_openapi_route(router);
    if (ending_) return;
    auto server = api::Server::listen(loop_, std::move(router), engine_->paths().socket());
    if (!server) {
      log::error(server.error().message);
      exit_status_ = 1;
      return loop_.stop();
    }
    server_ = std::move(*server);
    log::info("serving " + engine_->paths().socket());
  }

  // Who asks a second time doesn't want to wait: the journal and the hosts stand for what is left.
  void signalled() {
    if (!ending_) return shut_down(false, {});
    log::warning("ending at once: asked to again");
    loop_.stop();
  }

  void shut_down(bool stop_containers, const model::Origin& origin) {
    if (std::exchange(ending_, true)) return;
    if (server_) server_->stop_listening();
    log::info(stop_containers ? "stopping: asked to" : "stopping: containers go on");
    engine_->shut_down(stop_containers, origin, [this] { loop_.stop(); });
  }

  loop::Loop loop_;
  UniqueFd lock_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<api::Server> server_;
  bool ending_ = false;
  int exit_status_ = 0;
};

}  // namespace
}  // namespace bulkhead

int main() {
  signal(SIGPIPE, SIG_IGN);
  umask(077);
  if (getenv("CONTAINER_DEBUG")) bulkhead::log::set_level(bulkhead::log::Level::kDebug);
  bulkhead::Daemon daemon;
  if (auto status = daemon.start(); !status) {
    bulkhead::log::error(status.error().message);
    if (!status.error().hint.empty()) bulkhead::log::error(status.error().hint);
    return 1;
  }
  return daemon.run();
}
