"""The floor of a cloned start: QEMU alone, resuming the template that clones come from, with nobody around it.

The command line is a running clone's own, its disks included; what it gets through descriptors it gets here at the same numbers
(plugins/runtime-qemu/qemu_arguments.hpp), and it is told the same over QMP (Vm::resume_clone in vm.cpp). Memory and state come
from the template's files, in sealed memory files as the service has them (core/engine/template_files.cpp), so that a page fault costs what it costs there.
"""
import fcntl
import json
import os
import select
import shutil
import socket
import sys
import time

AGENT, QMP, CONSOLE, FIRST_CARD, CARDS, RAM, STATE = 3, 4, 5, 6, 2, 30, 31
# Where nothing is that a child gets: one that is put in its place must not displace another.
ABOVE = 100
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
PIECE = 1 << 20
# A connection's first words (RFC 9113, 3.4), which the agent has from its host by the time it wakes up.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
ORDERS = (("qmp_capabilities", {}),
          ("migrate-set-capabilities", {"capabilities": [{"capability": "x-ignore-shared", "state": True}]}),
          ("migrate-set-parameters", {"announce-rounds": 0}),
          ("migrate-incoming", {"uri": f"fd:{STATE}"}))


def sealed_copy(path):
    """A memory file with what the file has, holes where it has holes."""
    memory = os.memfd_create(path.name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(path, "rb") as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        os.ftruncate(memory, size)
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # only holes follow
                break
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            while at < end:
                at += os.pwrite(memory, os.pread(file.fileno(), min(PIECE, end - at), at), at)
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, SEALS)
    return memory


def reopened(descriptor):
    """With a position of its own: every clone reads from the beginning."""
    return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)


class BareResume:
    def __init__(self, command, template):
        self.command = [shutil.which(command[0]), *command[1:]]
        self.ram, self.state = sealed_copy(template / "ram"), sealed_copy(template / "state")

    def __call__(self):
        """Seconds from the spawn to the first byte of the guest's agent."""
        channels = {number: socket.socketpair() for number in (AGENT, QMP, CONSOLE)}
        cards = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(CARDS)]
        state = reopened(self.state)
        given = {number: theirs.fileno() for number, (_, theirs) in channels.items()}
        given |= {FIRST_CARD + number: card.fileno() for number, (card, _) in enumerate(cards)}
        given |= {RAM: self.ram, STATE: state}
        ours = {number: mine for number, (mine, _) in channels.items()}
        try:
            begun = time.perf_counter()
            pid = self._spawn(given)
            try:
                self._until_agent(ours, begun)
                return time.perf_counter() - begun
            finally:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
        finally:
            os.close(state)
            for pair in (*channels.values(), *cards):
                for end in pair:
                    end.close()

    def _spawn(self, given):
        high = {number: fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, ABOVE) for number, descriptor in given.items()}
        nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        try:
            return os.posix_spawn(self.command[0], self.command, os.environ, setsid=True,
                                  file_actions=nothing + [(os.POSIX_SPAWN_DUP2, place, number) for number, place in high.items()])
        finally:
            for place in high.values():
                os.close(place)

    def _until_agent(self, ours, begun, seconds=60):
        """The orders wait for QEMU's greeting, as the service's do."""
        ours[AGENT].sendall(PREFACE)
        ordered, said = False, b""
        while True:
            ready, _, _ = select.select(list(ours.values()), [], [], max(0, begun + seconds - time.perf_counter()))
            if ours[AGENT] in ready and ours[AGENT].recv(1):
                return
            for channel in ready:
                said += channel.recv(65536)
            if not ready or b'"error"' in said:
                sys.exit(f"bench: the bare clone never spoke; QEMU said: {said[-500:]!r}")
            if ours[QMP] in ready and not ordered:
                ordered = True
                ours[QMP].sendall(b"".join(json.dumps({"execute": order, "arguments": words}).encode() + b"\n" for order, words in ORDERS))


def template_of(root):
    """The directory of the only template of a service."""
    [found] = (path.parent for path in root.glob("data/templates/*/ram"))
    return found
