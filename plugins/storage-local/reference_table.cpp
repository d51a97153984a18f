#include "reference_table.hpp"

#include <algorithm>

namespace bulkhead::storage {

Result<ReferenceTable> ReferenceTable::load(const Layout& layout, const Limits& limits) {
  const auto in_table = [&](Error error) {
    return fail(std::move(error).context("the table of images " + layout.index().string()));
  };
  // It is our own: it may name any number of images.
  Result<std::string> text = read_small_file(layout.index(), UINT64_MAX);
  if (!text) return in_table(std::move(text.error()));
  Result<Json> document = parse_document(*text);
  if (!document) return in_table(std::move(document.error()));
  Limits roomy = limits;
  roomy.manifests = UINT64_MAX;
  const Result<Index> index = parse_index(*document, roomy);
  if (!index) return in_table(index.error());
  ReferenceTable table(layout, std::move(*document));
  for (const Descriptor& descriptor : index->manifests) {
    const auto name = descriptor.annotations.find(annotation::kRefName);
    table.entries_.push_back(
        {name == descriptor.annotations.end() ? "" : name->second, descriptor.digest});
  }
  return table;
}

Status ReferenceTable::save() const {
  return replace_file(layout_.index(), dump_json(document_));
}

void ReferenceTable::set(const std::string& reference, const Descriptor& descriptor) {
  if (!reference.empty()) remove(reference);
  const auto same = [&](const Entry& entry) { return entry.digest == descriptor.digest; };
  const auto nameless = [&](const Entry& entry) { return same(entry) && entry.reference.empty(); };
  if (reference.empty() && std::any_of(entries_.begin(), entries_.end(), same)) return;
  // An entry that was kept only to remember the image isn't needed beside one that names it.
  retain([&](const Entry& entry) { return !nameless(entry); });
  Json value = descriptor.to_json();
  if (!reference.empty()) {
    value["annotations"] = {{annotation::kRefName, reference}, {annotation::kImageName, reference}};
  }
  document_["manifests"].push_back(std::move(value));
  entries_.push_back({reference, descriptor.digest});
}

void ReferenceTable::remove(const std::string& reference) {
  for (size_t i = entries_.size(); i-- > 0;) {
    if (entries_[i].reference != reference) continue;
    if (has_other(i)) {
      erase(i);
    } else {
      forget_name(i);
    }
  }
}

bool ReferenceTable::has_other(size_t i) const {
  const auto same = [&](const Entry& entry) { return entry.digest == entries_[i].digest; };
  return std::count_if(entries_.begin(), entries_.end(), same) > 1;
}

void ReferenceTable::erase(size_t i) {
  document_["manifests"].erase(i);
  entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(i));
}

void ReferenceTable::forget_name(size_t i) {
  Json& annotations = document_["manifests"][i]["annotations"];
  annotations.erase(annotation::kRefName);
  annotations.erase(annotation::kImageName);
  if (annotations.empty()) document_["manifests"][i].erase("annotations");
  entries_[i].reference.clear();
}

}  // namespace bulkhead::storage
