// Machines that wait for a container: cloned from the template that the last start used, tried out
// with a rehearsal (model/rehearsal.hpp) and undone again. A container that gets one needn't wait
// for QEMU, and finds the guest's ways warm.
//
//     a start asks take()  ->  one that fits: its host becomes the container's (HostPort::take)
//                          ->  none: it is cloned, or booted
//     wanted() after each  ->  a moment without another start later, one is parked
//
// Like templates they are never a reason for a start to fail. They are nobody's state: the journal
// has the starts that used one ("parked": true in the outcome), and what a service that is gone has
// left parked its successor ends with the other hosts that no container claims. A machine that was
// parked for another template, or that nobody has used for a while, is given up; so are those that
// are too many when a property or a template's end says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/handles.hpp"
#include "host_port.hpp"
#include "templates.hpp"

namespace bulkhead::engine {

class Parking {
 public:
  struct Parts {
    loop::Loop& loop;
    store::Ledger& ledger;
    HostPort& hosts;
    PluginPort& storage;
    Templates& templates;
  };
  explicit Parking(Parts parts);
  ~Parking();

  struct Machine {
    std::string host;              // its name among the hosts
    std::vector<UniqueFd> cables;  // the switches' ends, one for each of its cards
    std::string key;               // of the template it is a clone of
  };
  // One that can become this machine (runtime.create's); whose it is from then on.
  std::optional<Machine> take(const Json& machine);

  // A container was started on this machine, from this image: the next may be like it.
  struct Example {
    Json machine;
    std::string digest;
    Json platform;
  };
  void wanted(Example example);

  void close(std::function<void()> done);
  // How many are ready, of the template with this key.
  size_t count(const std::string& key) const;

 private:
  struct Attempt;
  size_t wished() const;
  void fill();
  void wishes_changed();
  void park(const Example& example, Templates::Source source);
  void done(const Attempt& attempt, std::vector<UniqueFd> cables);
  void failed(const Attempt& attempt, const Error& why);
  void drop_disks(const std::string& host);
  void keep(size_t most);

  Parts parts_;
  std::optional<Example> example_;
  std::string key_;  // of the template that the machines are clones of
  std::vector<Machine> parked_;
  std::string attempt_;  // the host that is being parked; "" if none is
  bool closing_ = false;
  loop::Timer moment_;
  loop::Timer idle_;
  int subscription_;
};

}  // namespace bulkhead::engine
