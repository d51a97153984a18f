// A storage plugin that has nothing in store. What the methods of storage/1 take and give stands in
// share/bulkhead/schema/METHODS.md; a plugin in C, without this class, is sdk/examples/hello.c.
#include <bulkhead/plugin.hpp>

namespace {

using namespace bulkhead::plugin;

class MyStorage : public Plugin {
 public:
  explicit MyStorage(Host host) : host_(host) {}

  bulkhead::Status start(const Json& config) override {
    host_.log(Level::kInfo, "started with " + config.dump());
    return {};
  }

  // Called on the one thread that also answers everybody else: what takes long belongs on a thread
  // of yours, with `reply` moved there.
  bool submit(Request& request, Reply& reply) override {
    if (request.method == "storage.list") {
      reply.ok(
          {{"references", Json::array()}, {"disks", Json::array()}, {"containers", Json::array()}});
      return true;
    }
    if (request.method == "storage.delete") {
      reply.ok({{"reclaimed", 0}});  // deleting what is missing succeeds
      return true;
    }
    return false;  // not known here
  }

  void stop() override {}  // end your threads here: nothing may call the host afterwards

 private:
  Host host_;
};

std::unique_ptr<Plugin> make(Host host) {
  return std::make_unique<MyStorage>(host);
}

}  // namespace

BULKHEAD_PLUGIN("my-storage", PLUGIN_VERSION, make, "storage/1");
