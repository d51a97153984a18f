"""A real terminal with a program at its other end: sized, typed into, read from."""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from .box import GUARD


class Terminal:
    def __init__(self, command, environment, rows=24, columns=80):
        self.master, slave = pty.openpty()
        self.seen = ""
        self.resize(rows, columns, tell=False)

        def own_the_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(command, env={**environment, "TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=own_the_terminal)
        os.close(slave)

    def resize(self, rows, columns, tell=True):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def type(self, text):
        os.write(self.master, text.encode())

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], max(0, seconds))
        if not ready:
            return None
        try:
            return os.read(self.master, 65536).decode(errors="replace")
        except OSError as error:  # the other end is closed
            if error.errno == errno.EIO:
                return ""
            raise

    def expect(self, pattern, seconds=GUARD):
        """Reads until the pattern comes; what was read so far is used up by it."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            piece = self._read(deadline - time.monotonic())
            assert piece, f"the terminal {'closed' if piece == '' else 'stayed silent'}; waited for /{pattern}/, read: {self.seen!r}"
            self.seen += piece

    def rest(self, seconds=GUARD):
        """Everything up to the end, and the exit status."""
        deadline = time.monotonic() + seconds
        while True:
            piece = self._read(deadline - time.monotonic())
            assert piece is not None, f"the terminal didn't close; read: {self.seen!r}"
            if not piece:
                break
            self.seen += piece
        return self.seen, self.process.wait(timeout=GUARD)

    def attributes(self):
        return termios.tcgetattr(self.master)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
