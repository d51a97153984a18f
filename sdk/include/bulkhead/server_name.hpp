// A registry's name, in the one spelling that images use: a host in lower case, with its port if it
// has one. Docker Hub is "docker.io", whatever it is called: "index.docker.io" and
// "registry-1.docker.io" answer for it, and Docker files its login under
// "https://index.docker.io/v1/".
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead {

// Of what a user types at `registry login`, and of the keys in Docker's configuration: also with a
// scheme, and with the path of the API's root. The error doesn't repeat the text, which may hold a
// password before an '@'.
Result<std::string> server_of_login(std::string_view text);

}  // namespace bulkhead
