#include "guest_channel.hpp"

#include <algorithm>
#include <cstring>

#include "guest_requests.hpp"

namespace bulkhead::qemu {
namespace {

constexpr size_t kLargestAnswer = 1 << 20;  // guest/PROTOCOL.md
// Sent ahead of what the kernel has taken. More would only delay an exec's first byte behind
// another's input.
constexpr size_t kOutputQueue = 128 << 10;

}  // namespace

// A request with one answer. Destroys itself when it has given it.
class GuestChannel::Unary : public H2Exchange {
 public:
  Unary(GuestChannel& channel, std::string what, std::string body, Answer answer)
      : channel_(channel),
        what_(std::move(what)),
        to_send_(std::move(body)),
        answer_(std::move(answer)),
        deadline_(channel.loop_, [this] { give_up(); }) {}

  void start(int32_t stream, std::chrono::milliseconds deadline) {
    stream_ = stream;
    allowed_ = deadline;
    deadline_.start(static_cast<uint64_t>(deadline.count()));
  }

  Pulled pull_body(std::span<uint8_t> into) override {
    const size_t take = std::min(into.size(), to_send_.size() - sent_);
    std::memcpy(into.data(), to_send_.data() + sent_, take);
    sent_ += take;
    return {take, sent_ == to_send_.size()};
  }

  void on_response(const H2Fields& fields) override { status_ = fields.status; }

  void on_body(std::span<const uint8_t> bytes) override {
    if (body_.size() + bytes.size() > kLargestAnswer) {
      channel_.h2_.abandon(stream_);
      return finish(fail(Code::kCorrupt, "the guest's answer is larger than 1 MiB"));
    }
    body_.append(bytes.begin(), bytes.end());
    channel_.h2_.consume(stream_, bytes.size());
  }

  void on_trailers(const H2Fields&) override {}

  void on_end(const Status& how) override { finish(how ? outcome() : fail(how.error())); }

  void finish(Result<Json> result) {
    if (!result) result = fail(std::move(result.error()).context(what_));
    const Answer answer = std::move(answer_);
    channel_.unaries_.erase(this);  // `this` is gone
    answer(std::move(result));
  }

 private:
  Result<Json> outcome() const {
    if (status_ < 200 || status_ > 299) return fail(guest_error(status_, body_));
    auto parsed = parse_json(body_);
    if (!parsed || !parsed->is_object()) {
      return fail(Code::kCorrupt, "the guest's answer is no JSON object");
    }
    return parsed;
  }

  void give_up() {
    channel_.h2_.abandon(stream_);
    GuestChannel& channel = channel_;
    finish(fail(Code::kTimeout,
                "the guest didn't answer within " + std::to_string(allowed_.count()) + " ms"));
    channel.flush();
  }

  GuestChannel& channel_;
  std::string what_;
  std::string to_send_;
  size_t sent_ = 0;
  int32_t stream_ = 0;
  int status_ = 0;
  std::string body_;
  Answer answer_;
  std::chrono::milliseconds allowed_{0};
  loop::Timer deadline_;
};

GuestChannel::GuestChannel(loop::Loop& loop, UniqueFd fd, Callbacks callbacks)
    : loop_(loop),
      callbacks_(std::move(callbacks)),
      lost_timer_(loop,
                  [this] {
                    h2_.fail_all(*broken_);
                    const auto lost = callbacks_.lost;
                    lost(*broken_);
                  }),
      stream_(loop, std::move(fd)) {
  stream_.set_callbacks({
      [this](std::string_view bytes, std::vector<UniqueFd>&) { on_bytes(bytes); },
      [this](const Status& how) {
        lose(how ? Error{Code::kUnavailable, "the guest closed its control connection", {}}
                 : how.error());
      },
      [this] { flush(); },
  });
  stream_.resume();
  flush();  // the preface is on its way before the guest exists
}

GuestChannel::~GuestChannel() = default;

void GuestChannel::request(std::string_view path, const Json* body,
                           std::chrono::milliseconds deadline, Answer answer) {
  const std::string method = body ? "POST" : "GET";
  std::string text;
  if (body) text = dump_json(*body);
  auto unary = std::make_unique<Unary>(*this, method + " " + std::string(path), std::move(text),
                                       std::move(answer));
  Unary* raw = unary.get();
  unaries_.emplace(raw, std::move(unary));
  auto stream = broken_ ? fail(*broken_) : h2_.open(method, path, *raw);
  if (!stream) return raw->finish(fail(stream.error()));
  raw->start(*stream, deadline);
  flush();
}

Result<int32_t> GuestChannel::open(std::string_view path, H2Exchange& exchange,
                                   std::string_view method) {
  if (broken_) return fail(*broken_);
  auto stream = h2_.open(method, path, exchange);
  flush();
  return stream;
}

void GuestChannel::resume(int32_t stream) {
  h2_.resume(stream);
  flush();
}

void GuestChannel::consume(int32_t stream, size_t bytes) {
  h2_.consume(stream, bytes);
  flush();
}

void GuestChannel::abandon(int32_t stream) {
  h2_.abandon(stream);
  flush();
}

void GuestChannel::on_bytes(std::string_view bytes) {
  if (broken_) return;
  if (!heard_) {
    heard_ = true;
    if (callbacks_.first_word) callbacks_.first_word();
  }
  busy_ = true;
  auto fed = h2_.feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  busy_ = false;
  if (!fed) return lose(fed.error());
  flush();
}

void GuestChannel::flush() {
  if (busy_ || broken_) return;
  busy_ = true;
  Status taken;
  while (taken && stream_.queued() < kOutputQueue) {
    std::string out;
    taken = h2_.take_output(out, kOutputQueue);
    if (out.empty()) break;
    stream_.write(std::move(out));
  }
  busy_ = false;
  if (!taken) lose(taken.error());
}

void GuestChannel::lose(Error why) {
  if (broken_) return;
  broken_ = std::move(why);
  stream_.pause();
  lost_timer_.start(0);
}

}  // namespace bulkhead::qemu
