#include "images.hpp"

#include "bulkhead/reference.hpp"
#include "image_pull.hpp"
#include "image_push.hpp"
#include "model/evolve.hpp"
#include "model/facts.hpp"
#include "model/image_decide.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/views.hpp"

namespace bulkhead::engine {
namespace {

std::string digest_of(const Json& image) {
  return model::read_text(model::member(image, "descriptor"), "digest");
}

// An outcome names what came; the facts beside it carry the images themselves.
Json names_of(const Json& images) {
  Json names = Json::array();
  for (const Json& image : images) {
    Json name = {{"digest", digest_of(image)}};
    if (std::string reference = model::read_text(image, "reference"); !reference.empty())
      name["reference"] = reference;
    names.push_back(std::move(name));
  }
  return names;
}

Json array_of(const Json& object, const char* key) {
  const Json& value = model::member(object, key);
  return value.is_array() ? value : Json::array();
}

// Of a name in an outcome. Fails if it is gone since: a repeat may come late.
Result<Json> view_of(const model::State& state, const Json& name) {
  std::string digest = model::read_text(name, "digest");
  auto found = model::find_image(state, model::read_text(name, "reference", digest));
  if (!found) return fail(std::move(found.error()));
  return model::image_view(state, **found);
}

Result<Json> view_of_first(const model::State& state, const Json& outcome) {
  Json names = array_of(outcome, "images");
  return view_of(state, names.empty() ? Json() : names.front());
}

Json loaded_view(const model::State& state, const Json& outcome) {
  Json views = Json::array();
  for (const Json& name : array_of(outcome, "images"))
    if (auto view = view_of(state, name)) views.push_back(std::move(*view));
  return {{"images", std::move(views)}, {"skipped", array_of(outcome, "skipped")}};
}

// The image's name leads to it already, and to nothing less of it: that is no news.
bool means_already(const model::State& state, const Json& image) {
  const auto found = state.images.find(model::read_text(image, "reference"));
  return found != state.images.end() && found->second.image == image;
}

model::Origin caused_by(const model::Origin& origin, const model::Event& intent) {
  return {origin.actor, intent.seq, {}};
}

Failure nobody_waits() {
  return fail(Code::kRetry, "cancelled, because nobody waits for it any longer");
}

}  // namespace

void Images::in_turn(Turn flow, Answer done) {
  turns_.push_back([this, flow = std::move(flow), done = std::move(done)] {
    flow([this, done](Result<Json> result) {
      done(std::move(result));
      turns_.pop_front();
      next_turn();
    });
  });
  if (turns_.size() == 1) next_turn();
}

void Images::next_turn() {
  if (turns_.empty()) return;
  auto turn = turns_.front();  // a copy: the flow pops the original when it ends
  turn();
}

void Images::transfer(const model::Event& intent, const std::string& method, const Json& request,
                      UniqueFd fd, const InterestPtr& interest, Answer answer) {
  const auto op = static_cast<uint64_t>(intent.seq);
  storage_.call(op, method, request, one_descriptor(std::move(fd)),
                [interest, answer = std::move(answer)](Result<Json> result) {
                  interest->settle();
                  answer(std::move(result));
                });
  interest->on_lost([this, op] { storage_.cancel(op); });
}

void Images::load(const Json& request, UniqueFd archive, const InterestPtr& interest,
                  const model::Origin& origin, Answer done) {
  auto fd = std::make_shared<UniqueFd>(std::move(archive));
  auto flow = [this, request, fd, interest, origin](Answer answer) {
    if (interest->lost()) return answer(nobody_waits());
    Operations::Steps steps;
    steps.decide = [request, origin](const model::State& state) {
      return model::decide_image_load(state, request, origin);
    };
    steps.effect = [this, request, fd, interest, origin](const model::Event& intent,
                                                         const Report& report) {
      transfer(intent, "storage.load", request, std::move(*fd), interest,
               [intent, origin, report](Result<Json> loaded) {
                 if (!loaded) return report({fail(std::move(loaded.error())), {}});
                 Json images = array_of(*loaded, "images");
                 Json skipped = array_of(*loaded, "skipped");
                 Json outcome = {{"images", names_of(images)}, {"skipped", skipped}};
                 report({outcome, [images, origin, intent](std::size_t index) {
                           return model::tagged_facts(images, index, caused_by(origin, intent));
                         }});
               });
    };
    steps.answer = [this](const model::Operation&, const Json& outcome) {
      return loaded_view(state(), outcome);
    };
    operations_.perform(origin, std::move(steps), std::move(answer));
  };
  in_turn(std::move(flow), std::move(done));
}

void Images::import_root(const Json& request, UniqueFd archive, const InterestPtr& interest,
                         const model::Origin& origin, Answer done) {
  auto fd = std::make_shared<UniqueFd>(std::move(archive));
  auto flow = [this, request, fd, interest, origin](Answer answer) {
    if (interest->lost()) return answer(nobody_waits());
    Operations::Steps steps;
    steps.decide = [request, origin](const model::State& state) {
      return model::decide_image_import(state, request, origin);
    };
    steps.effect = [this, fd, interest, origin](const model::Event& intent, const Report& report) {
      // The decision may have completed the request (a normalised reference).
      transfer(intent, "storage.import", intent.data, std::move(*fd), interest,
               [intent, origin, report](Result<Json> imported) {
                 if (!imported) return report({fail(std::move(imported.error())), {}});
                 Json image = model::member(*imported, "image");
                 Json images = Json::array({image});
                 report({Json{{"images", names_of(images)}},
                         [images, origin, intent](std::size_t index) {
                           return model::tagged_facts(images, index, caused_by(origin, intent));
                         }});
               });
    };
    steps.answer = [this](const model::Operation&, const Json& outcome) {
      return view_of_first(state(), outcome);
    };
    operations_.perform(origin, std::move(steps), std::move(answer));
  };
  in_turn(std::move(flow), std::move(done));
}

void Images::save(const Json& request, UniqueFd output, const InterestPtr& interest,
                  const model::Origin& origin, Answer done) {
  auto fd = std::make_shared<UniqueFd>(std::move(output));
  Operations::Steps steps;
  steps.decide = [request, origin](const model::State& state) {
    return model::decide_image_save(state, request, origin);
  };
  steps.effect = [this, fd, interest](const model::Event& intent, const Report& report) {
    transfer(intent, "storage.save", intent.data, std::move(*fd), interest,
             [report](Result<Json> saved) {
               report({std::move(saved), {}});
             });
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

std::string Images::local_domain() const {
  return model::property_value(state(), "dns.domain").value_or("");
}

void Images::pull(const Json& request, TransferProgress progress, const InterestPtr& interest,
                  const model::Origin& origin, Answer done) {
  // The turn that the pull ends in lasts until the journal has the image.
  auto over = std::make_shared<std::function<void()>>();
  Operations::Steps steps;
  steps.decide = [this, request, origin](const model::State& now) {
    return model::decide_image_pull(now, request, host_platform_, origin);
  };
  steps.effect = [this, progress = std::move(progress), interest, origin, over](
                     const model::Event& intent, const Report& report) {
    auto pull = std::make_shared<ImagePull>(
        ImagePull::Parts{
            storage_, registry_, fetches_, [this]() -> const model::State& { return state(); },
            [this](ImagePull::Parts::Turn turn) {
              in_turn([turn = std::move(turn)](
                          const Answer& answer) { turn([answer] { answer(Json()); }); },
                      [](const Result<Json>&) {});
            }},
        intent, local_domain(), progress,
        [this, interest, intent, origin, over, report](Result<ImagePull::Pulled> pulled) {
          --pulls_;
          interest->settle();
          if (!pulled) return report({fail(std::move(pulled.error())), {}});
          *over = std::move(pulled->over);
          const Json images = Json::array({pulled->image});
          report({Json{{"images", names_of(images)}, {"received", pulled->received}},
                  [this, images, origin, intent](std::size_t index) {
                    if (means_already(state(), images.front())) return model::Decision();
                    return model::tagged_facts(images, index, caused_by(origin, intent));
                  }});
        });
    ++pulls_;
    pull->begin();
    // The pull holds the interest until it ends; what is under way holds the pull.
    interest->on_lost([waiting = std::weak_ptr<ImagePull>(pull)] {
      if (auto open = waiting.lock()) open->cancel();
    });
  };
  steps.answer = [this](const model::Operation&, const Json& outcome) {
    return view_of_first(state(), outcome);
  };
  operations_.perform(origin, std::move(steps),
                      [over, done = std::move(done)](Result<Json> result) {
                        if (auto end = std::exchange(*over, nullptr)) end();
                        done(std::move(result));
                      });
}

// Where a blob may be mounted from: a few, because each costs a question.
std::deque<std::pair<std::string, std::string>> Images::neighbours_of(
    const std::string& reference) const {
  constexpr size_t kMost = 8;
  std::deque<std::pair<std::string, std::string>> neighbours;
  const auto own = parse_reference(reference);
  for (const auto& [name, image] : state().images) {
    const auto other = parse_reference(name);
    if (!own || !other || other->domain != own->domain || other->path == own->path) continue;
    neighbours.emplace_back(name, image.digest);
    if (neighbours.size() == kMost) break;
  }
  return neighbours;
}

void Images::push(const Json& request, TransferProgress progress, const InterestPtr& interest,
                  const model::Origin& origin, Answer done) {
  Operations::Steps steps;
  steps.decide = [request, origin](const model::State& now) {
    return model::decide_image_push(now, request, origin);
  };
  steps.effect = [this, progress = std::move(progress), interest](const model::Event& intent,
                                                                  const Report& report) {
    auto push = std::make_shared<ImagePush>(storage_, registry_, intent, local_domain(), progress,
                                            [interest, report](Result<Json> pushed) {
                                              interest->settle();
                                              report({std::move(pushed), {}});
                                            });
    push->begin(neighbours_of(model::read_text(intent.data, "reference")));
    interest->on_lost([waiting = std::weak_ptr<ImagePush>(push)] {
      if (auto open = waiting.lock()) open->cancel();
    });
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

void Images::tag(const std::string& source, const std::string& target, const model::Origin& origin,
                 Answer done) {
  auto flow = [this, source, target, origin](Answer answer) {
    Operations::Steps steps;
    steps.decide = [source, target, origin](const model::State& state) {
      return model::decide_image_tag(state, source, target, origin);
    };
    steps.effect = [this, origin](const model::Event& intent, const Report& report) {
      Json request = {{"reference", model::read_text(intent.data, "target")},
                      {"digest", model::read_text(intent.data, "digest")}};
      storage_.call(
          static_cast<uint64_t>(intent.seq), "storage.tag", request, {},
          [intent, origin, report](Result<Json> tagged) {
            if (!tagged) return report({fail(std::move(tagged.error())), {}});
            Json image = model::member(*tagged, "image");
            image["reference"] = model::read_text(intent.data, "target");
            Json images = Json::array({image});
            report(
                {Json{{"images", names_of(images)}}, [images, origin, intent](std::size_t index) {
                   return model::tagged_facts(images, index, caused_by(origin, intent));
                 }});
          });
    };
    steps.answer = [this](const model::Operation&, const Json& outcome) {
      return view_of_first(state(), outcome);
    };
    operations_.perform(origin, std::move(steps), std::move(answer));
  };
  in_turn(std::move(flow), std::move(done));
}

// Delete and prune are one effect: the names go from the store's index, then what nothing holds any
// more is collected.
void Images::removal_effect(const model::Event& intent, const model::Origin& origin,
                            const Report& report) {
  model::ImageRemoval removal = model::removal_of(intent.data);
  // The roots as they will be: the same facts that the outcome will bring, folded into a copy.
  model::State after = state();
  for (const model::NewEvent& fact : model::removal_facts(state(), removal, 0, origin)) {
    model::Event event;
    event.seq = after.seq + 1;
    event.stream = fact.stream;
    event.type = fact.type;
    event.data = fact.data;
    model::evolve(after, event);
  }
  Json request = model::gc_roots(after);
  // Who prunes wants the space; what pulls have left behind is the first that nobody misses.
  request["incoming"] = intent.type == "image.prune" && pulls_ == 0;
  storage_.call(
      static_cast<uint64_t>(intent.seq), "storage.gc", request, {},
      [this, removal, origin, intent, report](Result<Json> collected) {
        if (!collected) return report({fail(std::move(collected.error())), {}});
        Json outcome = {{"untagged", removal.untag},
                        {"deleted", removal.erase},
                        {"reclaimed", model::read_integer(*collected, "reclaimed").value_or(0)}};
        report({outcome, [this, removal, origin, intent](std::size_t index) {
                  return model::removal_facts(state(), removal, index, caused_by(origin, intent));
                }});
      });
}

void Images::remove(const std::string& ref, bool force, const model::Origin& origin, Answer done) {
  auto flow = [this, ref, force, origin](Answer answer) {
    Operations::Steps steps;
    steps.decide = [ref, force, origin](const model::State& state) {
      return model::decide_image_delete(state, ref, force, origin);
    };
    steps.effect = [this, origin](const model::Event& intent, const Report& report) {
      removal_effect(intent, origin, report);
    };
    operations_.perform(origin, std::move(steps), std::move(answer));
  };
  in_turn(std::move(flow), std::move(done));
}

void Images::prune(bool all, const model::Origin& origin, Answer done) {
  auto flow = [this, all, origin](Answer answer) {
    Operations::Steps steps;
    steps.decide = [all, origin](const model::State& state) {
      return model::decide_image_prune(state, all, origin);
    };
    steps.effect = [this, origin](const model::Event& intent, const Report& report) {
      removal_effect(intent, origin, report);
    };
    steps.already = [](const Answer& already) {
      already(Json{{"untagged", Json::array()}, {"deleted", Json::array()}, {"reclaimed", 0}});
    };
    operations_.perform(origin, std::move(steps), std::move(answer));
  };
  in_turn(std::move(flow), std::move(done));
}

void Images::collect(const model::Origin& origin, Answer done) {
  auto flow = [this, origin](Answer answer) {
    Operations::Steps steps;
    steps.decide = [origin](const model::State& state) {
      return model::decide_storage_gc(state, false, origin);
    };
    steps.effect = [this](const model::Event& intent, const Report& report) {
      storage_.call(static_cast<uint64_t>(intent.seq), "storage.gc", model::gc_roots(state()), {},
                    [report](Result<Json> collected) {
                      report({std::move(collected), {}});
                    });
    };
    operations_.perform(origin, std::move(steps), std::move(answer));
  };
  in_turn(std::move(flow), std::move(done));
}

// The storage host ended with the daemon, and a new one begins with an empty ingest: what was
// loading is lost, what was being removed is finished by the collection that follows every recovery
// with lost operations.
void Images::recover(const model::Operation& operation, std::function<void()> done) {
  if (operation.type != "image.delete" && operation.type != "image.prune")
    return operations_.lose(operation, "the service ended before it was done", std::move(done));
  model::Event intent;
  intent.seq = operation.op;
  intent.stream = operation.stream;
  intent.type = operation.type;
  intent.data = operation.data;
  removal_effect(intent, {}, [this, operation, done](Effect effect) {
    effect.recovered = true;
    operations_.conclude(operation, {}, std::move(effect), [done](const Result<Json>&) { done(); });
  });
}

}  // namespace bulkhead::engine
