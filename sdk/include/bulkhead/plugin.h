/*
 * The Bulkhead plugin ABI, version 1.
 *
 * A plugin is a shared library that exports exactly one symbol, the const object
 * `bulkhead_plugin_entry_v1`. The major version is part of that name: a host of major 1 loads every
 * plugin of major 1, older or newer than itself, and refuses any other by name. Nothing in this
 * file is ever removed or changed within a major; structs only grow at their end.
 *
 * The boundary is message-shaped. A method is a string "capability.verb", its request and its
 * result are UTF-8 JSON objects (sdk/schema/METHODS.md and one JSON Schema per method beside it),
 * bulk data are file descriptors. So the C layout stays small enough to freeze, a recorded journal
 * can answer in a plugin's place, and the same plugin works behind a process boundary without
 * stubs.
 *
 * Size rule     Every struct begins with `size`, set by whoever allocated it to sizeof of the
 *               struct it was compiled with. A reader looks at a field only if it lies wholly
 *               within `size`: BH_HAS(p, field). Allocators zero first. Nobody allocates the
 *               other side's struct. Fields named `reserved` are 0.
 * Threads       [loop-thread]: the one thread that called create(); must not block, and no two
 *               such calls overlap.
 *               [any-thread]: may be called from any thread at any time between create() and the
 *               return of stop().
 * Ownership     A pointer is borrowed for the duration of the call. Who keeps data copies it; who
 *               keeps a descriptor dups it. Descriptors passed in a call stay owned by the caller,
 *               who closes them after the call returns.
 * Exceptions    Neither C++ exceptions nor longjmp may cross a function of this file.
 * Conventions   Strings UTF-8. Times int64 microseconds since the epoch, UTC. Sizes bytes, uint64.
 *               Ids at most 128 bytes of [A-Za-z0-9._-].
 */
#ifndef BULKHEAD_PLUGIN_H
#define BULKHEAD_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BH_PLUGIN_MAGIC 0x31504842u /* "BHP1", little-endian */
#define BH_PLUGIN_MAJOR 1u
#define BH_PLUGIN_MINOR 0u

/* True if the object behind p was compiled with a struct that has this field. */
#define BH_HAS(p, field) ((p)->size >= offsetof(__typeof__(*(p)), field) + sizeof((p)->field))

/* Bytes borrowed until the call returns; not NUL-terminated. JSON bodies are one object; data may
 * be NULL if len is 0. */
typedef struct bh_bytes {
  const uint8_t* data;
  size_t len;
} bh_bytes;

/* An operation: the journal's sequence number of its intent. 0 is never an operation. */
typedef uint64_t bh_op;

/* Shared error codes. 1-99 are reserved for this list; from 100 on a plugin's own, except 126 and
 * 127, which mean what shells mean by them: the container's command can't be executed, or doesn't
 * exist. */
enum {
  BH_OK = 0,
  BH_INTERNAL = 1,
  BH_UNSUPPORTED = 2,
  BH_NOT_FOUND = 3,
  BH_CONFLICT = 4,
  BH_DENIED = 5,
  BH_INVALID = 7,
  BH_RETRY = 11,
  BH_NO_SPACE = 12,
  BH_CORRUPT = 13,
  BH_TIMEOUT = 14,
  BH_UNAVAILABLE = 50,
  BH_COMMAND_NOT_EXECUTABLE = 126,
  BH_COMMAND_NOT_FOUND = 127
};

typedef struct bh_error {
  uint32_t size;
  int32_t code;     /* one of the above; never BH_OK */
  bh_bytes domain;  /* who says so, e.g. "storage-local"; may be empty */
  bh_bytes message; /* one sentence for the user: what, on what, why */
  bh_bytes detail;  /* what to do about it; may be empty */
} bh_error;

typedef struct bh_host bh_host;
typedef struct bh_plugin bh_plugin;

enum { BH_LOG_DEBUG = 0, BH_LOG_INFO = 1, BH_LOG_WARNING = 2, BH_LOG_ERROR = 3 };

/* What the host offers. Valid from create() until destroy() returns. */
struct bh_host {
  uint32_t size, major, minor, reserved;
  void* ctx; /* the host's own */

