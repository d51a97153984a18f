#include "http_client.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace bulkhead::registry {
namespace {

constexpr size_t kMostHeaderBytes = 256 * 1024;
constexpr long kReadBuffer = 256 * 1024;
// Slower than this for stall_s is as good as nothing: a byte now and then must not hold a pull up.
constexpr long kSlowestBytesPerSecond = 256;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

bool worth_another_try(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
      return true;
    default:
      return false;
  }
}

Code code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Code::kTimeout;
    case CURLE_PEER_FAILED_VERIFICATION:
      return Code::kDenied;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Code::kInvalid;
    default:
      return Code::kUnavailable;
  }
}

std::string hint_of(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return "registries.toml can name its CA (ca) or trust it as it is (insecure)";
    case CURLE_SSL_CONNECT_ERROR:
      return "a registry without TLS needs --scheme http";
    default:
      return {};
  }
}

}  // namespace

const std::string& HttpHead::field(const std::string& name) const {
  static const std::string kNone;
  const auto found = fields.find(name);
  return found == fields.end() ? kNone : found->second;
}

// --- the multi handle on the loop ---

struct HttpClient::Multi {
  Multi(loop::Loop& owner, std::string agent)
      : loop(owner),
        user_agent(std::move(agent)),
        timer(loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }) {
    static const CURLcode kOnce = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)kOnce;
    handle = curl_multi_init();
    curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(handle, CURLMOPT_TIMERDATA, this);
  }
  ~Multi() { curl_multi_cleanup(handle); }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    Multi& multi = *static_cast<Multi*>(self);
    if (what == CURL_POLL_REMOVE) {
      multi.sockets.erase(socket);
      return 0;
    }
    std::unique_ptr<loop::Poll>& poll = multi.sockets[socket];
    if (!poll) {
      poll = std::make_unique<loop::Poll>(multi.loop, socket, [&multi, socket](int events) {
        multi.act(socket, ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                              ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0));
      });
    }
    poll->watch((what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0));
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self) {
    Multi& multi = *static_cast<Multi*>(self);
    if (milliseconds < 0) {
      multi.timer.stop();
    } else {
      multi.timer.start(static_cast<uint64_t>(milliseconds));
    }
    return 0;
  }

  void act(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(handle, socket, events, &running);
    tell_ended();
  }
  void tell_ended();

  loop::Loop& loop;
  std::string user_agent;
  CURLM* handle = nullptr;
  std::map<curl_socket_t, std::unique_ptr<loop::Poll>> sockets;
  loop::Timer timer;
};

// --- one transfer ---

class HttpCall::Transfer {
 public:
  Transfer(HttpClient::Multi& multi, const HttpRequest& request, Handler handler)
      : multi_(multi),
        handler_(std::move(handler)),
        body_(request.body),
        file_(request.file),
        file_begin_(request.file_offset),
        file_bytes_(request.file_bytes),
        file_at_(request.file_offset),
        file_left_(request.file_bytes),
        late_(multi.loop, [this] { ended(CURLE_WRITE_ERROR); }) {
    easy_ = curl_easy_init();
    set_up(request);
    curl_multi_add_handle(multi_.handle, easy_);
  }
  ~Transfer() {
    curl_multi_remove_handle(multi_.handle, easy_);
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // What was held back comes at once, from within this call. If it is refused, libcurl tells only
  // here that the transfer is over.
  void resume() {
    if (curl_easy_pause(easy_, CURLPAUSE_CONT) != CURLE_OK) late_.start(0);
  }

  void ended(CURLcode code) {
    if (!handler_.done) return;
    auto done = std::exchange(handler_.done, nullptr);
    if (code == CURLE_OK && !refused_) {
      // A response without a body has had no occasion to show its head.
      if (Status shown = show_head(); !shown) refused_ = std::move(shown.error());
    }
    if (refused_) {
      const HttpFailure failure{std::move(*refused_), false};
      return done(&failure);  // `this` may be gone after it
    }
    if (code == CURLE_OK) return done(nullptr);
    std::string why = reason_[0] != '\0' ? reason_ : curl_easy_strerror(code);
    for (char& c : why) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    const HttpFailure failure{{code_of(code), std::move(why), hint_of(code)},
                              worth_another_try(code)};
    done(&failure);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);
  }

