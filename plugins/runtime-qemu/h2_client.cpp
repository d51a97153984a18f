#include "h2_client.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <optional>

namespace bulkhead::qemu {
namespace {

constexpr size_t kMaxFields = 16;
constexpr size_t kMaxFieldBytes = 64;

Failure broken(std::string_view how) {
  return fail(Code::kCorrupt, "the guest broke HTTP/2: " + std::string(how));
}

std::string_view view(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  // nghttp2 copies both unless told otherwise; its type is only older than const.
  auto bytes = [](std::string_view s) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(s.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> H2Fields::number(std::string_view name) const {
  for (const auto& [key, value] : extensions) {
    if (key == name) return whole_number(value);
  }
  return std::nullopt;
}

// nghttp2's callbacks. Their return values: 0 goes on, CALLBACK_FAILURE would end the session,
// TEMPORAL one stream.
struct H2Client::Callbacks {
  static H2Exchange* exchange(H2Client* self, int32_t stream) {
    const auto found = self->exchanges_.find(stream);
    return found == self->exchanges_.end() ? nullptr : found->second;
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame*, void* user) {
    static_cast<H2Client*>(user)->incoming_ = {};
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
    H2Fields& fields = static_cast<H2Client*>(user)->incoming_;
    const std::string_view key = view(name, name_size);
    const std::string_view text = view(value, value_size);
    if (key == ":status") {
      fields.status = static_cast<int>(whole_number(text).value_or(0));
    } else if (key.starts_with("x-") && fields.extensions.size() < kMaxFields &&
               key.size() + text.size() <= kMaxFieldBytes) {
      fields.extensions.emplace_back(key, text);
    }
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto* self = static_cast<H2Client*>(user);
    const int32_t stream = frame->hd.stream_id;
    if (frame->hd.type == NGHTTP2_GOAWAY) self->verdict_ = "it said goodbye";
    if (frame->hd.type == NGHTTP2_HEADERS) {
      H2Exchange* target = exchange(self, stream);
      const H2Fields fields = std::move(self->incoming_);
      const bool interim = fields.status >= 100 && fields.status < 200;
      if (target && fields.status == 0) {
        target->on_trailers(fields);
      } else if (target && !interim) {
        target->on_response(fields);
      }
    }
    const bool carries_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) self->answer_ended(stream);
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      self->end(stream, was_reset(frame->rst_stream.error_code));
    }
    return 0;
  }

  static Failure was_reset(uint32_t error) {
    return fail(Code::kUnavailable,
                std::string("the guest reset the request (") + nghttp2_http2_strerror(error) + ")");
  }

  // This side never says goodbye of its own accord: a GOAWAY on its way out is nghttp2's verdict on
  // what the guest sent.
  static int before_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      const auto& verdict = frame->goaway;
      static_cast<H2Client*>(user)->verdict_ =
          std::string(nghttp2_http2_strerror(verdict.error_code)) + " " +
          std::string(view(verdict.opaque_data, verdict.opaque_data_len));
    }
    return 0;
  }

  static int data(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* bytes,
                  size_t size, void* user) {
    auto* self = static_cast<H2Client*>(user);
    nghttp2_session_consume_connection(session, size);
    if (H2Exchange* target = exchange(self, stream)) target->on_body({bytes, size});
    return 0;
  }

  static int close(nghttp2_session*, int32_t stream, uint32_t error, void* user) {
    auto* self = static_cast<H2Client*>(user);
    self->end(stream, error == NGHTTP2_NO_ERROR ? Status() : was_reset(error));
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, int32_t stream, uint8_t* into, size_t room,
                           uint32_t* flags, nghttp2_data_source*, void* user) {
    auto* self = static_cast<H2Client*>(user);
    H2Exchange* target = exchange(self, stream);
    if (!target) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const H2Exchange::Pulled pulled = target->pull_body({into, room});
    if (pulled.end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (pulled.bytes == 0 && !pulled.end) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(pulled.bytes);
  }

  // nghttp2 cuts bodies at 16 KiB unless asked; fewer, larger frames cost the guest fewer turns of
  // its loop.
  static ssize_t body_frame_size(nghttp2_session*, uint8_t, int32_t, int32_t session_window,
                                 int32_t stream_window, uint32_t peer_limit, void*) {
    const auto window = static_cast<size_t>(std::max(0, std::min(session_window, stream_window)));
    return static_cast<ssize_t>(std::min({window, size_t{peer_limit}, kFrameSize}));
  }

  static nghttp2_session* make_session(H2Client* self) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
    nghttp2_session* session = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) {
      throw std::bad_alloc();
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame);
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, before_send);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, close);
    nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, body_frame_size);
    nghttp2_option_set_no_auto_window_update(option, 1);
    const int made = nghttp2_session_client_new2(&session, callbacks, self, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) throw std::bad_alloc();
    return session;
  }
};

H2Client::H2Client() : session_(Callbacks::make_session(this), nghttp2_session_del) {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, kFrameSize},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 8192},
  };
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

H2Client::~H2Client() = default;

Result<int32_t> H2Client::open(std::string_view method, std::string_view path,
                               H2Exchange& exchange) {
  const nghttp2_nv fields[] = {field(":method", method), field(":scheme", "http"),
                               field(":authority", "guest"), field(":path", path)};
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::read_body;
  const int32_t stream = nghttp2_submit_request(session_.get(), nullptr, fields, std::size(fields),
                                                method == "GET" ? nullptr : &body, nullptr);
  if (stream < 0) {
    return fail(Code::kUnavailable,
                std::string("the guest can't be asked any more: ") + nghttp2_strerror(stream));
  }
  exchanges_.emplace(stream, &exchange);
  return stream;
}

void H2Client::resume(int32_t stream) {
  nghttp2_session_resume_data(session_.get(), stream);
}

void H2Client::consume(int32_t stream, size_t bytes) {
  nghttp2_session_consume_stream(session_.get(), stream, bytes);
}

void H2Client::abandon(int32_t stream) {
  if (exchanges_.erase(stream) == 0) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

Status H2Client::feed(std::span<const uint8_t> bytes) {
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (taken < 0) return broken(nghttp2_strerror(static_cast<int>(taken)));
  if (!verdict_.empty()) return broken(verdict_);
  return {};
}

Status H2Client::take_output(std::string& out, size_t limit) {
  while (out.size() < limit) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size < 0) return broken(nghttp2_strerror(static_cast<int>(size)));
    if (size == 0) break;
    out.append(view(bytes, static_cast<size_t>(size)));
  }
  if (!verdict_.empty()) return broken(verdict_);
  return {};
}

void H2Client::answer_ended(int32_t stream) {
  // What was asked for in full ends with its stream, which is closing.
  const bool open = nghttp2_session_get_stream_local_close(session_.get(), stream) == 0;
  const auto found = exchanges_.find(stream);
  if (found != exchanges_.end() && found->second->on_answer_end() && open) return;
  end(stream, {});
  // The guest has said all; whatever of the request isn't sent yet interests nobody.
  if (open) nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
}

void H2Client::end(int32_t stream, const Status& how) {
  const auto found = exchanges_.find(stream);
  if (found == exchanges_.end()) return;
  H2Exchange* exchange = found->second;
  exchanges_.erase(found);  // first: on_end() may destroy the exchange
  exchange->on_end(how);
}

void H2Client::fail_all(const Error& why) {
  while (!exchanges_.empty()) end(exchanges_.begin()->first, fail(why));
}

}  // namespace bulkhead::qemu
