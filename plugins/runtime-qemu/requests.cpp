#include "requests.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <type_traits>

#include "template_layout.hpp"

namespace bulkhead::qemu {
namespace {

constexpr int kHighestSignal = 64;
constexpr uint64_t kMiB = 1 << 20;
// What virtio-blk and virtio-9p have room for.
constexpr size_t kLongestSerial = 20;
constexpr size_t kLongestTag = 31;

// An address that a card may have: six octets, not a group's.
bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool fits =
        i % 3 == 2 ? text[i] == ':' : std::isxdigit(static_cast<unsigned char>(text[i]));
    if (!fits) return false;
  }
  return std::string_view("02468aceACE").find(text[1]) != std::string_view::npos;
}

// Reads members of one object and remembers the first thing that is wrong with it, so that a parser
// reads like the table in METHODS.md and checks once at its end.
class Members {
 public:
  Members(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
    if (!object_.is_object()) complain("is not an object");
  }

  std::string text(const char* key) {
    const Json* value = find(key, &Json::is_string, "is not a string");
    return value ? value->get<std::string>() : std::string();
  }
  std::string text_or_empty(const char* key) { return has(key) ? text(key) : std::string(); }

  bool flag(const char* key) {
    if (!has(key)) return false;
    const Json* value = find(key, &Json::is_boolean, "is not true or false");
    return value && value->get<bool>();
  }

  uint64_t number(const char* key, uint64_t low, uint64_t high) {
    const Json* value = find(key, &Json::is_number_integer, "is not a whole number");
    if (!value) return low;
    const bool negative = !value->is_number_unsigned() && value->get<int64_t>() < 0;
    if (negative || value->get<uint64_t>() < low || value->get<uint64_t>() > high) {
      complain(key, "is not between " + std::to_string(low) + " and " + std::to_string(high));
      return low;
    }
    return value->get<uint64_t>();
  }
  uint64_t number_or(const char* key, uint64_t fallback, uint64_t low, uint64_t high) {
    return has(key) ? number(key, low, high) : fallback;
  }

  std::string path(const char* key) {
    std::string value = text(key);
    if (!value.starts_with('/')) complain(key, "is not an absolute path");
    return value;
  }

  std::string id(const char* key, size_t longest = 128) {
    std::string value = text(key);
    if (!is_id(value) || value.size() > longest) complain(key, "is not an id");
    return value;
  }

  const Json& object(const char* key) {
    static const Json kEmpty = Json::object();
    const Json* value = find(key, &Json::is_object, "is not an object");
    return value ? *value : kEmpty;
  }

  std::vector<std::string> words(const char* key) {
    std::vector<std::string> out;
    if (!has(key)) return out;
    const Json* list = find(key, &Json::is_array, "is not a list");
    for (const Json& item : list ? *list : Json::array()) {
      if (!item.is_string() || !is_word(item.get_ref<const std::string&>())) {
        complain(key, "holds something that is not a word");
        break;
      }
      out.push_back(item.get<std::string>());
    }
    return out;
  }

  // What `read` makes of each object of a list; what is wrong with one is told with its place.
  template <class Read>
  auto list(const char* key, Read read) {
    std::vector<std::invoke_result_t<Read, Members&>> out;
    if (!has(key)) return out;
    const Json* items = find(key, &Json::is_array, "is not a list");
    for (const Json& item : items ? *items : Json::array()) {
      Members one(item, "");
      out.push_back(read(one));
      if (one.problem_.empty()) continue;
      complain(key, "item " + std::to_string(out.size() - 1) + ": " + one.problem_);
      break;
    }
    return out;
  }

  bool has(const char* key) const {
    if (!object_.is_object()) return false;
    const auto found = object_.find(key);
    return found != object_.end() && !found->is_null();
  }

  void complain(const char* key, const std::string& problem) {
    complain("key \"" + std::string(key) + "\" " + problem);
  }

  template <class T>
  Result<T> finish(T value) {
    if (!problem_.empty()) return fail(Code::kInvalid, what_ + ": " + problem_);
    return value;
  }

 private:
  using TypeTest = bool (Json::*)() const noexcept;

  const Json* find(const char* key, TypeTest is_type, const char* otherwise) {
    if (!has(key)) {
      complain(key, "is missing");
      return nullptr;
    }
    const Json& value = object_.at(key);
    if ((value.*is_type)()) return &value;
    complain(key, otherwise);
    return nullptr;
  }

