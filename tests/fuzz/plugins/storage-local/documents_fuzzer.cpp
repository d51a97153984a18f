// The JSON documents of images: each text is tried as all of them, and then as the whole of an
// image whose every piece has these bytes.
#include <sys/mman.h>
#include <unistd.h>

#include <string_view>

#include "image.hpp"
#include "plan.hpp"

using namespace bulkhead;
using namespace bulkhead::storage;

namespace {

class Everything : public Content {
 public:
  explicit Everything(Bytes bytes) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    (void)write_all(file_.get(), bytes, "memfd");
  }
  std::optional<Path> find(const Digest&) const override {
    return Path("/proc/self/fd/" + std::to_string(file_.get()));
  }

 private:
  UniqueFd file_;
};

void read_as_image(Bytes bytes) {
  const Everything content(bytes);
  const Limits limits;
  const Result<Descriptor> root = describe(content, Digest::of(bytes), limits);
  if (!root) return;
  const Platform host{"linux", "amd64", ""};
  for (const std::optional<Platform>& platform : {std::optional<Platform>(), std::optional(host)}) {
    if (const Result<Plan> plan = Plan::make(content, *root, platform, host, limits)) {
      for (const Piece& piece : plan->pieces) (void)dump_json(piece.to_json());
    }
  }
  if (const Result<Image> image = Image::read(content, root->digest, limits))
    (void)dump_json(image->to_json());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Result<Json> document = parse_document(text);
  if (!document) return 0;
  const Limits limits;
  (void)document_kind(*document);
  if (const Result<Index> index = parse_index(*document, limits)) {
    for (const Descriptor& descriptor : index->manifests) (void)dump_json(descriptor.to_json());
  }
  (void)parse_manifest(*document, limits);
  read_as_image(bytes_of(text));
  if (const Result<ImageConfig> config = parse_config(std::move(*document), limits))
    (void)dump_json(config->document);
  return 0;
}
