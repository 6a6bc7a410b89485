"""CONTRIBUTING.md: what it says of the files is true."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_way_out_is_a_command_and_a_weekly_job():
    assert "`make plain`" in TEXT
    assert re.search(r"^plain: ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    weekly = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text(encoding="utf-8"))
    assert "plain" in weekly["jobs"]["again"]["strategy"]["matrix"]["command"]


def test_every_path_that_it_names_exists():
    named = re.findall(r"`([\w.-]*/[\w./-]*|[\w.-]+\.(?:in|toml|cff|md))`", TEXT)
    absent = [name for name in named if not (ROOT / name).exists()]
    assert len(named) > 15
    assert set(absent) <= {"_build/release/", "_build/plain"}  # made by make
