#include "model/volume_snapshot.hpp"

#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

int64_t number(const Json& json, const char* key) {
  return read_integer(json, key).value_or(0);
}

Json object_in(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_object() ? value : Json::object();
}

}  // namespace

Json volume_snapshot(const VolumeState& volume) {
  Json json = {{"name", volume.name},
               {"format", volume.format},
               {"source", volume.source},
               {"labels", volume.labels},
               {"options", volume.options},
               {"createdSeq", volume.created_seq},
               {"createdAt", volume.created_at_us},
               {"madeBy", volume.made_by},
               {"createOp", volume.create_op},
               {"deleteOp", volume.delete_op}};
  if (volume.bytes) json["bytes"] = *volume.bytes;
  return json;
}

std::optional<VolumeState> volume_from_snapshot(const Json& json) {
  VolumeState volume;
  volume.name = read_text(json, "name");
  if (volume.name.empty()) return std::nullopt;
  volume.format = read_text(json, "format");
  volume.source = read_text(json, "source");
  volume.labels = object_in(json, "labels");
  volume.options = object_in(json, "options");
  volume.bytes = read_integer(json, "bytes");
  volume.created_seq = number(json, "createdSeq");
  volume.created_at_us = number(json, "createdAt");
  volume.made_by = number(json, "madeBy");
  volume.create_op = number(json, "createOp");
  volume.delete_op = number(json, "deleteOp");
  return volume;
}

}  // namespace bulkhead::model
