"""tools/setup.py and the lock: what is installed, and what is said where it cannot be."""

import fcntl
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def setup(monkeypatch, tmp_path):
    """The tool, with a folder of its own."""
    spec = importlib.util.spec_from_file_location("setup_tool", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    monkeypatch.setattr(module, "READY", tmp_path / "ready")
    return module


@pytest.mark.parametrize("newer", [None, "python3.12"])
def test_a_python_that_is_too_old(setup, monkeypatch, newer):
    old = SimpleNamespace(version_info=(3, 9, 2), executable="/usr/bin/python3", exit=sys.exit)
    monkeypatch.setattr(setup, "sys", old)
    monkeypatch.setattr(setup.shutil, "which", lambda name: name in (newer, "python3.13"))
    # pyenv's shim of a version that is not active is on the PATH and starts nothing.
    monkeypatch.setattr(setup.subprocess, "call", lambda command, **options: 127 * (command[0] == "python3.13"))
    if newer:
        assert setup.find_python() == newer
    else:
        with pytest.raises(SystemExit, match="found Python 3.9, expected 3.11 or later"):
            setup.find_python()


def test_windows_is_told_what_works_there():
    """Where Python has no fcntl."""
    start = "import runpy, sys; sys.modules['fcntl'] = None; runpy.run_path('tools/setup.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("setup: found Windows, expected Linux, macOS or WSL")
    commands = re.findall("pip install [^,]*|jupyter-book build .", done.stderr)
    assert len(commands) == 3
    for page in ("README.md", "chapters/how-to-rerun.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert all(command in text for command in commands), page


def test_a_python_without_ensurepip_is_told_what_to_install(setup, monkeypatch):
    monkeypatch.setattr(setup, "find_python", lambda: "false")
    with pytest.raises(SystemExit, match="false has no ensurepip.*apt install python3-venv"):
        setup.set_up()


@pytest.fixture
def commands(setup, monkeypatch):
    """What a set-up runs: commands with their environment; pip has a configuration."""
    ran = []

    def run(*command, env=None, **options):
        ran.append((list(map(str, command)), env))
        return SimpleNamespace(
            stdout=(
                ":env:.cert='/etc/cert.pem'\n:env:.index-url='https://one.example/simple'\n"
                "global.index-url='https://other.example/simple'\nglobal.proxy='http://proxy:1'\n"
                "global.timeout='9'\nglobal.trusted-host='one.example'\n"
            )
        )

    monkeypatch.setattr(setup, "run", run)
    for name in setup.OF_UV.values():
        monkeypatch.delenv(name, raising=False)
    setup.set_up()
    return ran


def test_uv_comes_from_the_lock_with_its_hashes_and_installs_the_rest(setup, commands):
    entry = (setup.VENV / "uv.txt").read_text()
    assert entry.startswith("uv==") and entry.count("--hash=sha256:") > 5
    assert len(re.findall("^[a-z]", entry, re.M)) == 1 and not entry.rstrip().endswith("\\")
    venv, pip, _, lock, own = [command for command, _ in commands]
    assert "--clear" in venv and "--require-hashes" in pip and str(setup.VENV / "uv.txt") in pip
    assert "--require-hashes" in lock and str(setup.LOCK) in lock
    assert {"--no-deps", "-e", str(ROOT)} <= set(own)


def test_where_pip_finds_packages_uv_finds_them(commands):
    for _, environment in commands[-2:]:
        assert environment["UV_DEFAULT_INDEX"] == "https://one.example/simple"
        assert environment["ALL_PROXY"] == "http://proxy:1"
        assert environment["SSL_CERT_FILE"] == "/etc/cert.pem"
        assert environment["UV_INSECURE_HOST"] == "one.example"


def test_what_is_ready_is_not_set_up_again_unless_the_folder_moved(setup, commands, monkeypatch):
    ran = len(commands)
    setup.set_up()
    assert len(commands) == ran
    monkeypatch.setattr(setup, "ROOT", setup.VENV)
    (setup.VENV / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    setup.set_up()
    assert len(commands) > ran


def test_two_at_once_wait_for_each_other_and_a_failure_is_one_line(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / ".book").mkdir()
    shutil.copy(ROOT / "tools" / "setup.py", tmp_path / "tools")
    with (tmp_path / ".book" / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, tmp_path / "tools" / "setup.py"],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1)
    output = second.communicate(timeout=60)[0]
    assert second.returncode != 0 and re.fullmatch("setup: .*No such file.*requirements.txt'\n", output)


# --- the lock -------------------------------------------------------------------------------------

LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
NAME = r"^([A-Za-z0-9._-]+)(\[[\w,-]+\])?"


def test_the_lock_is_hashed_and_names_no_index():
    pinned = re.findall(NAME + r"==[^\n]*\\\n    --hash=sha256:", LOCK, re.M)
    assert len(pinned) == len(re.findall(NAME, LOCK, re.M)) > 100
    assert "index-url" not in LOCK and "://" not in LOCK


def test_a_package_with_an_extra_is_pinned_without_it_too():
    """pip before 24 takes the two for different packages."""
    extras = re.findall(r"^([a-z-]+)\[[\w,-]+\](==\S+)", LOCK, re.M)
    assert ("jsonschema", "==4.24.1") in extras
    assert all(re.search(rf"^{name}{version} ", LOCK, re.M) for name, version in extras)


def test_the_lock_holds_what_was_chosen():
    chosen = re.findall(
        NAME + r"(?:[=~<>].*)?(?:\s+#.*)?$", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.M
    )
    assert len(chosen) > 15
    for name, _ in chosen:
        assert re.search(rf"^{re.escape(name.lower())}==", LOCK.lower(), re.M), name


def test_make_lists_its_commands():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", (ROOT / "Makefile").read_text(), re.M)[1]
    for command in set(phony.replace("\\", "").split()):
        assert f"make {command} " in listed, command
