// container stats: a table that redraws itself every two seconds, or one snapshot.
//
// The service gives counters, so a CPU share needs two samples: the first table of a terminal shows
// "--" and is soon replaced, a snapshot waits for its second sample. --format other than table
// means a snapshot of the bare counters.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "http/target.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/stats.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

constexpr std::chrono::seconds kBetweenSamples{2};

Result<StatsSample> sample(Context& context, const std::string& target) {
  auto containers = context.api().get(target);
  if (!containers) return fail(std::move(containers.error()));
  return StatsSample{std::chrono::steady_clock::now(), std::move(*containers)};
}

// The service leaves out what doesn't run; who named it must be told.
Status check_running(const std::vector<std::string>& words, const json& containers) {
  for (const std::string& word : words) {
    const auto shown = [&](const json& each) { return text_at(each, "id").starts_with(word); };
    if (std::none_of(containers.begin(), containers.end(), shown)) {
      return fail(Code::kConflict, "container " + word + " is not running");
    }
  }
  return {};
}

// Puts the cursor where the previous table began and clears from there.
std::string back_over(const std::string& table) {
  const auto lines = std::count(table.begin(), table.end(), '\n');
  return lines == 0 ? "" : "\x1b[" + std::to_string(lines) + "A\x1b[J";
}

Result<int> show_live(Context& context, const std::string& target, StatsSample before) {
  const bool redraw = context.out.is_terminal();
  std::string shown;
  if (redraw) {
    shown = stats_table({}, before);
    context.out.write(shown);
  }
  while (context.out.failure() == 0) {
    std::this_thread::sleep_for(kBetweenSamples);
    auto now = sample(context, target);
    if (!now) return fail(std::move(now.error()));
    const std::string table = stats_table(before, *now);
    context.out.write((redraw ? back_over(shown) : "") + table);
    shown = table;
    before = std::move(*now);
  }
  return 0;
}

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  for (const std::string& id : without_repetition(invocation.arguments())) query.add("id", id);
  const std::string target = "/v1/stats" + query.text();
  auto before = sample(context, target);
  if (!before) return fail(std::move(before.error()));
  if (auto ok = check_running(invocation.arguments(), before->containers); !ok) {
    return fail(std::move(ok.error()));
  }
  const Format format = parse_format(invocation.value_or_default("format"));
  if (format != Format::kTable) {
    context.out.write(document(before->containers, format));
    return 0;
  }
  if (!invocation.has("no-stream")) return show_live(context, target, std::move(*before));
  std::this_thread::sleep_for(kBetweenSamples);
  const auto now = sample(context, target);
  if (!now) return fail(now.error());
  context.out.write(stats_table(*before, *now));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<container-id>",
                                    .help = "All running ones by default",
                                    .min = 0,
                                    .max = kMany,
                                    .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    kFormatOption,
    {.names = "--no-stream", .help = "Show one snapshot and end"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_stats = {
    .name = "stats",
    .summary = "Show what running containers use",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
