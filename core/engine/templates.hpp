// Templates: machines that were booted once and saved, of which containers' machines are clones
// (plugins/runtime-qemu/template_layout.hpp has what one is).
//
//     a start asks source()  ->  none yet: it boots, and learned() has one built a moment later
//                            ->  one:      its sealed memory goes with runtime.create
//
// No template is ever a reason for a start to fail: one that can't be read, isn't what it was or
// isn't what the runtime would make now is dropped, and the start boots. Building is in the
// background, one at a time. Journal: template.built and template.dropped are the list of what
// there is; a use or a miss is told by the start's outcome ("template", "cloned", "notCloned").
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/loop/handles.hpp"
#include "plugin_port.hpp"
#include "store/ledger.hpp"
#include "template_files.hpp"

namespace bulkhead::engine {

class Templates {
 public:
  struct Parts {
    loop::Loop& loop;
    store::Ledger& ledger;
    std::string directory;  // <data>/templates
    // Runs the first function on a worker thread and then the second on the loop.
    std::function<void(std::function<void()> blocking, std::function<void()> then)> work;
    // runtime.template in a host that ends with the answer.
    std::function<void(const Json& request, std::vector<UniqueFd> fds, Answer done)> build;
    // The machine of a container that asks for nothing; null as long as it isn't known.
    std::function<Json()> usual;
  };
  explicit Templates(Parts parts);

  bool enabled() const;  // the property template.enabled

  // What a machine can be cloned from: the "template" of runtime.create's machine and the two
  // descriptors that come last with it.
  struct Source {
    std::string key;
    Json body;
    UniqueFd ram, state;
  };
  void source(const Json& machine, std::function<void(std::optional<Source>)> then);
  // The key of the template that this machine can be cloned from; "" if there is none now.
  std::string key(const Json& machine) const;
  // After source() had none: a sentence, "" if none is wanted.
  std::string why_none(const Json& machine) const;
  // The machine is there. `key` of what it was given, "" if nothing; `created` is the answer of
  // runtime.create.
  void learned(const Json& machine, const std::string& key, const Json& created);

  // {"id": ...} of the template for this machine, which is built if there is none.
  void build(const Json& machine, Answer done);
  // {"deleted": [id], "reclaimed": bytes}
  void prune(const model::Origin& origin, Answer done);

  // At start: what lies on disk and isn't in the journal goes; the template for the usual machine
  // is read, or built when the service has been idle for a while.
  void prepare();
  void close() { closing_ = true; }

 private:
  struct Wanted {
    std::string key;
    Json shape;
    std::vector<Answer> waiting;
  };
  std::string place(const std::string& key) const { return parts_.directory + "/" + key; }
  void want(const Json& shape, Answer done);
  void build_next();
  void built(const Result<Json>& made, TemplateFiles files);
  void stored(const Json& made, const Result<StoredTemplate>& result, TemplateFiles files);
  void finish(const Result<Json>& result);
  void load(const std::string& key, std::function<void()> then);
  void drop(const std::string& key, const std::string& reason);
  void remove_files(const std::string& key);
  void drop_surplus();
  std::optional<Source> take(const std::string& key);
  const model::State& state() const { return parts_.ledger.state(); }

  Parts parts_;
  std::map<std::string, TemplateFiles> loaded_;
  std::map<std::string, std::vector<std::function<void()>>> loading_;
  std::deque<Wanted> wanted_;  // the first is being built, if building_
  std::set<std::string> hopeless_;
  loop::Timer patience_;
  loop::Timer idle_;
  bool building_ = false;
  bool closing_ = false;
};

}  // namespace bulkhead::engine