  void complain(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  static bool is_word(const std::string& text) {
    return !text.empty() && std::none_of(text.begin(), text.end(),
                                         [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  }

  const Json& object_;
  std::string what_;
  std::string problem_;
};

Network read_network(Members& in) {
  Network network;
  network.network = in.id("network");
  network.mac = in.text("mac");
  if (!is_mac(network.mac)) in.complain("mac", "is not a network card's address");
  return network;
}

Disk read_disk(Members& in) {
  Disk disk;
  disk.serial = in.id("serial", kLongestSerial);
  disk.path = in.path("path");
  disk.read_only = in.flag("readOnly");
  return disk;
}

Share read_share(Members& in) {
  Share share;
  share.tag = in.id("tag", kLongestTag);
  share.path = in.path("path");
  share.read_only = in.flag("readOnly");
  share.notify = in.flag("notify");
  if (share.notify) share.destination = in.path("destination");
  return share;
}

Socket read_socket(Members& in) {
  Socket socket;
  const std::string direction = in.text("direction");
  if (direction == "to-guest") {
    socket.direction = Socket::Direction::kToGuest;
  } else if (direction != "to-host") {
    in.complain("direction", "is neither to-host nor to-guest");
  }
  socket.host = in.path("host");
  socket.guest = in.path("guest");
  if (in.has("mode")) socket.mode = static_cast<uint32_t>(in.number("mode", 0, 0777));
  return socket;
}

ShareTransport read_transport(Members& in) {
  if (!in.has("shareTransport")) return ShareTransport::kAuto;
  const std::string name = in.text("shareTransport");
  if (name == "9p") return ShareTransport::k9p;
  if (name == "virtiofs") return ShareTransport::kVirtiofs;
  if (name != "auto") in.complain("shareTransport", "is neither auto nor 9p nor virtiofs");
  return ShareTransport::kAuto;
}

void read_mounts(Members& in, Machine& machine) {
  machine.share_transport = read_transport(in);
  machine.cloning = in.flag("cloning");
  machine.disks = in.list("disks", read_disk);
  machine.shares = in.list("shares", read_share);
  std::set<std::string> names = {"image", "writable", "init"};
  for (const Disk& disk : machine.disks) {
    if (!names.insert(disk.serial).second) in.complain("disks", "has two named " + disk.serial);
  }
  names.clear();
  for (const Share& share : machine.shares) {
    if (!names.insert(share.tag).second) in.complain("shares", "has two named " + share.tag);
  }
}

Template read_template(Members& in, unsigned machine_cpus) {
  Members from(in.object("template"), "template");
  Template read;
  read.cpus = static_cast<unsigned>(from.number_or("cpus", machine_cpus, 1, 255));
  read.memory_bytes = from.number("memoryBytes", 16 * kMiB, uint64_t{1} << 46);
  read.recipe = from.text("recipe");
  if (auto checked = from.finish(0); !checked) in.complain("template", checked.error().message);
  return read;
}

Result<Machine> parse_machine(const Json& body) {
  Members in(body, "machine");
  Machine machine;
  const std::string accelerator = in.text("accelerator");
  if (accelerator == "kvm") {
    machine.accelerator = Accelerator::kKvm;
  } else if (accelerator != "tcg") {
    in.complain("accelerator", "is neither kvm nor tcg");
  }
  machine.cpus = static_cast<unsigned>(in.number("cpus", 1, 255));
  machine.memory_bytes = in.number("memoryBytes", 16 * kMiB, uint64_t{1} << 46);
  machine.kernel = in.path("kernel");
  machine.initramfs = in.path("initramfs");
  machine.kernel_args = in.words("kernelArgs");
  if (in.has("imageDisk")) machine.image_disk = in.path("imageDisk");
  if (in.has("writableDisk")) machine.writable_disk = in.path("writableDisk");
  if (in.has("initDisk")) machine.init_disk = in.path("initDisk");
  machine.virtualization = in.flag("virtualization");
  machine.networks = in.list("networks", read_network);
  read_mounts(in, machine);
  machine.sockets = in.list("sockets", read_socket);
  if (in.has("template")) machine.from = read_template(in, machine.cpus);
  return in.finish(std::move(machine));
}

Result<ProcessRequest> parse_process(const Json& body, std::string what, const char* id_key) {
  Members in(body, std::move(what));
  ProcessRequest request;
  request.id = id_key ? in.id(id_key) : "init";
  if (id_key && request.id == "init")
    in.complain(id_key, "is the name of the container's own process");
  request.process = in.object("process");
  request.attach = in.flag("attach");
  request.with_stdin = in.flag("stdin");
  Members process(request.process, "process");
  request.terminal = process.flag("terminal");
  if (auto checked = process.finish(0); !checked) return fail(checked.error());
  return in.finish(std::move(request));
}

}  // namespace

bool is_id(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= 128 && text != "." && text != ".." &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<Config> parse_config(const Json& body) {
  Members in(body, "configuration of runtime-qemu");
  Config config;
  config.container = in.id("container");
  config.run_dir = in.path("runDir");
  config.log_dir = in.path("logDir");
  config.qemu = in.text_or_empty("qemu");
  config.virtiofsd = in.text_or_empty("virtiofsd");
  if (in.has("log")) {
    Members log(in.object("log"), "log");
    const LogLimits usual;
    config.log.max_bytes = log.number_or("maxBytes", usual.max_bytes, 4096, uint64_t{1} << 40);
    config.log.max_files =
        static_cast<unsigned>(log.number_or("maxFiles", usual.max_files, 1, 1000));
    if (auto checked = log.finish(0); !checked) return fail(checked.error());
  }
  return in.finish(std::move(config));
}

Result<CreateRequest> parse_create(const Json& body, std::vector<UniqueFd> fds) {
  Members in(body, "runtime.create");
  CreateRequest request;
  request.hostname = in.text("hostname");
  request.guest = in.object("guest");
  request.boot_deadline = Milliseconds(in.number_or("bootDeadlineMs", 0, 0, 3'600'000));
  request.disposable = in.flag("disposable");
  request.parked = in.flag("parked");
  if (request.parked) {
    request.container = in.id("container");
    request.log_dir = in.path("logDir");
  }
  auto machine = parse_machine(in.object("machine"));
  if (auto checked = in.finish(0); !checked) return fail(checked.error());
  if (!machine) return fail(std::move(machine.error()).context("runtime.create"));
  if (machine->image_disk.empty())
    return fail(Code::kInvalid, "runtime.create: machine: key \"imageDisk\" is missing");
  request.machine = std::move(*machine);
  if (request.machine.from) {
    if (fds.size() < 2) return fail(Code::kInvalid, "runtime.create: the template didn't come");
    request.state = std::move(fds.back());
    fds.pop_back();
    request.ram = std::move(fds.back());
    fds.pop_back();
  }
  if (request.parked) {  // its cables are there
    if (!fds.empty()) return fail(Code::kInvalid, "runtime.create: descriptors came");
  } else if (fds.size() != 2 * request.machine.networks.size()) {
    return fail(Code::kInvalid, "runtime.create: " + std::to_string(fds.size()) +
                                    " descriptors came with " +
                                    std::to_string(request.machine.networks.size()) +
                                    " networks, and each needs two");
  }
  for (size_t i = 0; i < fds.size(); ++i) {
    (i % 2 == 0 ? request.vm_ends : request.switch_ends).push_back(std::move(fds[i]));
  }
  return request;
}

Result<ParkRequest> parse_park(const Json& body, std::vector<UniqueFd> fds) {
  ParkRequest request;
  Members in(body, "runtime.park");
  request.rehearsal.hostname = in.text("hostname");
  request.rehearsal.guest = in.object("guest");
  request.rehearsal.boot_deadline = Milliseconds(in.number_or("deadlineMs", 0, 0, 3'600'000));
  request.rehearsal.must_clone = true;
  request.process.id = "init";
  request.process.process = in.object("process");
  auto machine = parse_machine(in.object("machine"));
  if (auto checked = in.finish(0); !checked) return fail(checked.error());
  if (!machine) return fail(std::move(machine.error()).context("runtime.park"));
  if (machine->image_disk.empty() || machine->writable_disk.empty() || !machine->from)
    return fail(Code::kInvalid, "runtime.park: machine: it needs two disks and a template");
  if (auto fits = check_adoptable(*machine); !fits)
    return fail(std::move(fits.error()).context("runtime.park"));
  if (fds.size() != 2)
    return fail(Code::kInvalid, "runtime.park: two descriptors must come, of the template");
  request.rehearsal.machine = std::move(*machine);
  request.rehearsal.ram = std::move(fds[0]);
  request.rehearsal.state = std::move(fds[1]);
  return request;
}

Result<TemplateRequest> parse_template(const Json& body, std::vector<UniqueFd> fds) {
  Members in(body, "runtime.template");
  TemplateRequest request;
  request.deadline = Milliseconds(in.number_or("deadlineMs", 60'000, 1, 3'600'000));
  auto machine = parse_machine(in.object("machine"));
  if (auto checked = in.finish(0); !checked) return fail(checked.error());
  if (!machine) return fail(std::move(machine.error()).context("runtime.template"));
  if (fds.size() != 2)
    return fail(Code::kInvalid,
                "runtime.template: two descriptors must come, for memory and state");
  request.shape = std::move(*machine);
  request.ram = std::move(fds[0]);
  request.state = std::move(fds[1]);
  return request;
}

Result<ProcessRequest> parse_start(const Json& body) {
  return parse_process(body, "runtime.start", nullptr);
}

Result<ProcessRequest> parse_exec(const Json& body) {
  return parse_process(body, "runtime.exec", "exec");
}

Result<SignalRequest> parse_signal(const Json& body) {
  Members in(body, "runtime.signal");
  SignalRequest request;
  request.process = in.id("process");
  request.signal = static_cast<int>(in.number("signal", 1, kHighestSignal));
  return in.finish(std::move(request));
}

Result<StopRequest> parse_stop(const Json& body) {
  Members in(body, "runtime.stop");
  StopRequest request;
  request.signal = static_cast<int>(in.number("signal", 1, kHighestSignal));
  request.timeout = Milliseconds(in.number("timeoutMs", 0, uint64_t{1} << 40));
  return in.finish(request);
}

Result<ProbeRequest> parse_probe(const Json& body) {
  Members in(body, "runtime.probe");
  ProbeRequest request;
  request.kernel = in.path("kernel");
  request.initramfs = in.path("initramfs");
  request.deadline = Milliseconds(in.number_or("deadlineMs", 2000, 1, 600'000));
  return in.finish(std::move(request));
}

}  // namespace bulkhead::qemu
