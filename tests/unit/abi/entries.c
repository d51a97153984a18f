/*
 * Plugins with an entry that is out of the ordinary, one per VARIANT; what else they do is
 * hello.c's.
 */
#include <stdlib.h>

#include "bulkhead/plugin.h"

#define FUTURE 1     /* of a later minor: a longer entry, more to offer */
#define MAGIC 2      /* not the magic */
#define MAJOR 3      /* another major, although under the symbol of this one */
#define SHORT 4      /* an entry that ends too early */
#define INCOMPLETE 5 /* no destroy() */
#define NEXT 6       /* another major, under the symbol of its own */

static const bh_host* host;
static int32_t start(const bh_plugin* p, bh_bytes c, bh_error* e) {
  return (void)p, (void)c, (void)e, 0;
}
static int32_t submit(const bh_plugin* p, bh_op op, const char* m, bh_bytes r, const int* f,
                      uint32_t n) {
  bh_bytes none = {NULL, 0};
  (void)p, (void)m, (void)r, (void)f, (void)n;
  host->complete(host, op, none, NULL, NULL, 0);
  return 0;
}
static void cancel(const bh_plugin* p, bh_op op) {
  (void)p, (void)op;
}
static void stop(const bh_plugin* p) {
  (void)p;
}
static const void* get_extension(const bh_plugin* p, const char* id) {
  return (void)p, (void)id, NULL;
}

static const struct {
  bh_plugin now;
  void (*later)(void);
} self = {{sizeof self, 0, NULL, start, submit, cancel, stop, get_extension}, abort};

static const bh_plugin* create(const bh_host* given, bh_error* error) {
  (void)error;
  host = given;
  return &self.now;
}
static void destroy(const bh_plugin* p) {
  (void)p;
}

static const char* const capabilities[] = {"storage/1", "dreams/3", NULL};

#if VARIANT == FUTURE
/* The header declares the symbol with this version's type; a later header would declare it longer.
 */
__asm__(".globl bulkhead_plugin_entry_v1\n.set bulkhead_plugin_entry_v1, future_entry");
__attribute__((used, visibility("default"))) const struct {
  bh_entry now;
  void (*later)(void);
} future_entry = {{BH_PLUGIN_MAGIC, sizeof(bh_entry) + 8, BH_PLUGIN_MAJOR, 7, "future", "9.9",
                   capabilities, create, destroy},
                  abort};
#elif VARIANT == MAGIC
const bh_entry bulkhead_plugin_entry_v1 = {0x12345678, sizeof(bh_entry), 1,      0,      "magic",
                                           "1",        capabilities,     create, destroy};
#elif VARIANT == MAJOR
const bh_entry bulkhead_plugin_entry_v1 = {
    BH_PLUGIN_MAGIC, sizeof(bh_entry), 3, 0, "major", "1", capabilities, create, destroy};
#elif VARIANT == SHORT
const bh_entry bulkhead_plugin_entry_v1 = {BH_PLUGIN_MAGIC, 32,     1,      0, "short", "1",
                                           capabilities,    create, destroy};
#elif VARIANT == INCOMPLETE
const bh_entry bulkhead_plugin_entry_v1 = {
    BH_PLUGIN_MAGIC, sizeof(bh_entry), 1, 0, "incomplete", "1", capabilities, create, NULL};
#elif VARIANT == NEXT
extern BH_EXPORT const bh_entry bulkhead_plugin_entry_v2;
const bh_entry bulkhead_plugin_entry_v2 = {
    BH_PLUGIN_MAGIC, sizeof(bh_entry), 2, 0, "next", "1", capabilities, create, destroy};
#endif
