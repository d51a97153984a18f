/*
 * A whole plugin in one file: a storage that has no images, no disks and no containers.
 *
 *     cc -std=c11 -fPIC -shared -fvisibility=hidden -I<prefix>/include hello.c -o hello.so
 *
 * It shows the four things that every plugin does: name itself in the one exported object, keep the
 * host that create() is given, answer a method it knows exactly once, refuse those it doesn't.
 */
#include <string.h>

#include "bulkhead/plugin.h"

static const bh_host* host;

static bh_bytes text(const char* string) {
  bh_bytes bytes = {(const uint8_t*)string, strlen(string)};
  return bytes;
}

static int32_t start(const bh_plugin* plugin, bh_bytes config, bh_error* error) {
  (void)plugin, (void)config, (void)error; /* it needs no configuration and can't fail */
  return 0;
}

/* Accepted is 0, and then complete() must follow exactly once: now, or later from any thread. */
static int32_t submit(const bh_plugin* plugin, bh_op op, const char* method, bh_bytes request,
                      const int* fds, uint32_t nfds) {
  (void)plugin, (void)request, (void)fds, (void)nfds;
  if (strcmp(method, "storage.list") != 0)
    return -1; /* not mine: the host says so to whoever asked */
  host->complete(host, op, text("{\"references\":[],\"disks\":[],\"containers\":[]}"), NULL, NULL,
                 0);
  return 0;
}

static void cancel(const bh_plugin* plugin, bh_op op) {
  (void)plugin, (void)op;
}

static void stop(const bh_plugin* plugin) {
  (void)plugin;
}

static const void* get_extension(const bh_plugin* plugin, const char* id) {
  (void)plugin, (void)id;
  return NULL;
}

static const bh_plugin self = {sizeof(bh_plugin), 0, NULL, start, submit, cancel, stop,
                               get_extension};

static const bh_plugin* create(const bh_host* given, bh_error* error) {
  (void)error;
  host = given;
  return &self;
}

static void destroy(const bh_plugin* plugin) {
  (void)plugin;
}

static const char* const capabilities[] = {"storage/1", NULL};

const bh_entry bulkhead_plugin_entry_v1 = {
    BH_PLUGIN_MAGIC, sizeof(bh_entry), BH_PLUGIN_MAJOR, BH_PLUGIN_MINOR, "org.example.hello",
    "1.0.0",         capabilities,     create,          destroy};
