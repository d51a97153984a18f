// The JSON documents of images: each text is tried as all of them.
#include <string_view>

#include "oci_document.hpp"

using namespace bulkhead;
using namespace bulkhead::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Result<Json> document =
      parse_document(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!document) return 0;
  const Limits limits;
  (void)document_kind(*document);
  if (const Result<Index> index = parse_index(*document, limits)) {
    for (const Descriptor& descriptor : index->manifests) (void)dump_json(descriptor.to_json());
  }
  (void)parse_manifest(*document, limits);
  if (const Result<ImageConfig> config = parse_config(std::move(*document), limits))
    (void)dump_json(config->document);
  return 0;
}
