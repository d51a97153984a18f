#include "plan.hpp"

#include <algorithm>
#include <map>

#include "outline.hpp"

namespace bulkhead::storage {
namespace {

class Planner {
 public:
  Planner(const Outline& outline, const Limits& limits) : outline_(outline), limits_(limits) {}

  // Null where it takes more documents to know.
  Result<const Outline::Branch*> choose(const std::optional<Platform>& platform,
                                        const std::string& name) {
    if (!platform) {
      for (const Outline::Branch& branch : outline_.branches) branches_.push_back(&branch);
      return nullptr;
    }
    Result<const Outline::Branch*> chosen = outline_.choose(*platform, name);
    if (chosen && *chosen != nullptr) {
      branches_.push_back(*chosen);
    } else if (chosen) {
      for (const Outline::Branch& branch : outline_.branches) {
        if (branch.platform() == nullptr && !branch.is_known_not_to_run())
          branches_.push_back(&branch);
      }
      documents_only_ = true;
    }
    return chosen;
  }

  Status add_all(const Outline::Branch* first) {
    for (const auto& [index, here] : outline_.indexes) add(Piece::Kind::kDocument, index, "index");
    for (const Outline::Branch* branch : branches_)
      add(Piece::Kind::kDocument, branch->manifest, "manifest" + of(*branch));
    for (const Outline::Branch* branch : branches_) {
      if (branch->document)
        add(Piece::Kind::kConfig, branch->document->config, "config" + of(*branch));
    }
    if (!documents_only_) {
      if (first != nullptr) add_layers(*first);
      for (const Outline::Branch* branch : branches_) add_layers(*branch);
    }
    return std::move(judged_);
  }

  std::vector<Piece> pieces;

 private:
  std::string of(const Outline::Branch& branch) const {
    const Platform* platform = branch.platform();
    return branches_.size() > 1 && platform != nullptr ? " of " + platform->text() : "";
  }

  void add_layers(const Outline::Branch& branch) {
    if (!branch.document) return;
    const std::vector<Descriptor>& layers = branch.document->layers;
    for (size_t i = 0; i < layers.size(); ++i) {
      add(Piece::Kind::kLayer, layers[i],
          "layer " + std::to_string(i + 1) + " of " + std::to_string(layers.size()) + of(branch));
    }
  }

  void add(Piece::Kind kind, const Descriptor& content, std::string what) {
    if (!judged_) return;
    const auto [known, is_new] = sizes_.emplace(content.digest, content.size);
    if (is_new) {
      judged_ = judge(kind, content);
      pieces.push_back({kind, content, std::move(what)});
    } else if (known->second != content.size) {
      judged_ = fail(Code::kCorrupt, "it promises two sizes for the same content");
    }
    if (!judged_)
      judged_ = fail(std::move(judged_.error())
                         .context(pieces.back().what + " (" + content.digest.brief() + ")"));
  }

  Status judge(Piece::Kind kind, const Descriptor& content) {
    if (content.elsewhere) {
      return fail(
          Code::kUnsupported,
          "its bytes are to be fetched from other hosts than the registry, which isn't done");
    }
    const uint64_t most = kind == Piece::Kind::kDocument ? limits_.document_bytes
                          : kind == Piece::Kind::kConfig ? limits_.config_bytes
                                                         : limits_.blob_bytes;
    if (content.size > most) {
      return fail(Code::kCorrupt, "its size of " + std::to_string(content.size) +
                                      " bytes is beyond the limit of " + std::to_string(most));
    }
    total_ += content.size;
    if (kind == Piece::Kind::kDocument) documents_ += content.size;
    if (documents_ > limits_.documents_bytes)
      return fail(Code::kCorrupt, "its indexes and manifests are larger than any image's");
    if (total_ <= limits_.image_bytes) return {};
    return fail(Code::kCorrupt,
                "the image has more than " + std::to_string(limits_.image_bytes >> 20) + " MiB");
  }

  const Outline& outline_;
  const Limits& limits_;
  std::vector<const Outline::Branch*> branches_;
  bool documents_only_ = false;
  std::map<Digest, uint64_t> sizes_;
  uint64_t total_ = 0, documents_ = 0;
  Status judged_;
};

// The one this host will unpack, if its documents are here.
const Outline::Branch* host_branch(const Outline& outline, const std::optional<Platform>& platform,
                                   const Outline::Branch* chosen, const Platform& host) {
  if (!platform) chosen = outline.choose(host, "").value_or(nullptr);
  if (chosen == nullptr || !chosen->config) return nullptr;
  return suitability(*chosen->platform(), host) > 0 ? chosen : nullptr;
}

Status check_root(const Outline& outline) {
  if (!outline.indexes.empty() || !outline.branches.front().is_known_not_to_run()) return {};
  return fail(Code::kUnsupported, "it is of a kind that can't be run");
}

}  // namespace

Json Piece::to_json() const {
  return {{"kind", kind == Kind::kDocument ? "manifest" : "blob"},
          {"content", content.to_json()},
          {"what", what}};
}

Result<Plan> Plan::make(const Content& content, const Descriptor& root,
                        const std::optional<Platform>& platform, const Platform& host,
                        const Limits& limits) {
  const std::string name = root.digest.brief();
  const auto of_image = [&](Error error) {
    return fail(std::move(error).context("image " + name));
  };
  const Result<Outline> outline = Outline::read(content, root, limits);
  if (!outline) return of_image(outline.error());
  if (Status runs = check_root(*outline); !runs) return of_image(std::move(runs.error()));
  Planner planner(*outline, limits);
  const Result<const Outline::Branch*> chosen = planner.choose(platform, name);
  if (!chosen) return tl::unexpected(chosen.error());
  const Outline::Branch* branch = host_branch(*outline, platform, *chosen, host);
  if (Status judged = planner.add_all(branch); !judged) return of_image(std::move(judged.error()));
  Plan plan{std::move(planner.pieces), {}};
  if (branch != nullptr) plan.host_manifest = branch->manifest.digest;
  return plan;
}

Result<Json> plan_pull(const Store& store, const Descriptor& root,
                       const std::optional<Platform>& platform) {
  const Result<Plan> plan = Plan::make(store.incoming, root, platform, store.host, store.limits);
  if (!plan) return tl::unexpected(plan.error());
  Json missing = Json::array(), present = Json::array();
  for (const Piece& piece : plan->pieces) {
    if (!store.incoming.has(piece.content.digest)) {
      // What is all there, but wasn't found to be whole, begins anew: there is nothing to ask for.
      const uint64_t have = store.incoming.have(piece.content.digest);
      missing.push_back(piece.to_json());
      missing.back()["have"] = have < piece.content.size ? have : 0;
    } else if (piece.kind == Piece::Kind::kLayer) {
      present.push_back({{"content", piece.content.to_json()}, {"what", piece.what}});
    }
  }
  Json answer{{"missing", std::move(missing)}, {"present", std::move(present)}};
  if (plan->host_manifest) answer["manifest"] = plan->host_manifest->text();
  return answer;
}

}  // namespace bulkhead::storage
