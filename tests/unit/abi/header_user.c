/* Uses the header as a plugin's author would, in a language standard and with warnings of his own.
 */
#include "bulkhead/plugin.h"

int uses_every_struct(const bh_host* host, const bh_plugin* plugin, const bh_entry* entry);

int uses_every_struct(const bh_host* host, const bh_plugin* plugin, const bh_entry* entry) {
  bh_error error = {sizeof(bh_error), BH_INVALID, {0, 0}, {0, 0}, {0, 0}};
  bh_op op = 1;
  return BH_HAS(host, complete) && BH_HAS(plugin, get_extension) && BH_HAS(entry, destroy) &&
         BH_HAS(&error, detail) && op != 0;
}
