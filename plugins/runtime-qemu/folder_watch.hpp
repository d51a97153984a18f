// Tells of the files that change in one folder of this host and below it: by inotify(7), to a sink
// that takes them as the container names them.
//
// What counts is IN_CLOSE_WRITE, IN_CREATE and IN_MOVED_TO. The guest answers a notice by setting
// the file's time, here too (guest/PROTOCOL.md), which is IN_MODIFY or IN_ATTRIB, and neither is
// looked at: a notice is no reason for the next. One way round remains, a program of the container
// that opens the file for writing whenever it hears of it and closes it as it was. So the state in
// which a notice has left a file is remembered, and a file that is closed in that very state is
// told of once more and then no longer. (Once more, because a write in the moment between the
// guest's touch and the look at its result would be taken for the touch.)
//
// The folder's content is the guest's too, and the guest is hostile: what lies below is opened from
// the folder's own descriptor, beneath it and through no symbolic link, so that it can't learn what
// happens elsewhere on this host; and everything that is kept is bounded: watches by
// `most_watches`, waiting paths by kMostPending (reading pauses before that, and the kernel bounds
// its own queue). What is beyond a bound isn't told, and that is said once.
//
// A folder that appears is watched first and read then, and what is found in it is told as new.
// Reading goes in steps, as a timer fires, so that a large tree doesn't hold up the loop.
#pragma once

#include <sys/inotify.h>
#include <sys/stat.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"

namespace bulkhead::qemu {

class FolderWatch {
 public:
  static constexpr size_t kMostPaths = 256;  // at once
  static constexpr uint64_t kGatherMs = 50;  // from a change to its being told, and between notices
  static constexpr size_t kMostPending = 4096;

  struct Place {
    std::string folder;       // of this host, without symbolic links
    std::string destination;  // the same in the container
  };
  // Gets no more before it has called `done`, which it may do late, and after this object's end.
  using Sink =
      std::function<void(const std::vector<std::string>& paths, const std::function<void()>& done)>;
  using Remark = std::function<void(std::string_view line)>;  // for the service's log

  // A folder that can't be watched is remarked on, and nothing comes of it.
  FolderWatch(loop::Loop& loop, Place place, size_t most_watches, Sink sink, Remark remark);

  size_t watches() const { return folders_.size(); }

 private:
  // Paths from here on are relative to the folder, which itself is "".
  struct Unread {
    std::string path;
    bool is_new = false;
  };
  // A file as it was when its last notice had been answered.
  struct Mark {
    ino_t inode = 0;
    off_t size = 0;
    timespec written{};
    bool told_again = false;  // though it hadn't changed
  };

  void read_events();
  void take(const inotify_event& event);
  void read_folders();
  void read_folder(const Unread& unread);
  UniqueFd open_folder(const std::string& path) const;
  bool add_watch(const UniqueFd& folder, const std::string& path);
  void forget(const std::string& path);
  void expect(std::string path, bool is_new);
  void note(std::string path, bool only_closed);
  void tell();
  void told(const std::vector<std::string>& paths);
  bool is_echo(const std::string& path, const Mark& now);
  std::optional<Mark> look(const std::string& path) const;
  void gather();
  void warn(bool& said, const std::string& what);

  Place place_;
  size_t most_watches_;
  Sink sink_;
  Remark remark_;
  UniqueFd root_, inotify_;
  std::unordered_map<int, std::string> folders_;  // by watch descriptor
  std::deque<Unread> unread_;
  std::map<std::string, bool> pending_;   // true: it was only closed, perhaps as it had been
  std::map<std::string, bool> outgoing_;  // pending once, told first: no path waits for ever
  std::unordered_map<std::string, Mark> marks_;
  bool telling_ = false;
  bool said_watches_ = false, said_changes_ = false;
  std::shared_ptr<FolderWatch*> self_;  // what a late `done` finds gone
  loop::Timer read_timer_, tell_timer_;
  std::unique_ptr<loop::Poll> poll_;  // last: nothing comes any more
};

}  // namespace bulkhead::qemu
