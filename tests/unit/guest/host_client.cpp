#include "host_client.hpp"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bulkhead::guest::test {

std::string Reply::output(uint8_t kind) const {
  std::string bytes;
  for (size_t at = 0; at + 8 <= body.size();) {
    auto byte = [&](size_t i) { return size_t{static_cast<uint8_t>(body[at + i])}; };
    size_t length = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
    if (byte(0) == kind) bytes += body.substr(at + 8, length);
    at += 8 + length;
  }
  return bytes;
}

struct HostClient::Callbacks {
  static HostClient& self(void* user) { return *static_cast<HostClient*>(user); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                    void* user) {
    Reply& reply = self(user).streams_[frame->hd.stream_id].reply;
    std::string key(reinterpret_cast<const char*>(name), name_size);
    std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") reply.status = std::stoi(text);
    reply.headers[key] = text;
    return 0;
  }

  static int data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* bytes, size_t size,
                  void* user) {
    HostClient& client = self(user);
    Stream& stream = client.streams_[id];
    stream.reply.body.append(reinterpret_cast<const char*>(bytes), size);
    if (client.reading_) {
      nghttp2_session_consume(session, id, size);
    } else {
      stream.unread += size;
    }
    return 0;
  }

  static int closed(nghttp2_session*, int32_t id, uint32_t error, void* user) {
    Reply& reply = self(user).streams_[id].reply;
    reply.closed = true;
    reply.reset = error;
    return 0;
  }

  static ssize_t read(nghttp2_session*, int32_t id, uint8_t* space, size_t size, uint32_t* flags,
                      nghttp2_data_source*, void* user) {
    Stream& stream = self(user).streams_[id];
    size_t step = std::min(size, stream.unsent.size());
    memcpy(space, stream.unsent.data(), step);
    stream.unsent.erase(0, step);
    if (stream.unsent.empty() && stream.finished) *flags |= NGHTTP2_DATA_FLAG_EOF;
    stream.deferred = step == 0 && !stream.finished;
    if (stream.deferred) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(step);
  }
};

HostClient::HostClient() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20},
                                             {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1024}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 16 << 20);
}

HostClient::~HostClient() {
  nghttp2_session_del(session_);
}

int32_t HostClient::request(const std::string& method, const std::string& path, std::string body,
                            bool end) {
  auto field = [](const char* name, const std::string& value) {
    return nghttp2_nv{reinterpret_cast<uint8_t*>(const_cast<char*>(name)),
                      reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), strlen(name),
                      value.size(), NGHTTP2_NV_FLAG_NONE};
  };
  const std::string scheme = "http", authority = "guest";
  const nghttp2_nv fields[] = {field(":method", method), field(":scheme", scheme),
                               field(":authority", authority), field(":path", path)};
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read;
  bool has_body = !end || !body.empty();
  int32_t id = nghttp2_submit_request(session_, nullptr, fields, std::size(fields),
                                      has_body ? &provider : nullptr, nullptr);
  streams_[id].unsent = std::move(body);
  streams_[id].finished = end;
  return id;
}

void HostClient::send(int32_t id, std::string_view bytes) {
  streams_[id].unsent.append(bytes);
  nghttp2_session_resume_data(session_, id);
}

void HostClient::finish(int32_t id) {
  streams_[id].finished = true;
  nghttp2_session_resume_data(session_, id);
}

void HostClient::reset(int32_t id) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
}

void HostClient::set_reading(bool reading) {
  reading_ = reading;
  if (!reading) return;
  for (auto& [id, stream] : streams_) {
    nghttp2_session_consume(session_, id, stream.unread);
    stream.unread = 0;
  }
}

bool HostClient::feed(std::string_view bytes) {
  return nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                                  bytes.size()) >= 0;
}

std::string HostClient::take_output() {
  std::string bytes;
  const uint8_t* frame = nullptr;
  while (ssize_t size = nghttp2_session_mem_send(session_, &frame)) {
    if (size < 0) break;
    bytes.append(reinterpret_cast<const char*>(frame), static_cast<size_t>(size));
  }
  return bytes;
}

bool HostClient::drive(int fd, const Condition& condition, std::chrono::milliseconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (pending_.empty()) pending_ = take_output();
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    short events = pending_.empty() ? POLLIN : POLLIN | POLLOUT;
    pollfd ready{fd, events, 0};
    if (poll(&ready, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
    if ((ready.revents & POLLOUT) != 0) {
      ssize_t put = ::send(fd, pending_.data(), pending_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put > 0) pending_.erase(0, static_cast<size_t>(put));
    }
    if ((ready.revents & (POLLIN | POLLHUP)) != 0) {
      char piece[65536];
      ssize_t got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
      if (got == 0) return condition();
      if (got > 0 && !feed({piece, static_cast<size_t>(got)})) return false;
    }
  }
  return true;
}

std::string process_body(std::string_view json, std::string_view input) {
  auto length = static_cast<uint32_t>(json.size());
  std::string body = {static_cast<char>(length >> 24), static_cast<char>(length >> 16),
                      static_cast<char>(length >> 8), static_cast<char>(length)};
  return body.append(json).append(input);
}

}  // namespace bulkhead::guest::test
