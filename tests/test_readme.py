"""README.md: what it shows and names is there, and its lines of Python run as shown."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
TEXTS = {"en": TEXT, "ja": (ROOT / "README.ja.md").read_text(encoding="utf-8")}


@pytest.mark.parametrize("language", TEXTS)
def test_what_it_names_is_there(language):
    made = {"_build/html/index.html", "_build/html/ja/index.html", ".venv"}
    named = (
        set(re.findall(r"`([\w.-]+/[\w./-]*|[\w.-]+\.(?:cff|md|py|mk|json)|LICENSE[\w-]*|\.venv)`", TEXTS[language]))
        - made
    )
    assert len(named) > 10
    absent = {name for name in named if not any((ROOT / folder / name).exists() for folder in ("", "tools", "data"))}
    assert not absent


def test_its_picture_is_a_small_png():
    [(alt, name)] = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", TEXT)
    picture = (ROOT / name).read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) < 120_000 and len(alt) > 80


def test_its_python_runs_as_shown():
    """Two of the eight smaller towns and two of the three larger ones."""
    [code] = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    code = re.sub("^  ", "", code, flags=re.M)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(map(float, done.stdout.splitlines()[1].split()[1:])) == pytest.approx([2 / 8, 2 / 3, 8 / 3], abs=1e-5)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("command", ["book", "test", "lab"])
def test_its_commands_exist(command, language):
    assert f"make {command}" in TEXTS[language] and re.search(
        rf"^{command}:", (ROOT / "Makefile").read_text("utf-8"), re.M
    )
