// What a command works with; main() makes the real one, tests make theirs. No command reaches for a
// global.
#pragma once

#include "client/api.hpp"
#include "client/service.hpp"
#include "io/output.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

struct Context {
  int in = 0;
  Output out{1};
  Output err{2};
  Environment environment = process_environment();
  bool debug = false;
  Service service;

  Api api() { return Api(service, debug ? &err : nullptr); }
  // "warning: ..." lines and the like never go to standard output.
  void warn(std::string_view text) { err.line("Warning: " + std::string(text)); }
};

}  // namespace bulkhead::cli