  /* [any-thread] An optional interface by its id "name/REV", or NULL. A plugin must work when every
   * answer is NULL. */
  const void* (*get_extension)(const bh_host* host, const char* id);

  /* [any-thread] A line for the service's log. op may be 0. */
  void (*log)(const bh_host* host, int32_t level, bh_op op, bh_bytes text);

  /* [any-thread] How far an operation is, for people who watch. Lossy; never journaled. note:
   * {"done":n,"total":n,"what":s} */
  void (*progress)(const bh_host* host, bh_op op, bh_bytes note);

  /* [any-thread] Something happened that nobody asked for: type "process.exited", a JSON object.
   * The host numbers it, keeps it until it is journaled, and delivers events in the order of the
   * calls. */
  void (*emit)(const bh_host* host, const char* type, bh_bytes event);

  /* [any-thread] The end of an accepted operation, exactly once, also from inside submit(). error
   * NULL means success and result is its JSON object; else result is ignored. The host dups the
   * descriptors it wants. */
  void (*complete)(const bh_host* host, bh_op op, bh_bytes result, const bh_error* error,
                   const int* fds, uint32_t nfds);
};

/* What the plugin offers. */
struct bh_plugin {
  uint32_t size, reserved;
  void* ctx; /* the plugin's own */

  /* [loop-thread] Called once, before anything else. config: the JSON object documented per
   * capability in METHODS.md. 0, or a negative value with *error filled in (its strings may be
   * static or live until destroy()). */
  int32_t (*start)(const bh_plugin* plugin, bh_bytes config, bh_error* error);

  /* [loop-thread] Asks for an operation. 0: accepted, complete() follows exactly once. Negative:
   * refused, no completion follows; the method is unknown to this plugin. */
  int32_t (*submit)(const bh_plugin* plugin, bh_op op, const char* method, bh_bytes request,
                    const int* fds, uint32_t nfds);

  /* [loop-thread] Advice that nobody waits for op any longer. The operation still completes,
   * perhaps with an error. */
  void (*cancel)(const bh_plugin* plugin, bh_op op);

  /* [loop-thread] Ends the plugin's work. May block until its threads have ended. After the return
   * it calls no host function. */
  void (*stop)(const bh_plugin* plugin);

  /* [any-thread] An optional interface by its id, or NULL. */
  const void* (*get_extension)(const bh_plugin* plugin, const char* id);
};

typedef struct bh_entry {
  uint32_t magic; /* BH_PLUGIN_MAGIC */
  uint32_t size, major, minor;
  const char* id;                  /* reverse domain name or a plain name, e.g. "storage-local" */
  const char* version;             /* the plugin's own version */
  const char* const* capabilities; /* "storage/1", ..., NULL */

  /* [loop-thread] NULL with *error filled in on failure. */
  const bh_plugin* (*create)(const bh_host* host, bh_error* error);
  /* [loop-thread] After stop(), or instead of start(). The library stays mapped. */
  void (*destroy)(const bh_plugin* plugin);
} bh_entry;

#if defined(_WIN32)
#error "Bulkhead plugins exist for Linux and macOS"
#endif
#define BH_EXPORT __attribute__((visibility("default")))

extern BH_EXPORT const bh_entry bulkhead_plugin_entry_v1;

/* The layout that version 1.0 froze, on 64-bit hosts, the only ones supported. */
#ifdef __cplusplus
#define BH_ASSERT(cond) static_assert(cond, #cond)
#else
#define BH_ASSERT(cond) _Static_assert(cond, #cond)
#endif
BH_ASSERT(sizeof(bh_bytes) == 16);
BH_ASSERT(sizeof(bh_error) == 56 && offsetof(bh_error, detail) == 40);
BH_ASSERT(sizeof(bh_host) == 64 && offsetof(bh_host, complete) == 56);
BH_ASSERT(sizeof(bh_plugin) == 56 && offsetof(bh_plugin, get_extension) == 48);
BH_ASSERT(sizeof(bh_entry) == 56 && offsetof(bh_entry, destroy) == 48);
#undef BH_ASSERT

#ifdef __cplusplus
}
#endif

#endif /* BULKHEAD_PLUGIN_H */
