// create: configuration from request, image and properties; intent; disks; outcome.
#include <sys/stat.h>

#include <filesystem>

#include "containers.hpp"
#include "host_clock.hpp"
#include "kernel_file.hpp"
#include "model/configuration.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/views.hpp"
#include "mount_sources.hpp"
#include "uuid.hpp"
#include "volumes.hpp"

namespace bulkhead::engine {
namespace {

struct Draft {
  model::CreateContainer command;
  Json platform;
  std::vector<std::string> warnings;
};

Status check_processor(const Json& built, const Json& host) {
  const auto of = [](const Json& platform) { return model::read_text(platform, "architecture"); };
  if (of(built) == of(host)) return {};
  return fail(Code::kUnsupported, "an image for " + of(built) +
                                      " needs an emulated processor, which is not available " +
                                      "in this version; this host is " + of(host));
}

// The image whose /sbin/init takes the place of the built-in one: asked for, or the property's, or
// none (null).
Result<const model::ImageState*> init_image(const model::State& state, const Json& body,
                                            const Json& host_platform) {
  auto wanted = model::read_text(body, "initImage");
  if (wanted.empty()) wanted = model::property_value(state, "vminit.image").value_or("");
  if (wanted.empty()) return nullptr;
  auto image = model::find_image(state, wanted);
  if (!image) return fail(std::move(image.error()).context("the init image"));
  if (auto variant = model::find_variant((*image)->image, host_platform); !variant)
    return fail(std::move(variant.error()));
  return *image;
}

Json object_or(const Json& object, const char* key, const Json& fallback) {
  const Json& value = model::member(object, key);
  return value.is_object() ? value : fallback;
}

Result<Draft> draft(const model::State& state, const Json& body, const Json& host_platform) {
  auto wanted = model::read_text(body, "image");
  if (wanted.empty()) return fail(Code::kInvalid, "a container needs an image");
  auto image = model::find_image(state, wanted);
  if (!image) return fail(std::move(image.error()));
  Draft result;
  result.platform = object_or(body, "platform", host_platform);
  auto variant = model::find_variant((*image)->image, result.platform);
  if (!variant) return fail(std::move(variant.error()));
  if (auto runs = check_processor(object_or(**variant, "platform", result.platform), host_platform);
      !runs)
    return fail(std::move(runs.error()));
  auto init = init_image(state, body, host_platform);
  if (!init) return fail(std::move(init.error()));
  result.command.id = model::read_text(body, "name");
  if (result.command.id.empty()) result.command.id = new_uuid();
  const Json& chosen = **variant;
  auto configuration = model::build_configuration(
      state, {result.command.id, body, **image, object_or(chosen, "config", Json::object()),
              object_or(chosen, "platform", result.platform), now_us(), new_uuid});
  if (!configuration) return fail(std::move(configuration.error()));
  result.platform = object_or(chosen, "platform", result.platform);
  result.command.configuration = std::move(configuration->value);
  result.command.volumes = std::move(configuration->volumes);
  result.command.auto_remove = model::read_flag(body, "autoRemove");
  result.command.image_digest = (*image)->digest;
  if (*init) {
    result.command.configuration["initImage"] = (*init)->reference;
    result.command.init_image_digest = (*init)->digest;
  }
  result.warnings = std::move(configuration->warnings);
  return result;
}

// Not read before the decision: a repeat of a request is answered whatever has become of the file.
Status check_own_kernel(const Json& body, const Json& host_platform) {
  const std::string kernel = model::read_text(body, "kernel");
  if (kernel.empty()) return {};
  return check_kernel(kernel, model::read_text(host_platform, "architecture"));
}

}  // namespace

void Containers::create(const Json& body, const model::Origin& origin, Answer done) {
  // Decided in the ledger's turn: the image may be deleted by a command before this one.
  auto made = std::make_shared<Draft>();
  Operations::Steps steps;
  steps.decide = [this, body, origin, made](const model::State& state) -> Result<model::Decision> {
    if (auto open = check_open(); !open) return fail(std::move(open.error()));
    auto drafted = draft(state, body, parts_.host_platform);
    if (!drafted) return fail(std::move(drafted.error()));
    if (auto good = check_own_kernel(body, parts_.host_platform); !good)
      return fail(std::move(good.error()));
    if (auto good = check_mount_sources(drafted->command.configuration); !good)
      return fail(std::move(good.error()));
    *made = std::move(*drafted);
    return model::decide_create(state, made->command, origin);
  };
  steps.effect = [this, made](const model::Event& intent, const Report& report) {
    std::string id(intent.key());
    auto op = static_cast<uint64_t>(intent.seq);
    Json request = {
        {"container", id}, {"digest", made->command.image_digest}, {"platform", made->platform}};
    std::error_code error;
    std::filesystem::create_directories(directory(id), error);
    if (error)
      return report(
          {fail(Code::kNoSpace, "create the directory of container " + id + ": " + error.message()),
           {}});
    // Whatever part of it was made goes again; the answer is the first failure's.
    auto give_up = [this, id, report](const Error& why) {
      remove_disks(id, [this, id, report, why](const Effect&) {
        parts_.volumes.remove_own(id, "create-failed", [report, why](int64_t) {
          report({fail(why), {}});
        });
      });
    };
    auto create_disks = [this, op, request, made, report, give_up](const Json& init,
                                                                   const Json& volumes) {
      parts_.storage.call(op, "storage.create", request, {},
                          [made, init, volumes, report, give_up](Result<Json> created) {
                            if (!created) return give_up(created.error());
                            Json outcome = *created;
                            outcome.erase("config");
                            if (!volumes.empty()) outcome["volumes"] = volumes;
                            if (!made->warnings.empty()) outcome["warnings"] = made->warnings;
                            if (init.contains("disk")) outcome["initDisk"] = init["disk"];
                            report({outcome, {}});
                          });
    };
    auto create_volumes = [this, intent, create_disks, give_up](const Json& init) {
      parts_.volumes.make_missing(intent, [init, create_disks, give_up](Result<Json> volumes) {
        if (!volumes) return give_up(volumes.error());
        create_disks(init, *volumes);
      });
    };
    if (made->command.init_image_digest.empty()) return create_volumes(Json::object());
    parts_.storage.call(
        unjournaled_op(), "storage.prepare",
        {{"digest", made->command.init_image_digest}, {"platform", parts_.host_platform}}, {},
        [create_volumes, report](Result<Json> prepared) {
          if (!prepared)
            return report({fail(std::move(prepared.error()).context("the init image")), {}});
          create_volumes(*prepared);
        });
  };
  steps.answer = [](const model::Operation& intent, const Json& outcome) {
    return Json{{"id", model::read_text(model::member(intent.data, "configuration"), "id")},
                {"warnings", model::read_texts(outcome, "warnings")}};
  };
  parts_.operations.perform(origin, std::move(steps), std::move(done));
}

// The client that asked has gone with the old daemon and doesn't know whether it has a container:
// it gets none.
void Containers::recover_create(const model::Operation& operation, std::function<void()> done) {
  std::string id = operation.stream.substr(operation.stream.find('/') + 1);
  remove_disks(id, [this, id, operation, done](const Effect&) {
    parts_.volumes.remove_own(id, "create-failed", [this, operation, done](int64_t) {
      parts_.operations.lose(operation, "the service ended before the container was made", done);
    });
  });
}

}  // namespace bulkhead::engine
