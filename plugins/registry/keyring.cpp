#include "keyring.hpp"

#include <sys/stat.h>

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>

#include "credential_file.hpp"
#include "libsecret.hpp"

namespace bulkhead::registry {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::milliseconds(1900);
constexpr auto kPauseAfterSilence = std::chrono::minutes(1);
constexpr const char* kToken = "identity-token";

const SecretSchema kSchema = {"org.bulkhead.registry",
                              SECRET_SCHEMA_NONE,
                              {{"server", SECRET_SCHEMA_ATTRIBUTE_STRING},
                               {"username", SECRET_SCHEMA_ATTRIBUTE_STRING},
                               {"kind", SECRET_SCHEMA_ATTRIBUTE_STRING},
                               {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}},
                              0,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr};

struct ObjectUnref {
  void operator()(gpointer object) const { load_libsecret()->g_object_unref(object); }
};
template <class T>
using Object = std::unique_ptr<T, ObjectUnref>;

struct TableUnref {
  void operator()(GHashTable* table) const { load_libsecret()->g_hash_table_unref(table); }
};
using Table = std::unique_ptr<GHashTable, TableUnref>;

struct ValueUnref {
  void operator()(SecretValue* value) const { load_libsecret()->secret_value_unref(value); }
};
using Value = std::unique_ptr<SecretValue, ValueUnref>;

struct ListUnref {
  void operator()(GList* list) const {
    load_libsecret()->g_list_free_full(list, load_libsecret()->g_object_unref);
  }
};
using Items = std::unique_ptr<GList, ListUnref>;

// Where GLib would find the session's bus without starting one.
bool has_session_bus() {
  if (const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
      address != nullptr && *address != '\0') {
    return !std::string_view(address).starts_with("autolaunch");
  }
  const char* run = std::getenv("XDG_RUNTIME_DIR");
  struct stat st {};
  return run != nullptr && ::stat((std::string(run) + "/bus").c_str(), &st) == 0 &&
         S_ISSOCK(st.st_mode);
}

// Cancels what is being done when the time is over.
class Deadline {
 public:
  Deadline() : cancellable_(load_libsecret()->g_cancellable_new()), thread_([this] { wait(); }) {}
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  GCancellable* get() const { return cancellable_.get(); }
  bool passed() {
    const std::lock_guard lock(mutex_);
    return passed_;
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kPatience, [this] { return done_; })) return;
    passed_ = true;
    load_libsecret()->g_cancellable_cancel(cancellable_.get());
  }

  Object<GCancellable> cancellable_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  bool passed_ = false;
  std::thread thread_;  // last: it uses all of the above
};

// Signals of the bus go to the context of the thread that asked. In one of its own they go with it;
// in the default one, which nobody runs here, they would pile up.
class OwnContext {
 public:
  OwnContext() : context_(lib_.g_main_context_new()) {
    lib_.g_main_context_push_thread_default(context_);
  }
  ~OwnContext() {
    // Objects of the bus leave the last of their memory to be freed here.
    while (lib_.g_main_context_iteration(context_, FALSE) != FALSE) {
    }
    lib_.g_main_context_pop_thread_default(context_);
    lib_.g_main_context_unref(context_);
  }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;

 private:
  const LibSecret& lib_ = *load_libsecret();
  GMainContext* context_;
};

// The service for the time of one call.
class Session {
 public:
  Status open() {
    Trouble trouble(*this);
    bus_.reset(lib_.g_bus_get_sync(G_BUS_TYPE_SESSION, deadline_.get(), trouble.place()));
    if (!bus_) return trouble.failure("reach the session's bus");
    // GLib's default is to end the process when the user's session ends.
    lib_.g_dbus_connection_set_exit_on_close(bus_.get(), FALSE);
    service_.reset(lib_.secret_service_open_sync(lib_.secret_service_get_type(), nullptr,
                                                 SECRET_SERVICE_OPEN_SESSION, deadline_.get(),
                                                 trouble.place()));
    if (!service_) return trouble.failure("reach the keyring");
    return {};
  }

