#include "guest/core/http2_server.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

#include "guest/core/answers.hpp"
#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

// Methods and paths of this protocol are short; what is longer names nothing.
constexpr size_t kFieldLimit = 256;

nghttp2_nv field(std::string_view name, std::string_view value) {
  nghttp2_nv nv{};
  nv.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  nv.namelen = name.size();
  nv.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  nv.valuelen = value.size();
  return nv;
}

std::vector<nghttp2_nv> fields_of(const Headers& headers) {
  std::vector<nghttp2_nv> fields;
  for (const auto& [name, value] : headers) fields.push_back(field(name, value));
  return fields;
}

}  // namespace

struct Http2Server::Callbacks {
  static Http2Server& self(void* user) { return *static_cast<Http2Server*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      self(user).streams_.try_emplace(frame->hd.stream_id);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                    void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Stream* stream = self(user).find(frame->hd.stream_id);
    if (stream == nullptr || value_size > kFieldLimit) return 0;
    std::string_view key(reinterpret_cast<const char*>(name), name_size);
    std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":method") stream->method = text;
    if (key == ":path") stream->path = text;
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Server& server = self(user);
    StreamId id = frame->hd.stream_id;
    Stream* stream = server.find(id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      server.handler_.request(id, stream->method, stream->path);
      stream = server.find(id);
    }
    bool carries_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (stream == nullptr || !carries_end || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
      return 0;
    if (stream->owner != nullptr) {
      stream->owner->end_input();
    } else {
      server.handler_.body_end(id);
    }
    return 0;
  }

  static int data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* bytes, size_t size,
                  void* user) {
    Http2Server& server = self(user);
    nghttp2_session_consume_connection(session, size);
    Stream* stream = server.find(id);
    std::string_view text(reinterpret_cast<const char*>(bytes), size);
    if (stream != nullptr && stream->owner != nullptr) {
      stream->owner->take_input(text);
      return 0;
    }
    server.consumed(id, stream != nullptr ? server.handler_.body(id, text) : size);
    return 0;
  }

  static int stream_closed(nghttp2_session*, int32_t id, uint32_t, void* user) {
    Http2Server& server = self(user);
    auto found = server.streams_.find(id);
    if (found == server.streams_.end()) return 0;
    StreamOwner* owner = found->second.owner;
    server.streams_.erase(found);
    if (owner != nullptr) owner->detach();
    server.handler_.closed(id);
    return 0;
  }

  // A host that still owes the end of its request would keep the answered stream open for good.
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Stream* stream = self(user).find(frame->hd.stream_id);
    if (stream != nullptr && stream->owner != nullptr && stream->owner->takes_input_after_output())
      return 0;
    bool carries_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static ssize_t read_answer(nghttp2_session*, int32_t id, uint8_t* space, size_t size,
                             uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream* stream = self(user).find(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t step = std::min(size, stream->answer.size() - stream->answered);
    memcpy(space, stream->answer.data() + stream->answered, step);
    stream->answered += step;
    if (stream->answered == stream->answer.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(step);
  }

  static ssize_t read_owner(nghttp2_session* session, int32_t id, uint8_t* space, size_t size,
                            uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream* stream = self(user).find(id);
    if (stream == nullptr || stream->owner == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    StreamOwner::Output output = stream->owner->fill_output({space, size});
    if (output.size > 0) return static_cast<ssize_t>(output.size);
    if (output.then != StreamOwner::Then::kEnd) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    Headers trailers = stream->owner->trailers();
    std::vector<nghttp2_nv> fields = fields_of(trailers);
    nghttp2_submit_trailer(session, id, fields.data(), fields.size());
    return 0;
  }
};

Http2Server::Http2Server(RequestHandler& handler) : handler_(handler) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_option_new(&option);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::stream_closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::frame_sent);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);

  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kStreamWindow)}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2Server::~Http2Server() {
  nghttp2_session_del(session_);
  for (auto& [id, stream] : streams_) {
    if (stream.owner != nullptr) stream.owner->detach();
    handler_.closed(id);
  }
}

Status Http2Server::feed(std::string_view bytes) {
  ssize_t taken = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                                           bytes.size());
  if (taken >= 0) return {};
  return fail(Code::kCorrupt, std::string("the host's bytes are not HTTP/2: ") +
                                  nghttp2_strerror(static_cast<int>(taken)));
}

size_t Http2Server::take_output(std::span<uint8_t> space) {
  size_t filled = 0;
  while (filled < space.size()) {
    if (unsent_.empty()) {
      const uint8_t* frame = nullptr;
      ssize_t size = nghttp2_session_mem_send(session_, &frame);
      if (size <= 0) break;
      unsent_ = {reinterpret_cast<const char*>(frame), static_cast<size_t>(size)};
    }
    size_t step = std::min(space.size() - filled, unsent_.size());
    memcpy(space.data() + filled, unsent_.data(), step);
    unsent_.remove_prefix(step);
    filled += step;
  }
  return filled;
}

bool Http2Server::over() const {
  return unsent_.empty() && nghttp2_session_want_read(session_) == 0 &&
         nghttp2_session_want_write(session_) == 0;
}

void Http2Server::respond(StreamId id, int status, std::string body) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->answer = std::move(body);
  std::string code = std::to_string(status);
  nghttp2_nv fields[] = {field(":status", code)};
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_answer;
  nghttp2_submit_response(session_, id, fields, std::size(fields), &provider);
}

void Http2Server::respond_error(StreamId id, const Error& error) {
  respond(id, http_status(error.code), error_body(error));
}

void Http2Server::respond_from_owner(StreamId id, Headers headers) {
  headers.insert(headers.begin(), {":status", "200"});
  std::vector<nghttp2_nv> fields = fields_of(headers);
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_owner;
  nghttp2_submit_response(session_, id, fields.data(), fields.size(), &provider);
}

void Http2Server::set_owner(StreamId id, StreamOwner* owner) {
  if (Stream* stream = find(id)) stream->owner = owner;
}

void Http2Server::resume(StreamId id) {
  nghttp2_session_resume_data(session_, id);
}

void Http2Server::consumed(StreamId id, size_t bytes) {
  nghttp2_session_consume_stream(session_, id, bytes);
}

Http2Server::Stream* Http2Server::find(StreamId id) {
  auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

}  // namespace bulkhead::guest
