// The C++ face of the ABI, driven as a host drives it: through the C structs.
#include "bulkhead/plugin.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

namespace bulkhead::plugin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A host that writes down what it is told.
struct Recorder {
  struct Completion {
    std::string result;
    int code = 0;
    std::string message;
    std::string detail;
    size_t fds = 0;
  };
  bh_host face = {};
  std::multimap<bh_op, Completion> completions;
  std::vector<std::string> log;
  std::vector<std::string> events;
  std::vector<std::string> notes;

  static Recorder& of(const bh_host* host) { return *static_cast<Recorder*>(host->ctx); }
  static std::string text(bh_bytes bytes) {
    return bytes.len == 0 ? "" : std::string(reinterpret_cast<const char*>(bytes.data), bytes.len);
  }

  Recorder() {
    face.size = sizeof face;
    face.major = BH_PLUGIN_MAJOR;
    face.ctx = this;
    face.get_extension = [](const bh_host*, const char*) -> const void* { return nullptr; };
    face.log = [](const bh_host* host, int32_t, bh_op, bh_bytes line) {
      of(host).log.push_back(text(line));
    };
    face.progress = [](const bh_host* host, bh_op, bh_bytes note) {
      of(host).notes.push_back(text(note));
    };
    face.emit = [](const bh_host* host, const char* type, bh_bytes event) {
      of(host).events.push_back(type + text(event));
    };
    face.complete = [](const bh_host* host, bh_op op, bh_bytes result, const bh_error* error,
                       const int*, uint32_t nfds) {
      Completion completion{text(result), 0, {}, {}, nfds};
      if (error != nullptr) {
        completion.code = error->code;
        completion.message = text(error->message);
        completion.detail = text(error->detail);
      }
      of(host).completions.emplace(op, completion);
    };
  }
};

// Does with a request what the test says.
class Scripted : public Plugin {
 public:
  using Script = std::function<bool(Request&, Reply&)>;
  static inline Script script;
  static inline std::function<Status(const Json&)> starting;
  static inline std::function<void()> stopping;

  Status start(const Json& config) override { return starting ? starting(config) : Status(); }
  bool submit(Request& request, Reply& reply) override { return script(request, reply); }
  void stop() override {
    if (stopping) stopping();
  }
};

class PluginFace : public testing::Test {
 protected:
  void SetUp() override {
    Scripted::script = {};
    Scripted::starting = {};
    Scripted::stopping = {};
    plugin_ = detail::create(&host_.face, nullptr, [](Host) -> std::unique_ptr<Plugin> {
      return std::make_unique<Scripted>();
    });
    ASSERT_NE(plugin_, nullptr);
  }
  void TearDown() override { detail::destroy(plugin_); }

  static bh_bytes bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }
  int32_t submit(std::string_view body, std::vector<int> fds = {}) {
    return plugin_->submit(plugin_, 7, "test.method", bytes(body), fds.data(),
                           static_cast<uint32_t>(fds.size()));
  }
  Recorder::Completion only_completion() {
    EXPECT_EQ(host_.completions.size(), 1u);
    return host_.completions.empty() ? Recorder::Completion() : host_.completions.begin()->second;
  }

  Recorder host_;
  const bh_plugin* plugin_ = nullptr;
};

TEST_F(PluginFace, PassesARequestAndItsResult) {
  Scripted::script = [](Request& request, Reply& reply) {
    reply.ok({{"method", request.method}, {"twice", request.body["n"].get<int>() * 2}});
    return true;
  };
  EXPECT_EQ(submit(R"({"n": 21})"), 0);
  EXPECT_EQ(only_completion().result, R"({"method":"test.method","twice":42})");
}

TEST_F(PluginFace, RefusesWhatThePluginDoesNotKnow) {
  Scripted::script = [](Request&, Reply&) { return false; };
  EXPECT_LT(submit("{}"), 0);
  EXPECT_TRUE(host_.completions.empty());
}

TEST_F(PluginFace, AnswersABodyThatIsNotJson) {
  Scripted::script = [](Request&, Reply&) -> bool { throw std::logic_error("was asked"); };
  EXPECT_EQ(submit("{"), 0);
  EXPECT_EQ(only_completion().code, BH_INVALID);
  EXPECT_THAT(only_completion().message, HasSubstr("test.method"));
}

TEST_F(PluginFace, TakesAnEmptyBodyForAnEmptyObject) {
  Scripted::script = [](Request& request, Reply& reply) {
    reply.ok({{"isObject", request.body.is_object()}});
    return true;
  };
  EXPECT_EQ(submit(""), 0);
  EXPECT_EQ(only_completion().result, R"({"isObject":true})");
}

TEST_F(PluginFace, LetsNoExceptionOut) {
  Scripted::script = [](Request&, Reply&) -> bool { throw std::runtime_error("boom"); };
  EXPECT_EQ(submit("{}"), 0);
  EXPECT_EQ(only_completion().code, BH_INTERNAL);
  EXPECT_THAT(only_completion().message, HasSubstr("boom"));

  Scripted::starting = [](const Json&) -> Status { throw 42; };
  bh_error error = {};
  EXPECT_NE(plugin_->start(plugin_, bytes("{}"), &error), 0);
  EXPECT_EQ(error.code, BH_INTERNAL);

  Scripted::stopping = [] { throw std::runtime_error("late boom"); };
  plugin_->stop(plugin_);
  EXPECT_THAT(host_.log, ElementsAre(HasSubstr("late boom")));
}

