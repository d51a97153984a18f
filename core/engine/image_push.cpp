#include "image_push.hpp"

#include "barrier.hpp"
#include "content_piece.hpp"
#include "model/read_json.hpp"

namespace bulkhead::engine {
namespace {

constexpr size_t kMostUploads = 3;

}  // namespace

ImagePush::ImagePush(PluginPort& storage, PluginPort& registry, const model::Event& intent,
                     const std::string& local_domain, TransferProgress progress, Done done)
    : storage_(storage),
      registry_(registry),
      request_(intent.data),
      remote_(remote_of(intent.data, local_domain)),
      progress_(std::move(progress)),
      done_(std::move(done)) {}

Answer ImagePush::while_open(std::function<void(const Json&)> then) {
  return [self = shared_from_this(), then = std::move(then)](Result<Json> result) {
    if (!self->done_) return;
    if (!result) return self->fail_with(std::move(result.error()));
    if (auto thrown = guarded([&] { then(*result); })) self->fail_with(std::move(*thrown));
  };
}

void ImagePush::begin(std::deque<std::pair<std::string, std::string>> neighbours) {
  neighbours_ = std::move(neighbours);
  ask_next_neighbour();
}

// A neighbour that can't be listed is no reason not to push.
void ImagePush::ask_next_neighbour() {
  if (neighbours_.empty()) return list();
  const auto [reference, digest] = std::move(neighbours_.front());
  neighbours_.pop_front();
  storage_.ask("storage.contents", {{"digest", digest}},
               [self = shared_from_this(), reference = reference](const Result<Json>& contents) {
                 if (!self->done_) return;
                 if (contents)
                   for (const Json& piece : pieces_at(*contents, "contents"))
                     self->mounts_[digest_of_piece(piece)].push_back(reference);
                 self->ask_next_neighbour();
               });
}

void ImagePush::list() {
  Json request = {{"digest", model::read_text(request_, "digest")}};
  if (request_.contains("platform")) request["platform"] = request_["platform"];
  storage_.ask("storage.contents", request,
               while_open([this](const Json& contents) { listed(contents); }));
}

void ImagePush::listed(const Json& contents) {
  root_ = model::member(contents, "root");
  for (const Json& piece : pieces_at(contents, "contents")) {
    const bool manifest = model::read_text(piece, "kind") == "manifest";
    (manifest ? manifests_ : blobs_).push_back(piece);
    progress_.item(piece, "waiting", 0, size_of_piece(piece));
  }
  upload_more();
}

void ImagePush::upload_more() {
  while (done_ && !blobs_.empty() && uploading_.size() + opening_ < kMostUploads) {
    const Json piece = std::move(blobs_.front());
    blobs_.pop_front();
    upload(piece);
  }
  if (!done_ || !uploading_.empty() || opening_ > 0 || !blobs_.empty()) return;
  if (manifests_.empty())
    return finish(Json{{"reference", model::read_text(request_, "reference")},
                       {"digest", model::read_text(root_, "digest")},
                       {"sent", sent_}});
  const Json piece = std::move(manifests_.front());
  manifests_.pop_front();
  upload(piece);
}

void ImagePush::upload(const Json& piece) {
  ++opening_;
  storage_.transact(
      unjournaled_op(), "storage.open", {{"digest", digest_of_piece(piece)}}, {}, {},
      [self = shared_from_this(), piece](Result<Json> opened, std::vector<UniqueFd> fds) {
        --self->opening_;
        if (!self->done_) return;
        if (!opened) return self->fail_with(std::move(opened.error()));
        if (fds.empty()) return self->fail_with({Code::kInternal, "the store opened nothing", {}});
        self->send(piece, std::move(fds.front()));
      });
}

void ImagePush::send(const Json& piece, UniqueFd content) {
  Json request = remote_;
  request["kind"] = model::member(piece, "kind");
  request["content"] = model::member(piece, "content");
  const std::string digest = digest_of_piece(piece);
  if (auto mounts = mounts_.find(digest); mounts != mounts_.end())
    request["mountFrom"] = mounts->second;
  request["tag"] = manifests_.empty() && digest == model::read_text(root_, "digest");
  const uint64_t op = unjournaled_op();
  uploading_.insert(op);
  auto answer = while_open([this, piece](const Json& result) { uploaded(piece, result); });
  registry_.transact(
      op, "registry.upload", request, one_descriptor(std::move(content)),
      [self = shared_from_this(), piece](const Json& note) {
        if (self->done_) self->progress_.moved(piece, "uploading", note);
      },
      [self = shared_from_this(), op, answer](Result<Json> result, const std::vector<UniqueFd>&) {
        self->uploading_.erase(op);
        give(answer, std::move(result));
      });
}

void ImagePush::uploaded(const Json& piece, const Json& result) {
  sent_ += model::read_integer(result, "bytes").value_or(0);
  progress_.item(piece, model::read_text(result, "outcome", "uploaded").c_str(),
                 size_of_piece(piece), size_of_piece(piece));
  upload_more();
}

void ImagePush::cancel() {
  fail_with({Code::kRetry, "cancelled, because nobody waits for it any longer", {}});
}

void ImagePush::fail_with(Error error) {
  if (!done_) return;
  finish(fail(std::move(error).context("push " + model::read_text(request_, "reference"))));
}

void ImagePush::finish(Result<Json> result) {
  auto done = std::exchange(done_, nullptr);
  for (const uint64_t op : uploading_) registry_.cancel(op);
  done(std::move(result));
}

}  // namespace bulkhead::engine
