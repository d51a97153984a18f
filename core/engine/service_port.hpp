// A plugin of the whole service as those who want it started and stopped see it. ServiceHost is the
// real one; tests put their own behind it.
#pragma once

#include "plugin_port.hpp"

namespace bulkhead::engine {

class ServicePort : public PluginPort {
 public:
  // Once the plugin has started or failed to. It may have been stopped before.
  virtual void start(std::function<void(Status)> started) = 0;
  // After each later start that a crash has made necessary.
  virtual void on_restarted(std::function<void()> handler) = 0;
  virtual void stop(std::function<void()> stopped) = 0;
};

}  // namespace bulkhead::engine