  // All of ours, or those for one server; with their secrets as far as they aren't locked.
  Result<Items> search(const std::string* server) {
    Trouble trouble(*this);
    const Table attributes(server == nullptr ? lib_.secret_attributes_build(&kSchema, nullptr)
                                             : lib_.secret_attributes_build(
                                                   &kSchema, "server", server->c_str(), nullptr));
    const int flags = SECRET_SEARCH_ALL | (server == nullptr ? 0 : SECRET_SEARCH_LOAD_SECRETS);
    Items items(lib_.secret_service_search_sync(service_.get(), &kSchema, attributes.get(),
                                                static_cast<SecretSearchFlags>(flags),
                                                deadline_.get(), trouble.place()));
    if (trouble) return trouble.failure("search the keyring");
    return items;
  }

  Status create(const std::string& server, const Credential& credential) {
    Trouble trouble(*this);
    const Object<SecretCollection> collection(lib_.secret_collection_for_alias_sync(
        service_.get(), SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, deadline_.get(),
        trouble.place()));
    if (trouble) return trouble.failure("find the default keyring");
    if (!collection) return fail(Code::kNotFound, "there is no default keyring");
    if (lib_.secret_collection_get_locked(collection.get()) != FALSE) {
      return fail(Code::kDenied, "the keyring is locked");
    }
    const Table attributes(lib_.secret_attributes_build(&kSchema, "server", server.c_str(),
                                                        "username", credential.username.c_str(),
                                                        "kind", kind(credential), nullptr));
    const std::string& secret = credential.password.reveal();
    const Value value(
        lib_.secret_value_new(secret.data(), static_cast<gssize>(secret.size()), "text/plain"));
    const Object<SecretItem> item(lib_.secret_item_create_sync(
        collection.get(), &kSchema, attributes.get(), ("Login to " + server).c_str(), value.get(),
        SECRET_ITEM_CREATE_REPLACE, deadline_.get(), trouble.place()));
    if (!item) return trouble.failure("write to the keyring");
    return {};
  }

  Status remove(SecretItem* item) {
    if (locked(item)) return fail(Code::kDenied, "the keyring is locked");
    Trouble trouble(*this);
    if (lib_.secret_item_delete_sync(item, deadline_.get(), trouble.place()) == FALSE) {
      return trouble.failure("remove from the keyring");
    }
    return {};
  }

  bool locked(SecretItem* item) const { return lib_.secret_item_get_locked(item) != FALSE; }

  // Is it what create() makes of this?
  bool is(SecretItem* item, const Credential& credential) const {
    return attribute(item, "username") == credential.username &&
           attribute(item, "kind") == kind(credential);
  }

  KeptLogin login_of(SecretItem* item) const {
    KeptLogin kept;
    kept.login = {attribute(item, "server"), attribute(item, "username"),
                  utc_text(static_cast<int64_t>(lib_.secret_item_get_created(item))),
                  utc_text(static_cast<int64_t>(lib_.secret_item_get_modified(item)))};
    kept.credential.username = kept.login.username;
    kept.credential.is_identity_token = attribute(item, "kind") == kToken;
    if (const Value value{lib_.secret_item_get_secret(item)}) {
      gsize size = 0;
      const gchar* bytes = lib_.secret_value_get(value.get(), &size);
      kept.credential.password = Secret(std::string(bytes, size));
    }
    return kept;
  }

 private:
  // One GError, as our own.
  class Trouble {
   public:
    explicit Trouble(Session& session) : session_(session) {}
    ~Trouble() {
      if (error_ != nullptr) session_.lib_.g_error_free(error_);
    }
    Trouble(const Trouble&) = delete;
    Trouble& operator=(const Trouble&) = delete;

