#include "model/volume_decide.hpp"

#include <algorithm>

#include "bulkhead/printable.hpp"
#include "bulkhead/size.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"
#include "model/volume_use.hpp"
#include "model/volume_view.hpp"

namespace bulkhead::model {
namespace {

constexpr size_t kMaxName = 255;
constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kLeastBytes = kMiB;
constexpr int64_t kMostBytes = 16ll << 40;
constexpr int64_t kDefaultBytes = 512ll << 30;
constexpr int64_t kLeastWithJournal = 16 * kMiB;
constexpr int64_t kLeastJournal = 4 * kMiB;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Result<int64_t> size_in(const std::string& text, const char* what) {
  auto bytes = parse_size(text);
  if (!bytes) return fail(std::move(bytes.error()).context(what));
  if (*bytes > uint64_t(kMostBytes))
    return fail(Code::kInvalid, std::string(what) + ": " + text + " is more than 16 TiB");
  return int64_t(*bytes);
}

Status check_options(const Json& options) {
  if (!options.is_object()) return fail(Code::kInvalid, "options must be an object of strings");
  for (const auto& [key, value] : options.items()) {
    if (key != "size" && key != "journal" && key != "shared")
      return fail(Code::kInvalid, "there is no volume option " + in_quotes(key),
                  "volumes have size, journal and shared");
    if (!value.is_string())
      return fail(Code::kInvalid, "volume option " + key + " must be a string");
  }
  return {};
}

Status check_labels(const Json& labels) {
  if (!labels.is_object()) return fail(Code::kInvalid, "labels must be an object of strings");
  for (const auto& [key, value] : labels.items())
    if (key.empty() || !value.is_string())
      return fail(Code::kInvalid, "label " + in_quotes(key) + " must be KEY=VALUE");
  return {};
}

Result<int64_t> disk_bytes(const CreateVolume& command) {
  int64_t bytes = kDefaultBytes;
  if (command.options.contains("size")) {
    auto asked = size_in(read_text(command.options, "size"), "the volume's size");
    if (!asked) return asked;
    bytes = *asked;
  }
  bytes = command.bytes.value_or(bytes);
  if (bytes >= kLeastBytes && bytes <= kMostBytes) return bytes;
  return fail(Code::kInvalid,
              "a volume has between 1 MiB and 16 TiB, not " + std::to_string(bytes) + " bytes");
}

// "ordered", "writeback:64m" ...
Status put_journal(Json& data, const std::string& text, int64_t bytes) {
  const size_t colon = text.find(':');
  const std::string mode = text.substr(0, colon);
  if (mode != "ordered" && mode != "writeback" && mode != "journal")
    return fail(Code::kInvalid, in_quotes(mode) + " is no journal mode",
                "choose ordered, writeback or journal, with a size after a colon if you like");
  if (bytes < kLeastWithJournal)
    return fail(Code::kInvalid, "a volume of less than 16 MiB has no room for a journal",
                "make it larger, or leave the journal out");
  data["journal"] = mode;
  if (colon == std::string::npos) return {};
  auto size = size_in(text.substr(colon + 1), "the journal's size");
  if (!size) return fail(std::move(size.error()));
  if (*size < kLeastJournal || *size > bytes / 4)
    return fail(Code::kInvalid, "a journal takes from 4 MiB to a quarter of its volume");
  data["journalBytes"] = *size;
  return {};
}

Status put_kind(Json& data, const CreateVolume& command) {
  const std::string shared = read_text(command.options, "shared", "false");
  if (shared != "true" && shared != "false")
    return fail(Code::kInvalid, "volume option shared is true or false");
  data["format"] = shared == "true" ? "folder" : "ext4";
  if (shared == "true") {
    if (command.bytes || command.options.contains("size") || command.options.contains("journal"))
      return fail(Code::kInvalid,
                  "a shared volume is a folder of the host: it has no size or journal of its own");
    return {};
  }
  auto bytes = disk_bytes(command);
  if (!bytes) return fail(std::move(bytes.error()));
  data["sizeInBytes"] = *bytes;
  if (!command.options.contains("journal")) return {};
  return put_journal(data, read_text(command.options, "journal"), *bytes);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Status check_volume_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= kMaxName && is_letter_or_digit(name.front()) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
                    });
  if (good) return {};
  return fail(Code::kInvalid, in_quotes(name) + " is not a valid volume name",
              "use up to 255 letters, digits, '_', '.' or '-', beginning with a letter or digit");
}

Result<Decision> decide_volume_create(const State& state, const CreateVolume& command,
                                      const Origin& origin) {
  Json data = Json::object();
  for (Status status : {check_volume_name(command.name), check_labels(command.labels),
                        check_options(command.options)})
    if (!status) return fail(std::move(status.error()));
  if (Status good = put_kind(data, command); !good) return fail(std::move(good.error()));
  if (const VolumeState* other = state.volume(command.name))
    return fail(Code::kConflict, "a volume named " + command.name +
                                     (other->delete_op != 0 ? " is being deleted"
                                      : other->exists()     ? " exists"
                                                            : " is being created"));
  data["labels"] = command.labels;
  data["options"] = command.options;
  if (!command.container.empty()) data["container"] = command.container;
  Decision decision;
  decision.push_back(
      intent(stream_name("volume", command.name), "volume.create", std::move(data), origin));
  return decision;
}

Result<Decision> decide_volume_delete(const State& state, const DeleteVolume& command,
                                      const Origin& origin) {
  auto volume = find_volume(state, command.name);
  if (!volume) return fail(std::move(volume.error()));
  if ((*volume)->delete_op != 0)
    return fail(Code::kConflict, "volume " + command.name + " is being deleted");
  if (auto users = users_of_volume(state, command.name, command.with_container); !users.empty())
    return fail(Code::kConflict,
                "volume " + command.name + " is used by container " + joined(users),
                "delete the container first");
  Decision decision;
  decision.push_back(intent(stream_name("volume", command.name), "volume.delete",
                            {{"reason", command.reason}}, origin));
  return decision;
}

std::vector<std::string> prunable_volumes(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, volume] : state.volumes)
    if (volume.exists() && volume.delete_op == 0 && users_of_volume(state, name).empty())
      names.push_back(name);
  return names;
}

Json volume_request(const std::string& name, const Json& intent_data) {
  const bool folder = read_text(intent_data, "format") == "folder";
  Json request = {{"volume", name}, {"kind", folder ? "folder" : "disk"}};
  if (auto bytes = read_integer(intent_data, "sizeInBytes")) request["sizeBytes"] = *bytes;
  for (const char* key : {"journal", "journalBytes"})
    if (intent_data.contains(key)) request[key] = intent_data[key];
  return request;
}

}  // namespace bulkhead::model
