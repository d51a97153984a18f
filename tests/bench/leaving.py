"""A bench that is ended by SIGTERM takes down what it started, as one that is interrupted does: machines outlive who made them."""
import signal
import sys


def cleanly():
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
