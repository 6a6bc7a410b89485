"""The example of how-to-rerun is carried out: the next survey is three edited files."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from adoption import register

ROOT = Path(__file__).resolve().parents[1]


def lines_to_add():
    """What the page says to add when the next survey comes: lines by the name of their file."""
    page = (ROOT / "chapters" / "how-to-rerun.md").read_text(encoding="utf-8")
    section = page.split("\n## When the next survey comes\n")[1].split("\n## ")[0]
    found = re.findall(r"^\d\. `([^`\n]+)`.*?^ +```\w+\n(.*?)^ +```$", section, re.M | re.S)
    return {name: textwrap.dedent(lines) for name, lines in found}


@pytest.fixture(scope="module")
def copy(checkout, tmp_path_factory):
    """The repository's files with the three edits, and the chapter executed from them."""
    folder = checkout(tmp_path_factory.mktemp("next-survey"))
    added = lines_to_add()
    assert [*added] == ["data/later-surveys.csv", "data/datapackage.json", "CHANGELOG.md"]
    table, package, log = map(folder.joinpath, added)
    with table.open("a", encoding="utf-8", newline="") as file:
        file.write(added["data/later-surveys.csv"])
    head, tail = package.read_text(encoding="utf-8").split('"name": "survey_fy"')
    tail = re.sub(r'"maximum": \d+', added["data/datapackage.json"].strip(), tail, count=1)
    package.write_text(f'{head}"name": "survey_fy"{tail}', encoding="utf-8")
    log.write_text(
        re.sub(r"(\n## .*\n)", rf"\1\n{added['CHANGELOG.md']}", log.read_text(encoding="utf-8"), count=1), "utf-8"
    )

    def python(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            text=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(folder)},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "checksums renewed: later-surveys" in python("adoption.data")
    python("pytest", "-q", "--nbmake", "--overwrite", "chapters/forecast.ipynb")
    return folder


@pytest.fixture(scope="module")
def outputs(copy):
    notebook = json.loads((copy / "chapters" / "forecast.ipynb").read_text(encoding="utf-8"))
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def test_new_rows_follow_by_themselves_and_no_other_changes(outputs):
    after = {row["id"]: row for output in outputs for row in output["metadata"].get("adoption", {}).get("rows", ())}
    before = {id: row for id, row in register.read_file().items() if row.chapter == "forecast"}
    assert before.keys() <= after.keys()
    for id, row in before.items():
        # Where both ends are alike, the register holds one value.
        ends = [after[id]["lower"] or after[id]["value"], after[id]["upper"] or after[id]["value"]]
        known = [row.value if end is None else end for end in (row.lower, row.upper)]
        known, ends = ([float("nan" if end in (None, "") else end) for end in both] for both in (known, ends))
        assert ends == pytest.approx(known, rel=1e-6, nan_ok=True), id  # a p-value may stand alone
    expected = {}
    for line in lines_to_add()["data/later-surveys.csv"].splitlines():
        year, _, technology, kind, status, _, percent, *_ = line.split(",")
        id = f"since-2020.{technology.lower()}.{kind}.{status}.{year}".replace("_", "-")
        expected[id] = float(percent) / 100
    new = {id: after[id] for id in after.keys() - before.keys()}
    # Both ends alike: the register holds one value.
    assert {id: (float(row["lower"]), float(row["upper"])) for id, row in new.items()} == {
        id: (share, share) for id, share in expected.items()
    }


def test_table_and_figure_show_them(outputs):
    html = "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    rows = [
        [cell.get_text(strip=True).split("* [")[0] for cell in row.find_all(["th", "td"])]
        for row in BeautifulSoup(html, "html.parser").find_all("tr")
    ]
    assert ["AI", "2099", "2099-12-31", "100%", "100%", "83%", ""] in rows
    [alt] = [
        details["alt"]
        for output in outputs
        if (details := output["metadata"].get("image/svg+xml", {}).get("figure")) and details["name"] == "fig-forecast"
    ]
    assert "2099 98%" in alt
