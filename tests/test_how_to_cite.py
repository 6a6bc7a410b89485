"""The page how-to-cite does what it says: its entries are valid, its code runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import citation
import pybtex.database
import pytest
from bs4 import BeautifulSoup
from frictionless import Package

from adoption import data, register

ROOT = Path(__file__).resolve().parents[1]
PROSE = (ROOT / "chapters/how-to-cite.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PROSE, re.S | re.M)


@pytest.fixture(scope="session")
def entries(html):
    text = (html / "chapters/how-to-cite.html").read_text(encoding="utf-8")
    return [pre.get_text() for pre in BeautifulSoup(text, "html.parser").select(".citation pre")]


def test_bibtex_of_the_page_parses(entries):
    found = pybtex.database.parse_string(
        "\n".join(entry for entry in entries if entry.startswith("@")), "bibtex"
    ).entries
    assert list(found) == [
        "adoption-book",
        "adoption-joint-use",
        "adoption-fig-exact-rates",
        "adoption-ai-rate-ratio-municipal",
    ]
    value = f"{register.get('ai.rate-ratio.municipal').value:.10g}"
    note = found["adoption-ai-rate-ratio-municipal"].fields["note"]
    assert "ai.rate-ratio.municipal" in note and value in note


def test_ris_of_the_page_is_well_formed(entries):
    found = [entry.strip().split("\n") for entry in entries if entry.startswith("TY")]
    assert len(found) == 4
    for lines in found:
        assert all(re.fullmatch(r"[A-Z][A-Z0-9]  -( .*)?", line) for line in lines)
        assert lines[-1].startswith("ER  -")


def test_what_the_page_cites_exists(html):
    assert (html / "chapters/who-adopts-first.html").read_text("utf-8").count('id="fig-exact-rates"') == 1
    title = re.search(r"^Chapter: (.*)$", PROSE, re.M)[1]
    page = json.loads((ROOT / "chapters/joint-use.ipynb").read_text(encoding="utf-8"))
    assert page["cells"][0]["source"][0].strip() == f"# {title}"


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.split("\n")[0])
def test_python_of_the_page_runs_as_shown(tmp_path, snippet):
    """In a folder with the files that the page offers for download, and without this package."""
    for path in [*(ROOT / "data").glob("*.csv"), ROOT / "data/datapackage.json", register.PATH]:
        shutil.copy(path, tmp_path)
    done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if "results.csv" in snippet:
        result = register.get("ai.rate-ratio.municipal")
        assert f"{result.value:.6f}" in done.stdout and result.source in done.stdout
    else:
        assert "108174" in done.stdout and "technology" in done.stdout


def test_the_page_shows_both_ways():
    assert len(SNIPPETS) == 2 and "```r\n" in PROSE


def test_package_names_every_file():
    package = Package(str(ROOT / "data/datapackage.json"))
    assert package.resource_names == data.names()
    rows = package.get_resource("adoption-by-stage").read_rows()
    assert [dict(row)["median_population"] for row in rows] == list(data.load("adoption-by-stage").median_population)


# --- CITATION.cff -------------------------------------------------------------------------------


def test_cff_is_valid(absent):
    """By the format's own tool, in an environment of its own: it needs an old jsonschema."""
    tool = os.environ.get("CFFCONVERT") or shutil.which("cffconvert")
    if not tool:
        absent("cffconvert is not installed", "REQUIRE_CFFCONVERT")
    done = subprocess.run([tool, "--validate", "-i", citation.PATH], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
