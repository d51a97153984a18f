// One request and its answer on a connection of their own. A local connection costs less than
// keeping one alive would in code, and an upgraded or streaming one can't be shared anyway.
//
// Bulk data goes as descriptor beside the request (docs/reference/api.md, "Descriptors"), so bodies
// are short and are sent whole before anything is read.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "http/response_parser.hpp"

namespace bulkhead::cli {

struct Request {
  std::string method;
  std::string target;     // path and query
  std::string body = {};  // JSON, or empty
  bool upgrade = false;   // ask for "bulkhead-stream"
  int descriptor = -1;    // travels by SCM_RIGHTS with the first byte; stays the caller's
  bool secret = false;    // the body is shown to nobody, --debug or not
};

// The bytes of the request, head and body.
std::string to_wire(const Request& request);

class Exchange {
 public:
  // Waits until `fd` can be read, or fails: the place for a caller that must also see to something
  // else.
  using Wait = std::function<Status(int fd)>;

  // Sends the request on a connected socket.
  static Result<Exchange> begin(UniqueFd socket, const Request& request);

  // Reads to the end of the head; false status codes are not errors here.
  Status read_head(const Wait& wait = {});
  unsigned status() const { return parser_.status(); }
  std::string header(std::string_view name) const { return parser_.header(name); }

  // The whole body, at most 256 MiB.
  Result<std::string> read_body();
  // The next piece of the body; empty at its end.
  Result<std::string> read_piece(const Wait& wait = {});

  // After a 101: the connection, and what of it has been read already.
  std::pair<UniqueFd, std::string> take_connection();

 private:
  explicit Exchange(UniqueFd socket) : socket_(std::move(socket)) {}
  bool is_answered() const;
  Status read_more(const Wait& wait);

  UniqueFd socket_;
  ResponseParser parser_;
  std::string unparsed_;
};

}  // namespace bulkhead::cli
