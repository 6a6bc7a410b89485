"""tools/offline.sh: the command sees no network but its own."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[1] / "tools" / "offline.sh"
LOOK = """
import socket
print([name for _, name in socket.if_nameindex()])
here = socket.create_server(("127.0.0.1", 0))
socket.create_connection(here.getsockname(), 5).close()
try:
    socket.create_connection(("192.0.2.1", 9), 5)
except OSError as error:
    print(error.strerror)
"""


def test_only_loopback_is_left(absent):
    done = subprocess.run(["sh", TOOL, sys.executable, "-c", LOOK], capture_output=True, text=True)
    if "unshare" in done.stderr or "ip: not found" in done.stderr:
        absent("the network cannot be cut off here", "REQUIRE_OFFLINE")
    assert done.stdout.splitlines() == ["['lo']", "Network is unreachable"], done.stderr
