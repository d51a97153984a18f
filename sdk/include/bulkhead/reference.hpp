// Image references: "web" -> "docker.io/library/web:latest". Names are compared in this one
// spelling and shown in the short one.
//
//     reference  domain "/" path [":" tag] ["@" digest]
//     domain     host name, IPv4 or [IPv6], with an optional ":" port
//     path       components of [a-z0-9]+ joined by one of . _ __ or any number of -,
//                separated by "/"
//     tag        [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
//     digest     algorithm ":" hex; sha256 and sha512 with their full length
//
// That is the OCI distribution grammar. As everywhere else, the first component is a domain only if
// it looks like one: it holds a dot, a colon or a capital, or is "localhost".
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead {

struct Reference {
  std::string domain;  // "docker.io"
  std::string path;    // "library/web"
  std::string tag;     // "latest"; empty only if there is a digest
  std::string digest;  // "sha256:..." or empty

  // The one spelling.
  std::string text() const;
  // What a user would type: without the default domain and the "library/" of Docker Hub.
  std::string familiar(std::string_view default_domain = "docker.io") const;

  bool operator==(const Reference&) const = default;
};

// kInvalid with the reason. A name of 64 hex digits is refused, because it would look like an
// image's id for ever.
Result<Reference> parse_reference(std::string_view text,
                                  std::string_view default_domain = "docker.io");

bool is_digest(std::string_view text);

}  // namespace bulkhead
