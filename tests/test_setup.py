"""tools/setup.py: what it says where Python cannot do it, and what it installs first."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def setup(monkeypatch):
    spec = importlib.util.spec_from_file_location("setup_tool", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_is_told_what_is_needed(setup, monkeypatch):
    old = SimpleNamespace(version_info=(3, 9, 2), executable="/usr/bin/python3.9", exit=sys.exit)
    monkeypatch.setattr(setup, "sys", old)
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"3\.11 or later is needed; /usr/bin/python3\.9 is 3\.9"):
        setup.find_python()


def test_a_newer_python_on_the_path_is_taken(setup, monkeypatch):
    old = SimpleNamespace(version_info=(3, 9, 2), executable="/usr/bin/python3.9", exit=sys.exit)
    monkeypatch.setattr(setup, "sys", old)
    monkeypatch.setattr(setup.shutil, "which",
                        lambda name: f"/opt/{name}" if name == "python3.12" else None)
    assert setup.find_python() == "/opt/python3.12"


def test_a_python_without_ensurepip_is_told_what_to_install(setup, monkeypatch):
    monkeypatch.setattr(setup.subprocess, "run",
                        lambda *a, **k: SimpleNamespace(returncode=1))
    with pytest.raises(SystemExit, match="ensurepip.*\n.*apt install python3-venv"):
        setup.make_venv("/usr/bin/python3")


def test_uv_comes_from_the_lock_with_its_hashes(setup):
    requirement = setup.uv_requirement()
    assert requirement.startswith("uv==") and requirement.count("--hash=sha256:") > 5


def test_the_lock_is_hashed_and_names_no_index():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==[^\n]*\\\n    --hash=sha256:", lock, re.M)
    assert len(pinned) == len(re.findall(r"^[A-Za-z0-9._-]+==", lock, re.M)) > 100
    assert "index-url" not in lock and "://" not in lock


def test_the_lock_holds_what_was_chosen():
    chosen = re.findall(r"^([A-Za-z0-9._-]+?)(?:\[[\w,]+\])?(?:[=~<>].*)?(?:\s+#.*)?$",
                        (ROOT / "requirements.in").read_text(encoding="utf-8"), re.M)
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower()
    assert len(chosen) > 15
    for name in chosen:
        assert re.search(rf"^{re.escape(name.lower())}==", lock, re.M), name


def test_make_lists_its_commands():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True)
    for command in ("book", "test", "torture", "interrupt", "serve", "pdf", "lab", "results",
                    "validation", "bench", "reproduce", "version", "release", "check-release", "data", "lock", "clean"):
        assert f"make {command} " in listed.stdout
