#include "fake_guest.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

namespace bulkhead::qemu::test {
namespace {

std::vector<nghttp2_nv> to_nv(const FieldList& fields) {
  std::vector<nghttp2_nv> out;
  for (const auto& [name, value] : fields) {
    out.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                   reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                   value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return out;
}

}  // namespace

struct FakeGuest::Callbacks {
  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto* self = static_cast<FakeGuest*>(user);
    self->requests_.push_back({frame->hd.stream_id, {}, {}, {}, false, false, 0});
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t ns,
                    const uint8_t* value, size_t vs, uint8_t, void* user) {
    auto* self = static_cast<FakeGuest*>(user);
    const std::string key(reinterpret_cast<const char*>(name), ns);
    const std::string text(reinterpret_cast<const char*>(value), vs);
    GuestRequest& request = self->request(frame->hd.stream_id);
    if (key == ":method") request.method = text;
    if (key == ":path") request.path = text;
    return 0;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto* self = static_cast<FakeGuest*>(user);
    const bool carries_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries_end && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
      self->request(frame->hd.stream_id).complete = true;
    }
    return 0;
  }
  static int data(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes, size_t size,
                  void* user) {
    static_cast<FakeGuest*>(user)->request(stream).body.append(reinterpret_cast<const char*>(bytes),
                                                               size);
    return 0;
  }
  static int close(nghttp2_session*, int32_t stream, uint32_t code, void* user) {
    GuestRequest& request = static_cast<FakeGuest*>(user)->request(stream);
    request.reset = code != NGHTTP2_NO_ERROR;
    request.reset_code = code;
    return 0;
  }
  static ssize_t read(nghttp2_session* session, int32_t stream, uint8_t* into, size_t room,
                      uint32_t* flags, nghttp2_data_source*, void* user) {
    Body& body = static_cast<FakeGuest*>(user)->bodies_[stream];
    const size_t take = std::min(room, body.bytes.size() - body.sent);
    std::memcpy(into, body.bytes.data() + body.sent, take);
    body.sent += take;
    if (body.sent == body.bytes.size() && body.ended) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (body.has_trailers) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto nv = to_nv(body.trailers);
        nghttp2_submit_trailer(session, stream, nv.data(), nv.size());
      }
      return static_cast<ssize_t>(take);
    }
    if (take == 0) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(take);
  }
};

FakeGuest::FakeGuest(bool auto_window) : session_(nullptr, nghttp2_session_del) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, auto_window ? 0 : 1);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1024},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20},
  };
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 16 << 20);
}

FakeGuest::~FakeGuest() = default;

bool FakeGuest::feed(std::string_view bytes) {
  return nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()),
                                  bytes.size()) == static_cast<ssize_t>(bytes.size());
}

std::string FakeGuest::take_output() {
  std::string out;
  for (;;) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size <= 0) return out;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
}

GuestRequest& FakeGuest::request(int32_t stream) {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const GuestRequest& r) { return r.stream == stream; });
  if (found != requests_.end()) return *found;
  requests_.push_back({stream, {}, {}, {}, false, false, 0});
  return requests_.back();
}

GuestRequest* FakeGuest::find(std::string_view path) {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const GuestRequest& r) { return r.path == path; });
  return found == requests_.end() ? nullptr : &*found;
}

void FakeGuest::answer(int32_t stream, int status, std::string_view body) {
  begin(stream, status);
  send(stream, body);
  end_without_trailers(stream);
}

void FakeGuest::begin(int32_t stream, int status, const FieldList& fields) {
  FieldList all = {{":status", std::to_string(status)}};
  all.insert(all.end(), fields.begin(), fields.end());
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read;
  bodies_[stream];
  const auto nv = to_nv(all);
  nghttp2_submit_response(session_.get(), stream, nv.data(), nv.size(), &provider);
}

void FakeGuest::send(int32_t stream, std::string_view bytes) {
  bodies_[stream].bytes += bytes;
  nghttp2_session_resume_data(session_.get(), stream);
}

void FakeGuest::end(int32_t stream, const FieldList& trailers) {
  bodies_[stream].trailers = trailers;
  bodies_[stream].has_trailers = true;
  end_without_trailers(stream);
}

void FakeGuest::end_without_trailers(int32_t stream) {
  bodies_[stream].ended = true;
  nghttp2_session_resume_data(session_.get(), stream);
}

void FakeGuest::reset(int32_t stream) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
}

void FakeGuest::goaway() {
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
}

void FakeGuest::release(int32_t stream, size_t bytes) {
  nghttp2_session_consume(session_.get(), stream, bytes);
}

std::string output_frame(uint8_t type, std::string_view bytes) {
  std::string out(8, '\0');
  out[0] = static_cast<char>(type);
  for (int i = 0; i < 4; ++i) out[4 + i] = static_cast<char>(bytes.size() >> (24 - 8 * i));
  return out.append(bytes);
}

}  // namespace bulkhead::qemu::test
