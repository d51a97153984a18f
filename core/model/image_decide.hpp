// Image commands against the state. Names live here, bytes in the storage plugin: a load, import or
// tag first lets the plugin do its part (intent, outcome) and then records which name means which
// image (image.tagged), caused by the outcome.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// The one spelling of a reference, with registry.domain where it names no registry.
Result<std::string> normalise_reference(const State& state, const std::string& text);

// Intents on storage/local; the request goes into the event whole.
Result<Decision> decide_image_load(const State& state, Json request, const Origin& origin);
Result<Decision> decide_image_import(const State& state, Json request, const Origin& origin);
// request: {"references": [...], "platform"?}; every reference must be known. The intent's data
// also lists "images": [{"reference", "digest"}] as storage.save wants them.
Result<Decision> decide_image_save(const State& state, Json request, const Origin& origin);
Result<Decision> decide_storage_gc(const State& state, bool dry_run, const Origin& origin);

// Intent on image/<target>: {"source", "target", "digest"}. The target is normalised.
Result<Decision> decide_image_tag(const State& state, const std::string& source,
                                  const std::string& target, const Origin& origin);

// Intents on image/<reference>, which is normalised. request: {"reference", "platform"?,
// "allPlatforms"?, "scheme"?, ...}. A pull of no platform in particular is one of `host`'s, of all
// only if it says so; the intent's "platform" is absent then.
Result<Decision> decide_image_pull(const State& state, Json request, const Json& host,
                                   const Origin& origin);
// The image must be known; the intent's data also has "digest" (of its index or manifest).
Result<Decision> decide_image_push(const State& state, Json request, const Origin& origin);

// image.tagged facts for the images that an outcome brought; their cause is event `outcome_index`
// of the same append.
Decision tagged_facts(const Json& images, std::size_t outcome_index, const Origin& origin);

// What a deletion or prune removes: names first, then the digests that nothing holds any more.
struct ImageRemoval {
  std::vector<std::string> untag;
  std::vector<std::string> erase;
};
// Refuses (kConflict) an image that a container uses, unless forced; its bytes stay for the
// container then.
Result<ImageRemoval> plan_image_delete(const State& state, const std::string& ref, bool force);
// Dangling images; with all also named ones that no container uses.
ImageRemoval plan_image_prune(const State& state, bool all);

// Intents image.delete {"reference", "force", "untag", "delete"} and image.prune {"all", "untag",
// "delete"}.
Result<Decision> decide_image_delete(const State& state, const std::string& ref, bool force,
                                     const Origin& origin);
Result<Decision> decide_image_prune(const State& state, bool all, const Origin& origin);
// image.untagged and image.deleted facts that follow the outcome.
Decision removal_facts(const State& state, const ImageRemoval& removal, std::size_t outcome_index,
                       const Origin& origin);
ImageRemoval removal_of(const Json& intent_data);

// Ids of the containers that keep this digest alive, sorted.
std::vector<std::string> users_of_image(const State& state, const std::string& digest);
// What storage.gc must keep: digests of named, dangling and used images; names; containers.
Json gc_roots(const State& state);

}  // namespace bulkhead::model
