#include "model/image_decide.hpp"

#include <algorithm>
#include <set>

#include "model/facts.hpp"
#include "model/read_json.hpp"
#include "model/views.hpp"

namespace bulkhead::model {
namespace {

constexpr const char* kStorage = "storage/local";

Decision storage_intent(const char* type, Json request, const Origin& origin) {
  Decision decision;
  decision.push_back(intent(kStorage, type, std::move(request), origin));
  return decision;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

NewEvent caused(NewEvent event, std::size_t index) {
  event.cause_index = index;
  return event;
}

// The names of a digest, sorted.
std::vector<std::string> names_of(const State& state, const std::string& digest) {
  std::vector<std::string> names;
  for (const auto& [reference, image] : state.images)
    if (image.digest == digest) names.push_back(reference);
  return names;
}

Json removal_data(const ImageRemoval& removal) {
  return {{"untag", removal.untag}, {"delete", removal.erase}};
}

}  // namespace

Result<Decision> decide_image_load(const State&, Json request, const Origin& origin) {
  return storage_intent("image.load", std::move(request), origin);
}

Result<Decision> decide_image_import(const State& state, Json request, const Origin& origin) {
  std::string reference = read_text(request, "reference");
  if (!reference.empty()) {
    auto normal = normalise_reference(state, reference);
    if (!normal) return fail(std::move(normal.error()));
    request["reference"] = *normal;
  }
  return storage_intent("image.import", std::move(request), origin);
}

Result<Decision> decide_image_save(const State& state, Json request, const Origin& origin) {
  std::vector<std::string> references = read_texts(request, "references");
  if (references.empty()) return fail(Code::kInvalid, "no image named to save");
  Json images = Json::array();
  std::set<std::string> seen;
  for (const std::string& reference : references) {
    auto image = find_image(state, reference);
    if (!image) return fail(std::move(image.error()));
    const std::string& name = (*image)->reference;
    if (!seen.insert(name.empty() ? (*image)->digest : name).second) continue;
    images.push_back({{"reference", name}, {"digest", (*image)->digest}});
  }
  request["images"] = std::move(images);
  return storage_intent("image.save", std::move(request), origin);
}

Result<Decision> decide_storage_gc(const State& state, bool dry_run, const Origin& origin) {
  Json request = gc_roots(state);
  request["dryRun"] = dry_run;
  return storage_intent("storage.gc", std::move(request), origin);
}

Result<Decision> decide_image_tag(const State& state, const std::string& source,
                                  const std::string& target, const Origin& origin) {
  auto image = find_image(state, source);
  if (!image) return fail(std::move(image.error()));
  auto name = normalise_reference(state, target);
  if (!name) return fail(std::move(name.error()));
  if (name->find('@') != std::string::npos)
    return fail(Code::kInvalid, "\"" + target + "\" names a digest; a tag needs a plain name");
  Decision decision;
  decision.push_back(intent(stream_name("image", *name), "image.tag",
                            {{"source", source}, {"target", *name}, {"digest", (*image)->digest}},
                            origin));
  return decision;
}

Result<Decision> decide_image_pull(const State& state, Json request, const Json& host,
                                   const Origin& origin) {
  auto reference = normalise_reference(state, read_text(request, "reference"));
  if (!reference) return fail(std::move(reference.error()));
  const bool all = read_flag(request, "allPlatforms");
  request.erase("allPlatforms");
  if (all)
    request.erase("platform");
  else if (!request.contains("platform"))
    request["platform"] = host;
  request["reference"] = *reference;
  Decision decision;
  decision.push_back(
      intent(stream_name("image", *reference), "image.pull", std::move(request), origin));
  return decision;
}

Result<Decision> decide_image_push(const State& state, Json request, const Origin& origin) {
  auto reference = normalise_reference(state, read_text(request, "reference"));
  if (!reference) return fail(std::move(reference.error()));
  auto image = find_image(state, *reference);
  if (!image) return fail(std::move(image.error()));
  request["reference"] = *reference;
  request["digest"] = (*image)->digest;
  Decision decision;
  decision.push_back(
      intent(stream_name("image", *reference), "image.push", std::move(request), origin));
  return decision;
}

Decision tagged_facts(const Json& images, std::size_t outcome_index, const Origin& origin) {
  Decision facts;
  if (!images.is_array()) return facts;
  for (const Json& image : images) {
    std::string reference = read_text(image, "reference");
    std::string digest = read_text(member(image, "descriptor"), "digest");
    if (digest.empty()) continue;
    Json data = {{"image", image}};
    if (!reference.empty()) data["reference"] = reference;
    facts.push_back(caused(fact(stream_name("image", reference.empty() ? digest : reference),
                                "image.tagged", std::move(data), origin),
                           outcome_index));
  }
  return facts;
}

Result<ImageRemoval> plan_image_delete(const State& state, const std::string& ref, bool force) {
  auto image = find_image(state, ref);
  if (!image) return fail(std::move(image.error()));
  const std::string& digest = (*image)->digest;
  std::vector<std::string> users = users_of_image(state, digest);
  std::vector<std::string> names = names_of(state, digest);

  ImageRemoval removal;
  // By its name only that name goes; by digest the image itself, with every name.
  auto normal = normalise_reference(state, ref);
  bool by_name = normal && *normal == (*image)->reference;
  removal.untag = by_name ? std::vector<std::string>{(*image)->reference} : names;
  bool last = removal.untag.size() == names.size();
  if (last && !users.empty() && !force)
    return fail(Code::kConflict, "image " + ref + " is used by container " + joined(users),
                "delete the container first, or use --force to remove the name only");
  if (last && users.empty()) removal.erase.push_back(digest);
  return removal;
}

ImageRemoval plan_image_prune(const State& state, bool all) {
  ImageRemoval removal;
  std::set<std::string> digests;
  for (const auto& [digest, image] : state.dangling)
    if (users_of_image(state, digest).empty()) digests.insert(digest);
  if (all) {
    for (const auto& [reference, image] : state.images) {
      if (!users_of_image(state, image.digest).empty()) continue;
      removal.untag.push_back(reference);
      digests.insert(image.digest);
    }
  }
  removal.erase.assign(digests.begin(), digests.end());
  return removal;
}

Result<Decision> decide_image_delete(const State& state, const std::string& ref, bool force,
                                     const Origin& origin) {
  auto removal = plan_image_delete(state, ref, force);
  if (!removal) return fail(std::move(removal.error()));
  Json data = removal_data(*removal);
  data["reference"] = ref;
  data["force"] = force;
  return storage_intent("image.delete", std::move(data), origin);
}

Result<Decision> decide_image_prune(const State& state, bool all, const Origin& origin) {
  Json data = removal_data(plan_image_prune(state, all));
  data["all"] = all;
  return storage_intent("image.prune", std::move(data), origin);
}

Decision removal_facts(const State& state, const ImageRemoval& removal, std::size_t outcome_index,
                       const Origin& origin) {
  Decision facts;
  for (const std::string& reference : removal.untag) {
    auto image = state.images.find(reference);
    if (image == state.images.end()) continue;  // somebody else was faster
    facts.push_back(
        caused(fact(stream_name("image", reference), "image.untagged",
                    {{"reference", reference}, {"digest", image->second.digest}}, origin),
               outcome_index));
  }
  for (const std::string& digest : removal.erase) {
    // A container or another name that came since the decision keeps the image.
    std::vector<std::string> names = names_of(state, digest);
    bool named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::find(removal.untag.begin(), removal.untag.end(), name) == removal.untag.end();
    });
    if (named || !users_of_image(state, digest).empty()) continue;
    facts.push_back(
        caused(fact(stream_name("image", digest), "image.deleted", {{"digest", digest}}, origin),
               outcome_index));
  }
  return facts;
}

ImageRemoval removal_of(const Json& intent_data) {
  return {read_texts(intent_data, "untag"), read_texts(intent_data, "delete")};
}

Json gc_roots(const State& state) {
  std::set<std::string> digests;
  Json references = Json::array();
  Json containers = Json::array();
  for (const auto& [reference, image] : state.images) {
    digests.insert(image.digest);
    references.push_back({{"reference", reference}, {"digest", image.digest}});
  }
  for (const auto& [digest, image] : state.dangling) digests.insert(digest);
  for (const auto& [id, container] : state.containers) {
    for (const std::string* digest : {&container.image_digest, &container.init_image_digest})
      if (!digest->empty()) digests.insert(*digest);
    containers.push_back(id);
  }
  return {{"images", digests}, {"references", references}, {"containers", containers}};
}

}  // namespace bulkhead::model
