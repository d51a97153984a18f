// container logs: what the process wrote, to the stream it wrote it to; with --boot what its
// machine's kernel wrote.
#include "bulkhead/stream_frame.hpp"
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

Status show(Context& context, StreamFrameDecoder& decoder) {
  while (true) {
    const auto frame = decoder.next();
    if (!frame) return fail(frame.error());
    if (!*frame) return {};
    Output& output = (*frame)->type == StreamType::kStderr ? context.err : context.out;
    output.write((*frame)->body);
  }
}

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("boot"), "boot", "1");
  query.add_if(invocation.has("follow"), "follow", "1");
  if (const auto lines = invocation.value("n")) {
    const auto number = parse_number(*lines, "-n");
    if (!number) return fail(number.error());
    query.add("tail", std::to_string(*number));
  }
  auto exchange = context.api().open(
      {"GET", container_target(invocation.arguments().front(), "/logs" + query.text())});
  if (!exchange) return fail(std::move(exchange.error()));
  StreamFrameDecoder decoder;
  while (context.out.failure() == 0) {
    const auto piece = exchange->read_piece();
    if (!piece) return fail(piece.error());
    if (piece->empty()) break;
    decoder.feed(*piece);
    if (auto ok = show(context, decoder); !ok) return fail(std::move(ok.error()));
  }
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<container-id>", .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "--boot", .help = "Show the boot log of the container's machine instead"},
    {.names = "-f, --follow", .help = "Go on with what is written, until the container stops"},
    {.names = "-n", .value = "<number>", .help = "Show the last lines only"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_logs = {
    .name = "logs",
    .summary = "Show what a container wrote",
    .details =
        "Its first process, in all its runs: output and errors go where it sent them. 64 MiB "
        "are kept, of which each line takes some 40 bytes more than its text; older lines go "
        "16 MiB at a time. What was attached at the time got all of them.",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
