"""Run a command with a network of the loopback device alone (Linux): offline.py make book."""

import ctypes
import fcntl
import os
import socket
import struct
import sys

# From Linux's headers: sched.h, sockios.h, if.h.
CLONE_NEWUSER, CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x10000000, 0x40000000, 0x8914, 0x1

try:
    # Who is not root gets the right in a name space of their own.
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET | bool(os.geteuid()) * CLONE_NEWUSER):
        raise OSError(os.strerror(ctypes.get_errno()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
except (OSError, AttributeError) as error:
    sys.exit(f"offline: the network cannot be cut off here: {error}")
os.execvp(sys.argv[1], sys.argv[1:])
