"""The virtiofsd that a service of these tests would use."""
import os

QEMUS_OWN = "/usr/lib/qemu/virtiofsd"


def usable():
    """The tests run as whoever runs them: QEMU's own serves root only."""
    return os.geteuid() == 0 and os.access(QEMUS_OWN, os.X_OK)
