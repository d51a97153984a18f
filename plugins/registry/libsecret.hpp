// libsecret and the part of GLib that comes with it, loaded when they are first needed.
//
// Linking them would make this process 3.2 MB larger for as long as it lives (resident: 1.1 MB for
// an empty program, 4.3 MB with libsecret, of which 2.4 MB are shared with nobody on a machine
// without a desktop). Just there, on servers, no Secret Service would ever be asked. So they are
// loaded once there is a session bus to ask on, and stay, as GLib can't be unloaded; a host without
// them runs as well.
#pragma once

#include <libsecret/secret.h>

namespace bulkhead::registry {

#define BULKHEAD_LIBSECRET(EACH)            \
  EACH(g_bus_get_sync)                      \
  EACH(g_cancellable_cancel)                \
  EACH(g_cancellable_new)                   \
  EACH(g_dbus_connection_set_exit_on_close) \
  EACH(g_error_free)                        \
  EACH(g_hash_table_lookup)                 \
  EACH(g_hash_table_unref)                  \
  EACH(g_list_free_full)                    \
  EACH(g_main_context_iteration)            \
  EACH(g_main_context_new)                  \
  EACH(g_main_context_pop_thread_default)   \
  EACH(g_main_context_push_thread_default)  \
  EACH(g_main_context_unref)                \
  EACH(g_object_unref)                      \
  EACH(secret_attributes_build)             \
  EACH(secret_collection_for_alias_sync)    \
  EACH(secret_collection_get_locked)        \
  EACH(secret_item_create_sync)             \
  EACH(secret_item_delete_sync)             \
  EACH(secret_item_get_attributes)          \
  EACH(secret_item_get_created)             \
  EACH(secret_item_get_locked)              \
  EACH(secret_item_get_modified)            \
  EACH(secret_item_get_secret)              \
  EACH(secret_service_get_type)             \
  EACH(secret_service_open_sync)            \
  EACH(secret_service_search_sync)          \
  EACH(secret_value_get)                    \
  EACH(secret_value_new)                    \
  EACH(secret_value_unref)

// Each function under its own name and with its own type.
struct LibSecret {
#define BULKHEAD_MEMBER(name) decltype(&::name) name = nullptr;
  BULKHEAD_LIBSECRET(BULKHEAD_MEMBER)
#undef BULKHEAD_MEMBER
};

// Null if it isn't installed, or too old.
const LibSecret* load_libsecret();

}  // namespace bulkhead::registry
