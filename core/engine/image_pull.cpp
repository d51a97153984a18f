#include "image_pull.hpp"

#include "barrier.hpp"
#include "bulkhead/reference.hpp"
#include "content_piece.hpp"
#include "model/image_decide.hpp"
#include "model/read_json.hpp"
#include "model/views.hpp"

namespace bulkhead::engine {
namespace {

constexpr int kMostRounds = 16;  // nesting of indexes is bounded by the store; this is the rest
constexpr int kMostTimes = 3;    // that one piece comes

// Apart from its manifest, which is an item of its own.
Json disk_item(const std::string& manifest) {
  return {{"content", {{"digest", manifest + "/disk"}}}, {"what", "disk"}};
}

}  // namespace

ImagePull::ImagePull(Parts parts, const model::Event& intent, const std::string& local_domain,
                     TransferProgress progress, Done done)
    : parts_(std::move(parts)),
      request_(intent.data),
      remote_(remote_of(intent.data, local_domain)),
      origin_{intent.actor, intent.seq, {}},
      progress_(std::move(progress)),
      done_(std::move(done)) {}

Answer ImagePull::while_open(std::function<void(const Json&)> then) {
  return [self = shared_from_this(), then = std::move(then)](Result<Json> result) {
    if (!self->done_) return;
    if (!result) return self->fail_with(std::move(result.error()));
    if (auto thrown = guarded([&] { then(*result); })) self->fail_with(std::move(*thrown));
  };
}

void ImagePull::begin() {
  // What a digest means never changes.
  const std::string reference = model::read_text(request_, "reference");
  const auto parsed = parse_reference(reference);
  const auto here = model::find_image(parts_.state(), parsed ? parsed->digest : "");
  if (parsed && !parsed->digest.empty() && here && (*here)->digest == parsed->digest) {
    root_ = model::member((*here)->image, "descriptor");
    return plan();
  }
  resolve();
}

void ImagePull::resolve() {
  auto answer = while_open([this](const Json& resolved) {
    root_ = model::member(resolved, "root");
    plan();
  });
  parts_.registry.transact(
      unjournaled_op(), "registry.resolve", remote_, {},
      [self = shared_from_this()](const Json& note) { self->progress_.moved({}, "waiting", note); },
      [answer](Result<Json> result, const std::vector<UniqueFd>&) {
        give(answer, std::move(result));
      });
}

void ImagePull::plan() {
  if (++rounds_ > kMostRounds)
    return fail_with({Code::kCorrupt, "its documents lead on and on without an end", {}});
  planning_ = true;
  look_again_ = false;
  Json request = {{"root", root_}};
  if (request_.contains("platform")) request["platform"] = request_["platform"];
  parts_.storage.ask("storage.plan", request, while_open([this](const Json& plan) {
                       planning_ = false;
                       planned(plan);
                     }));
}

void ImagePull::planned(const Json& plan) {
  for (const Json& piece : pieces_at(plan, "present"))
    if (!came_.contains(digest_of_piece(piece)))
      progress_.item(piece, "present", size_of_piece(piece), size_of_piece(piece));
  for (const Json& piece : pieces_at(plan, "missing")) {
    if (came_[digest_of_piece(piece)] >= kMostTimes)
      return fail_with({Code::kCorrupt, model::read_text(piece, "what") + " comes and goes", {}});
    waiting_.push_back(piece);
    progress_.item(piece, "waiting", model::read_integer(piece, "have").value_or(0),
                   size_of_piece(piece));
  }
  manifest_ = model::read_text(plan, "manifest");
  if (!manifest_.empty() && disk_ == Disk::kNone) unpack();
  fetch_more();
}

void ImagePull::fetch_more() {
  const auto most = static_cast<size_t>(
      std::max<int64_t>(1, model::read_integer(request_, "maxConcurrentDownloads").value_or(3)));
  while (done_ && !waiting_.empty() && fetching_.size() < most) {
    const Json piece = std::move(waiting_.front());
    waiting_.pop_front();
    fetch_one(piece);
  }
  if (!done_ || planning_ || !fetching_.empty()) return;
  if (look_again_) return plan();
  // All of it is here, and verified: what kept the disk from being made may have gone with it.
  if (disk_ == Disk::kAgain) return unpack();
  if (disk_ == Disk::kBeingMade) return;
  planning_ = true;  // nothing else begins
  parts_.in_turn([self = shared_from_this()](const std::function<void()>& over) {
    self->done_ ? self->admit(over) : over();
  });
}

void ImagePull::fetch_one(const Json& piece) {
  const std::string digest = digest_of_piece(piece);
  WantedContent wanted{remote_, model::read_text(piece, "kind"), model::member(piece, "content"),
                       model::read_integer(piece, "have").value_or(0)};
  fetching_[digest] = nullptr;
  ContentFetches::Watcher watcher;
  auto self = shared_from_this();
  watcher.progress = [self, piece](const Json& note) {
    if (self->done_) self->progress_.moved(piece, "downloading", note);
  };
  watcher.done = [self, piece, digest](const Result<int64_t>& result) {
    if (!self->done_) return;
    if (result)
      self->progress_.item(piece, *result > 0 ? "downloaded" : "present", size_of_piece(piece),
                           size_of_piece(piece));
    self->fetched(digest, result);
  };
  auto ticket = parts_.fetches.fetch(wanted, origin_, std::move(watcher));
  // It may have ended within that call.
  if (auto found = fetching_.find(digest); found != fetching_.end()) found->second = ticket;
}

void ImagePull::fetched(const std::string& digest, const Result<int64_t>& result) {
  fetching_.erase(digest);
  if (!result && result.error().code != Code::kConflict) return fail_with(result.error());
  if (result) {
    received_ += *result;
    ++came_[digest];
  }
  look_again_ = true;
  fetch_more();
}

void ImagePull::unpack() {
  disk_ = Disk::kBeingMade;
  unpack_op_ = unjournaled_op();
  auto self = shared_from_this();
  parts_.storage.transact(
      unpack_op_, "storage.unpack", {{"manifest", manifest_}}, {},
      [self](const Json& note) {
        if (self->done_)
          self->progress_.item(disk_item(self->manifest_), "unpacking",
                               model::read_integer(note, "done").value_or(0), 0);
      },
      [self](const Result<Json>& result, const std::vector<UniqueFd>&) {
        self->unpack_op_ = 0;
        if (self->done_) self->unpacked(result);
      });
}

void ImagePull::unpacked(const Result<Json>& result) {
  if (result) {
    disk_ = Disk::kMade;
    const int64_t bytes = model::read_integer(*result, "diskBytes").value_or(0);
    progress_.item(disk_item(manifest_), received_ == 0 ? "present" : "unpacked", bytes, bytes);
    return fetch_more();
  }
  // Bytes that aren't verified yet may be wrong: they, and not the image, are to blame then, and
  // come again.
  const bool arriving = planning_ || !fetching_.empty() || !waiting_.empty() || look_again_;
  if (!arriving || result.error().code == Code::kNoSpace) return fail_with(result.error());
  disk_ = Disk::kAgain;
}

void ImagePull::admit(const std::function<void()>& over) {
  Json request = {{"reference", model::read_text(request_, "reference")}, {"root", root_}};
  if (request_.contains("platform")) request["platform"] = request_["platform"];
  parts_.storage.ask(
      "storage.admit", request, [self = shared_from_this(), over](Result<Json> admitted) {
        if (!self->done_) return over();
        if (admitted)
          return self->finish(Pulled{model::member(*admitted, "image"), self->received_, over});
        over();
        if (admitted.error().code != Code::kRetry)
          return self->fail_with(std::move(admitted.error()));
        self->plan();  // a collection was faster
      });
}

void ImagePull::cancel() {
  fail_with({Code::kRetry, "cancelled, because nobody waits for it any longer", {}});
}

void ImagePull::fail_with(Error error) {
  if (!done_) return;
  finish(fail(std::move(error).context("pull " + model::read_text(request_, "reference"))));
}

void ImagePull::finish(Result<Pulled> result) {
  auto done = std::exchange(done_, nullptr);
  waiting_.clear();
  if (unpack_op_ != 0) parts_.storage.cancel(unpack_op_);
  const auto fetching = std::exchange(fetching_, {});  // their tickets: nobody waits
  done(std::move(result));
}

}  // namespace bulkhead::engine
