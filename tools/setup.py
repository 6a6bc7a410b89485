"""Make .venv from the lock file. Standard library only; any Python 3 may start it.

The Makefile does, whenever the lock or pyproject.toml is newer than the environment.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
READY = VENV / "ready"
# uv reads no configuration of pip: where packages come from there, by uv's names for it.
OF_UV = {"index-url": "UV_DEFAULT_INDEX", "proxy": "ALL_PROXY", "cert": "SSL_CERT_FILE"}


def find_python():
    """A Python that is new enough: this one, or a newer one on the PATH."""
    if sys.version_info >= (3, 11):
        return sys.executable
    for minor in range(20, 10, -1):
        if shutil.which(f"python3.{minor}"):
            return f"python3.{minor}"
    sys.exit(f"setup: found Python {sys.version_info[0]}.{sys.version_info[1]}, expected 3.11 or "
             "later: install one, or name it: make PYTHON=/path/to/python3")


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, **options)


def set_up():
    # An editable install points at this folder: a moved checkout needs a new one.
    made_of = [*(path.read_bytes() for path in (LOCK, ROOT / "pyproject.toml", Path(__file__))),
               str(ROOT).encode()]
    fingerprint = hashlib.sha256(b"\0".join(made_of)).hexdigest()
    if READY.exists() and READY.read_text() == fingerprint:
        return READY.touch()
    print("setup: installing the locked packages into .venv", flush=True)
    python, pip = find_python(), [VENV / "bin/python", "-m", "pip"]
    check = subprocess.run([python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL)
    if check.returncode:
        sys.exit(f"setup: {python} has no ensurepip or venv. On Debian or Ubuntu: apt install "
                 "python3-venv. Or name another Python: make PYTHON=/path/to/python3")
    run(python, "-m", "venv", "--clear", VENV)
    # pip needs no more than the lock's own entry for uv.
    (VENV / "uv.txt").write_text(re.search(r"^uv==(.*\\\n)+.*\n", LOCK.read_text(), re.M)[0])
    run(*pip, "install", "-q", "--disable-pip-version-check", "--require-hashes",
        "-r", VENV / "uv.txt")
    said = run(*pip, "config", "list", capture_output=True, text=True).stdout.splitlines()
    # Environment variables come last, and win.
    known = [re.match(r"(:env:|\w+)\.([\w-]+)='(.*)'$", line)
             for line in sorted(said, reverse=True)]
    told = {OF_UV[found[2]]: found[3] for found in known if found and found[2] in OF_UV}
    environment = {**told, **os.environ, "VIRTUAL_ENV": str(VENV)}
    for what in (["--require-hashes", "--compile-bytecode", "-r", LOCK],
                 ["--no-deps", "--no-build-isolation", "-e", ROOT]):
        run(VENV / "bin/uv", "pip", "install", "-q", *what, env=environment)
    READY.write_text(fingerprint)


def main():
    try:
        # Two that start at once do not set up the same folder.
        (ROOT / ".book").mkdir(exist_ok=True)
        with open(ROOT / ".book" / "setup.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up()
    except subprocess.CalledProcessError as failure:
        sys.exit("setup: this step failed: " + " ".join(failure.cmd))
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; the next make starts it anew")
    except OSError as error:
        sys.exit(f"setup: {error}")


if __name__ == "__main__":
    main()