    GError** place() { return &error_; }
    explicit operator bool() const { return error_ != nullptr; }
    Failure failure(const std::string& doing) const {
      if (session_.deadline_.passed()) {
        return fail(Code::kTimeout, doing + ": no answer in two seconds");
      }
      return fail(Code::kNotFound,
                  doing + ": " + (error_ == nullptr ? "it was refused" : error_->message));
    }

   private:
    Session& session_;
    GError* error_ = nullptr;
  };

  static const char* kind(const Credential& credential) {
    return credential.is_identity_token ? kToken : "password";
  }
  std::string attribute(SecretItem* item, const char* name) const {
    const Table attributes(lib_.secret_item_get_attributes(item));
    const auto* text = static_cast<const char*>(lib_.g_hash_table_lookup(attributes.get(), name));
    return text == nullptr ? std::string() : text;
  }

  const LibSecret& lib_ = *load_libsecret();
  Deadline deadline_;
  OwnContext context_;
  Object<GDBusConnection> bus_;
  Object<SecretService> service_;
};

template <class Visit>
void for_each(const Items& items, const Visit& visit) {
  for (GList* at = items.get(); at != nullptr; at = at->next) {
    visit(static_cast<SecretItem*>(at->data));
  }
}

}  // namespace

template <class T, class Work>
Result<T> Keyring::ask(const Work& work) {
  if (!has_session_bus()) return fail(Code::kNotFound, "there is no session bus");
  if (load_libsecret() == nullptr) return fail(Code::kNotFound, "libsecret isn't installed");
  const std::lock_guard turn(mutex_);
  if (Clock::now() < silent_until_) {
    return fail(Code::kNotFound, "the keyring was silent a moment ago");
  }
  Session session;
  const auto done = [&]() -> Result<T> {
    if (auto opened = session.open(); !opened) return fail(std::move(opened.error()));
    return work(session);
  }();
  if (!done && done.error().code == Code::kTimeout) {
    silent_until_ = Clock::now() + kPauseAfterSilence;
  }
  return done;
}

Result<std::optional<KeptLogin>> Keyring::find(const std::string& server) {
  using Found = std::optional<KeptLogin>;
  return ask<Found>([&](Session& session) -> Result<Found> {
    const auto items = session.search(&server);
    if (!items) return fail(items.error());
    Found found;
    bool any_locked = false;
    for_each(*items, [&](SecretItem* item) {
      any_locked = any_locked || session.locked(item);
      KeptLogin kept = session.login_of(item);
      const bool newer = !found || found->login.modified_at < kept.login.modified_at;
      if (!kept.credential.password.empty() && newer) found = std::move(kept);
    });
    if (found || !any_locked) return found;
    return fail(Code::kDenied, "the keyring is locked");
  });
}

Status Keyring::keep(const std::string& server, const Credential& credential) {
  return ask<void>([&](Session& session) -> Status {
    if (auto made = session.create(server, credential); !made) return made;
    // The new one is safe; the old ones may go. One that is locked is older, and loses in find().
    const auto items = session.search(&server);
    if (!items) return {};
    for_each(*items, [&](SecretItem* item) {
      if (!session.is(item, credential)) (void)session.remove(item);
    });
    return {};
  });
}

Result<bool> Keyring::forget(const std::string& server) {
  return ask<bool>([&](Session& session) -> Result<bool> {
    const auto items = session.search(&server);
    if (!items) return fail(items.error());
    bool any = false;
    Status removed;
    for_each(*items, [&](SecretItem* item) {
      any = true;
      if (removed) removed = session.remove(item);
    });
    if (!removed) return fail(std::move(removed.error()));
    return any;
  });
}

Result<std::vector<Login>> Keyring::list() {
  using Logins = std::vector<Login>;
  return ask<Logins>([](Session& session) -> Result<Logins> {
    const auto items = session.search(nullptr);
    if (!items) return fail(items.error());
    Logins logins;
    for_each(*items, [&](SecretItem* item) {
      Login login = session.login_of(item).login;
      if (!login.server.empty()) logins.push_back(std::move(login));
    });
    return logins;
  });
}

}  // namespace bulkhead::registry
