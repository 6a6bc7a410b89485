"""Run a command without any network: ``python tools/offline.py make book`` (Linux).

The command gets a network of its own that holds the loopback device and nothing else; notebooks
talk to their kernels through that.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys

# From Linux's headers: sched.h, sockios.h, if.h.
CLONE_NEWUSER, CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x10000000, 0x40000000, 0x8914, 0x1


def cut_off() -> None:
    """Leave every network. OSError where this is not allowed here."""
    # Whoever is not root gets the right to it in a name space of their own.
    flags = CLONE_NEWNET | (CLONE_NEWUSER if os.geteuid() else 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("offline: found no command, expected one")
    try:
        cut_off()
    except (OSError, AttributeError) as error:
        sys.exit(f"offline: the network cannot be cut off here: {error}")
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error:
        sys.exit(f"offline: {sys.argv[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
