"""Make .venv from the lock file. Standard library only; any Python 3 may start it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:
    sys.exit(
        "setup: found Windows, expected Linux, macOS or WSL (wsl --install). Windows itself has these commands: "
        "pip install -r requirements.txt, pip install ., jupyter-book build ."
    )

ROOT = Path(__file__).resolve().parent.parent
VENV, LOCK = ROOT / ".venv", ROOT / "requirements.txt"
READY = VENV / "ready"
# uv reads no configuration of pip: where packages come from there, by uv's names for it.
OF_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "trusted-host": "UV_INSECURE_HOST",
}


def find_python():
    """A Python that is new enough: this one, or a newer one on the PATH, if it starts at all (pyenv)."""
    if sys.version_info >= (3, 11):
        return sys.executable
    for minor in range(20, 10, -1):
        name = f"python3.{minor}"
        if shutil.which(name) and not subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL):
            return name
    sys.exit(
        f"setup: found Python {sys.version_info[0]}.{sys.version_info[1]}, expected 3.11 or "
        "later: install one, or name it: make PYTHON=/path/to/python3"
    )


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, **options)


def set_up():
    # An editable install points at this folder: a moved checkout needs a new one.
    made_of = (LOCK, ROOT / "pyproject.toml", Path(__file__))
    fingerprint = hashlib.sha256(b"\0".join([path.read_bytes() for path in made_of] + [str(ROOT).encode()])).hexdigest()
    if READY.exists() and READY.read_text() == fingerprint:
        return READY.touch()
    print("setup: installing the locked packages into .venv", flush=True)
    python, pip = find_python(), [VENV / "bin/python", "-m", "pip"]
    if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True).returncode:
        sys.exit(
            f"setup: {python} has no ensurepip or venv. On Debian or Ubuntu: apt install "
            "python3-venv. Or name another Python: make PYTHON=/path/to/python3"
        )
    run(python, "-m", "venv", "--clear", VENV)
    # pip needs no more than the lock's own entry for uv.
    (VENV / "uv.txt").write_text(re.search(r"^uv==(.*\\\n)+.*\n", LOCK.read_text(), re.M)[0])
    run(*pip, "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", VENV / "uv.txt")
    said = run(*pip, "config", "list", capture_output=True, text=True).stdout
    # Lines about environment variables come first there: read last, they win.
    told = {
        OF_UV[name]: value
        for name, value in reversed(re.findall(r"^(?::env:|\w+)\.([\w-]+)='(.*)'$", said, re.M))
        if name in OF_UV
    }
    for what in (["--require-hashes", "-r", LOCK], ["--no-deps", "--no-build-isolation", "-e", ROOT]):
        run(VENV / "bin/uv", "pip", "install", "-q", *what, env={**told, **os.environ, "VIRTUAL_ENV": str(VENV)})
    READY.write_text(fingerprint)


if __name__ == "__main__":
    try:
        # Two that start at once do not set up the same folder.
        (ROOT / ".book").mkdir(exist_ok=True)
        with open(ROOT / ".book" / "setup.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up()
    except subprocess.CalledProcessError as failure:
        sys.exit("setup: this step failed: " + " ".join(failure.cmd))
    except (KeyboardInterrupt, OSError) as error:
        sys.exit(f"setup: {error or 'interrupted; the next make starts it anew'}")
