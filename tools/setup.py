"""Make .venv from the lock file. Standard library only; any Python 3 may start it.

Run by the Makefile whenever the lock or pyproject.toml is newer than the environment.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
READY = VENV / "ready"


def stop(message):
    sys.exit("setup: " + message)


def find_python():
    """A Python that is new enough: this one, or a newer one on the PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found:
            return found
    stop(
        "Python %d.%d or later is needed; %s is %d.%d and no newer one is on the PATH.\n"
        "Install one, or name it: make PYTHON=/path/to/python3"
        % (OLDEST + (sys.executable,) + sys.version_info[:2])
    )


def make_venv(python):
    check = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True)
    if check.returncode:
        stop(
            "%s comes without ensurepip or venv, so no environment can be made with it.\n"
            "On Debian or Ubuntu: apt install python3-venv. "
            "Or name another Python: make PYTHON=/path/to/python3" % python
        )
    subprocess.run([python, "-m", "venv", "--clear", str(VENV)], check=True)


def uv_requirement():
    """The lock's own entry for uv, with its hashes: pip needs no more than this."""
    match = re.search(r"^uv==[^\n]*\\\n(?:    --hash=[^\n]*\n)+", LOCK.read_text(), re.M)
    if not match:
        stop("requirements.txt has no hashed entry for uv: run make lock")
    return match.group()


def package_index():
    """uv does not read pip's configuration: hand over an index that pip was told to use."""
    asked = subprocess.run(
        [str(VENV / "bin/python"), "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True, text=True,
    )
    index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {"UV_DEFAULT_INDEX": index} if index and "UV_DEFAULT_INDEX" not in os.environ else {}


def install():
    python = str(VENV / "bin/python")
    own_uv = VENV / "uv.txt"
    own_uv.write_text(uv_requirement())
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                    "--require-hashes", "-r", str(own_uv)], check=True)
    own_uv.unlink()
    uv = [str(VENV / "bin/uv"), "pip"]
    env = {**os.environ, **package_index(), "VIRTUAL_ENV": str(VENV)}
    subprocess.run(uv + ["install", "-q", "--require-hashes", "--compile-bytecode", "-r", str(LOCK)],
                   check=True, env=env)
    subprocess.run(uv + ["install", "-q", "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
                   check=True, env=env)


def fingerprint():
    """Of everything that decides what is in the environment."""
    digest = hashlib.sha256()
    for path in (LOCK, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    # An editable install points at this folder: a moved checkout needs a new one.
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def main():
    try:
        # Two that start at once do not set up the same folder.
        (ROOT / "_build").mkdir(exist_ok=True)
        with open(str(ROOT / "_build" / "setup.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up()
    except subprocess.CalledProcessError as failure:
        stop("this step failed: %s" % " ".join(map(str, failure.cmd)))
    except KeyboardInterrupt:
        stop("interrupted; the next make starts it anew")
    except OSError as error:
        stop(str(error))


def set_up():
    if READY.exists() and READY.read_text() == fingerprint():
        READY.touch()
        return
    print("setup: installing the locked packages into .venv", flush=True)
    make_venv(find_python())
    install()
    READY.write_text(fingerprint())


if __name__ == "__main__":
    main()