TEST_F(PluginFace, CompletesExactlyOnceWhateverThePluginForgets) {
  // Dropped.
  Scripted::script = [](Request&, Reply& reply) {
    const Reply forgotten = std::move(reply);
    return true;
  };
  EXPECT_EQ(submit("{}"), 0);
  EXPECT_EQ(only_completion().code, BH_INTERNAL);
  host_.completions.clear();

  // Never touched.
  Scripted::script = [](Request&, Reply&) { return true; };
  EXPECT_EQ(submit("{}"), 0);
  EXPECT_EQ(host_.completions.size(), 1u);
  host_.completions.clear();

  // Moved, and then an exception.
  Scripted::script = [](Request&, Reply& reply) -> bool {
    const Reply forgotten = std::move(reply);
    throw std::runtime_error("boom");
  };
  EXPECT_EQ(submit("{}"), 0);
  EXPECT_EQ(host_.completions.size(), 1u);
  host_.completions.clear();

  // Twice: the first counts.
  Scripted::script = [](Request&, Reply& reply) {
    reply.ok({{"n", 1}});
    reply.fail({Code::kConflict, "second", ""});
    return true;
  };
  EXPECT_EQ(submit("{}"), 0);
  EXPECT_EQ(only_completion().result, R"({"n":1})");
  host_.completions.clear();

  // Overwritten: the old duty is done, the new one remains.
  Scripted::script = [this](Request&, Reply& reply) {
    Reply other(&host_.face, 8);
    other = std::move(reply);
    other.ok();
    return true;
  };
  EXPECT_EQ(submit("{}"), 0);
  EXPECT_EQ(host_.completions.count(7), 1u);
  EXPECT_EQ(host_.completions.count(8), 1u);
}

TEST_F(PluginFace, CompletesFromAnotherThread) {
  std::thread worker;
  Scripted::script = [&worker](Request&, Reply& reply) {
    worker = std::thread([reply = std::move(reply)]() mutable {
      reply.fail({Code::kRetry, "later", "wait"});
    });
    return true;
  };
  EXPECT_EQ(submit("{}"), 0);
  worker.join();
  EXPECT_EQ(only_completion().code, BH_RETRY);
  EXPECT_EQ(only_completion().message, "later");
  EXPECT_EQ(only_completion().detail, "wait");
}

TEST_F(PluginFace, OwnsTheDescriptorsOfARequest) {
  std::vector<UniqueFd> kept;
  Scripted::script = [&kept](Request& request, Reply& reply) {
    kept = std::move(request.fds);
    reply.ok();
    return true;
  };
  UniqueFd given(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(submit("{}", {given.get()}), 0);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_NE(kept[0].get(), given.get()) << "the host closes its own after the call";
  given.reset();
  EXPECT_GE(::fcntl(kept[0].get(), F_GETFD), 0);
}

TEST_F(PluginFace, TellsTheHostThings) {
  const Host host(&host_.face);
  host.log(Level::kInfo, "a line");
  host.emit("thing.happened", {{"n", 1}});
  Scripted::script = [](Request&, Reply& reply) {
    reply.progress({{"done", 1}});
    reply.ok();
    reply.progress({{"done", 2}});  // too late to be told
    return true;
  };
  submit("{}");
  EXPECT_THAT(host_.log, ElementsAre("a line"));
  EXPECT_THAT(host_.events, ElementsAre(R"(thing.happened{"n":1})"));
  EXPECT_THAT(host_.notes, ElementsAre(R"({"done":1})"));
}

TEST_F(PluginFace, SaysWhyItCouldNotStart) {
  Scripted::starting = [](const Json& config) -> Status {
    return fail(Code::kNotFound, "no " + config["root"].get<std::string>(), "make it");
  };
  bh_error error = {};
  EXPECT_NE(plugin_->start(plugin_, bytes(R"({"root":"/x"})"), &error), 0);
  EXPECT_EQ(error.code, BH_NOT_FOUND);
  EXPECT_EQ(Recorder::text(error.message), "no /x");
  EXPECT_EQ(Recorder::text(error.detail), "make it");
}

TEST(PluginCreate, SaysWhyItCouldNotBeMade) {
  Recorder host;
  bh_error error = {};
  EXPECT_EQ(detail::create(
                &host.face, &error,
                [](Host) -> std::unique_ptr<Plugin> { throw std::runtime_error("no memory"); }),
            nullptr);
  EXPECT_THAT(Recorder::text(error.message), HasSubstr("no memory"));
  EXPECT_EQ(detail::create(&host.face, &error, [](Host) { return std::unique_ptr<Plugin>(); }),
            nullptr);
}

}  // namespace
}  // namespace bulkhead::plugin