  void set_up(const HttpRequest& request) {
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_USERAGENT, multi_.user_agent.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, reason_);
    set(CURLOPT_BUFFERSIZE, kReadBuffer);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, this);
    set_transport(request.transport);
    set_method(request);
    for (const std::string& header : request.headers)
      headers_ = curl_slist_append(headers_, header.c_str());
    // Nobody here waits for a "100 Continue"; some registries never say it.
    headers_ = curl_slist_append(headers_, "Expect:");
    set(CURLOPT_HTTPHEADER, headers_);
  }

  void set_transport(const Transport& transport) {
    set(CURLOPT_CONNECTTIMEOUT_MS, transport.connect_ms);
    set(CURLOPT_LOW_SPEED_LIMIT, kSlowestBytesPerSecond);
    set(CURLOPT_LOW_SPEED_TIME, transport.stall_s);
    if (!transport.ca_file.empty()) set(CURLOPT_CAINFO, transport.ca_file.c_str());
    if (!transport.certificate.empty()) set(CURLOPT_SSLCERT, transport.certificate.c_str());
    if (!transport.key.empty()) set(CURLOPT_SSLKEY, transport.key.c_str());
    if (transport.insecure) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!transport.proxy.empty()) set(CURLOPT_PROXY, transport.proxy.c_str());
    if (transport.no_proxy) set(CURLOPT_PROXY, "");
  }

  void set_method(const HttpRequest& request) {
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
      return;
    }
    if (request.file >= 0) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, on_read);
      set(CURLOPT_READDATA, this);
      // A kept connection that turns out to be dead has taken bytes that must go again. A PUT may
      // be sent twice; of a PATCH nobody knows how much was taken, so that is a failure.
      if (request.method == "PUT") {
        set(CURLOPT_SEEKFUNCTION, on_seek);
        set(CURLOPT_SEEKDATA, this);
      }
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.file_bytes));
    } else if (request.method != "GET") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, body_.c_str());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    }
    if (request.method != "GET") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  static size_t on_header(char* data, size_t, size_t size, void* self) {
    return static_cast<Transfer*>(self)->take_header({data, size}) ? size : 0;
  }

  bool take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kMostHeaderBytes) {
      refused_ = Error{Code::kCorrupt, "its answer has headers without end", {}};
      return false;
    }
    if (line.starts_with("HTTP/")) {
      head_ = {};  // of a "100 Continue", or of the proxy
      return true;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string value(trimmed(line.substr(colon + 1)));
    std::string& field = head_.fields[lower(trimmed(line.substr(0, colon)))];
    // A field that comes twice is one list (RFC 9110, 5.3): challenges do.
    field = field.empty() ? std::move(value) : field + ", " + value;
    return true;
  }

  static size_t on_body(char* data, size_t, size_t size, void* self) {
    return static_cast<Transfer*>(self)->take_body({data, size});
  }

  Status show_head() {
    if (std::exchange(head_shown_, true)) return {};
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    head_.status = static_cast<int>(status);
    return handler_.head(head_);
  }

  // From here no exception may reach libcurl's frames.
  size_t take_body(std::string_view bytes) noexcept {
    try {
      if (Status shown = show_head(); !shown) {
        refused_ = std::move(shown.error());
        return CURL_WRITEFUNC_ERROR;
      }
      const Result<Taken> taken = handler_.body(bytes);
      if (!taken) {
        refused_ = taken.error();
        return CURL_WRITEFUNC_ERROR;
      }
      return *taken == Taken::kAll ? bytes.size() : CURL_WRITEFUNC_PAUSE;
    } catch (const std::exception& thrown) {
      refused_ = Error{Code::kInternal, thrown.what(), {}};
      return CURL_WRITEFUNC_ERROR;
    }
  }

  static int on_seek(void* self, curl_off_t offset, int origin) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (origin != SEEK_SET || offset < 0 || static_cast<uint64_t>(offset) > transfer.file_bytes_)
      return CURL_SEEKFUNC_FAIL;
    transfer.file_at_ = transfer.file_begin_ + static_cast<uint64_t>(offset);
    transfer.file_left_ = transfer.file_bytes_ - static_cast<uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }

  static size_t on_read(char* buffer, size_t, size_t size, void* self) {
    return static_cast<Transfer*>(self)->read_file(buffer, size);
  }

  size_t read_file(char* buffer, size_t size) {
    const size_t wanted = std::min<uint64_t>(size, file_left_);
    if (wanted == 0) return 0;
    const ssize_t n = ::pread(file_, buffer, wanted, static_cast<off_t>(file_at_));
    if (n <= 0) {
      refused_ = n < 0 ? fail_errno("read what is to be sent", errno).value()
                       : Error{Code::kCorrupt, "what is to be sent is shorter than it was", {}};
      return CURL_READFUNC_ABORT;
    }
    file_at_ += static_cast<uint64_t>(n);
    file_left_ -= static_cast<uint64_t>(n);
    if (handler_.sent) handler_.sent(static_cast<uint64_t>(n));
    return static_cast<size_t>(n);
  }

  HttpClient::Multi& multi_;
  Handler handler_;
  std::string body_;
  int file_;
  uint64_t file_begin_, file_bytes_;
  uint64_t file_at_, file_left_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  char reason_[CURL_ERROR_SIZE] = "";
  HttpHead head_;
  bool head_shown_ = false;
  size_t header_bytes_ = 0;
  std::optional<Error> refused_;  // by us: what curl says then is only a consequence
  loop::Timer late_;
};

void HttpClient::Multi::tell_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    HttpCall::Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->ended(message->data.result);
  }
}

HttpCall::HttpCall(HttpClient& client, const HttpRequest& request, Handler handler)
    : transfer_(std::make_unique<Transfer>(*client.multi_, request, std::move(handler))) {}
HttpCall::~HttpCall() = default;

void HttpCall::resume() {
  transfer_->resume();
}

HttpClient::HttpClient(loop::Loop& loop, std::string user_agent)
    : multi_(std::make_unique<Multi>(loop, std::move(user_agent))) {}
HttpClient::~HttpClient() = default;

}  // namespace bulkhead::registry
