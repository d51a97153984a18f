// images/index.json: the names of images, and the images without a name that are still wanted. It
// is the layout's entry point for other tools, so a name stands in the annotations those look at.
// An entry that loses its name stays, without one, until collection finds that nobody needs it;
// entries of other tools are left as they are.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"
#include "layout.hpp"
#include "oci_document.hpp"

namespace bulkhead::storage {

class ReferenceTable {
 public:
  static Result<ReferenceTable> load(const Layout& layout, const Limits& limits);
  Status save() const;

  struct Entry {
    std::string reference;  // empty: an image without a name
    Digest digest;
  };
  const std::vector<Entry>& entries() const { return entries_; }

  // Names the image; the name leaves whatever it named before. An empty reference only notes that
  // the image is here.
  void set(const std::string& reference, const Descriptor& descriptor);
  void remove(const std::string& reference);
  // Drops entries for which keep says no.
  template <class Keep>
  void retain(Keep keep) {
    for (size_t i = entries_.size(); i-- > 0;) {
      if (!keep(entries_[i])) erase(i);
    }
  }

 private:
  ReferenceTable(const Layout& layout, Json document)
      : layout_(layout), document_(std::move(document)) {}
  void erase(size_t i);
  void forget_name(size_t i);
  bool has_other(size_t i) const;  // another entry for the same image

  const Layout& layout_;
  Json document_;
  std::vector<Entry> entries_;  // in step with document_["manifests"]
};

}  // namespace bulkhead::storage
