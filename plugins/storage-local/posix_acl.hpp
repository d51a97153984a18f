// Access control lists between their two forms: libarchive's list and the value of the attributes
// system.posix_acl_access and system.posix_acl_default, as setxattr(2) takes it (version 2,
// little-endian).
#pragma once

#include <archive_entry.h>

#include <string>

namespace bulkhead::storage {

// type: ARCHIVE_ENTRY_ACL_TYPE_ACCESS or ..._DEFAULT. Empty if the member has none beyond its mode.
std::string posix_acl_value(archive_entry* entry, int type);

}  // namespace bulkhead::storage
