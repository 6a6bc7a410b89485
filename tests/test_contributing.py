"""CONTRIBUTING.md: what it says of the files is true."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_move_to_version_2_names_every_extension():
    section = TEXT.split("\n## What a move to Jupyter Book 2 would break\n")[1]
    named = set(re.findall(r"`([a-z_]+\.py)`", section))
    assert named == {path.name for path in (ROOT / "_ext").glob("*.py")}


def test_every_path_that_it_names_exists():
    named = re.findall(r"`([\w.-]*/[\w./-]*|[\w.-]+\.(?:in|toml|cff|md))`", TEXT)
    absent = [name for name in named if not (ROOT / name).exists()]
    assert len(named) > 15
    assert set(absent) <= {"_build/release/"}  # made by make release
