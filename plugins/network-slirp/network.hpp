// One network: its switch, gateway and names, and who is on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "gateway_port.hpp"
#include "requests.hpp"
#include "switch.hpp"
#include "tap.hpp"

namespace bulkhead::net {

class Network {
 public:
  using Complain = std::function<void(const std::string&)>;

  Network(loop::Loop& loop, const CreateRequest& request, Complain complain);
  ~Network();

  const std::string& id() const { return id_; }
  std::string tap() const { return tap_ ? tap_->name() : ""; }
  const std::string& why_no_tap() const { return why_no_tap_; }  // "" if none was asked for

  struct Ends {
    UniqueFd vm;     // goes into the machine
    UniqueFd spare;  // a duplicate of the switch's own end
  };
  // `end`: the switch's end of a cable that is plugged in already, to go on with. Without one a
  // cable is made.
  Result<Ends> attach(const AttachRequest& request, UniqueFd end);
  void detach(const std::string& container);
  void set_names(NetworkNames names);
  Json inspect() const;
  std::vector<std::string> keep_only(const std::vector<std::string>& alive);

 private:
  Status check(const AttachRequest& request) const;
  void open_tap(const CreateRequest& request, const Complain& complain);

  loop::Loop& loop_;
  std::string id_;
  std::optional<std::string> dns_domain_;
  Gateway gateway_;
  bool host_only_answers_ = false;
  DnsZone zone_;
  Answers host_answers_;
  Switch switch_;
  std::unique_ptr<GatewayPort> port_;
  std::unique_ptr<Tap> tap_;
  std::string why_no_tap_;
  std::map<std::string, std::unique_ptr<Member>> members_;
};

}  // namespace bulkhead::net
