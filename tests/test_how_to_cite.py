"""The page how-to-cite does what it says: its entries are valid, its code runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import citation
import downloads
import pybtex.database
import pytest
import yaml
from bs4 import BeautifulSoup
from frictionless import Package
from jsonschema import Draft7Validator

from adoption import data, register

ROOT = Path(__file__).resolve().parents[1]
PROSE = (ROOT / "chapters/how-to-cite.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```(python|r|sql)\n(.*?)^```", PROSE, re.S | re.M)
PYTHON, (R,), (SQL,) = ([code for name, code in SNIPPETS if name == language] for language in ("python", "r", "sql"))
RATIO = register.get("ai.rate-ratio.municipal")


def given(html, edition=""):
    """The citations on the page of an edition."""
    text = (html / edition / "chapters/how-to-cite.html").read_text(encoding="utf-8")
    return [pre.get_text() for pre in BeautifulSoup(text, "html.parser").select(".citation pre")]


@pytest.fixture(scope="session")
def entries(html):
    return given(html)


def test_every_citation_names_version_and_build(html, entries):
    """On the page, in the register's button and with each figure."""
    edition = f"{citation.book().version}, build {json.loads((html / 'build.json').read_text())['digest'][:12]}"
    said = [*entries, (html / "chapters/register.html").read_text("utf-8")]
    said += [json.loads(path.read_text("utf-8"))["citation"] for path in (html / "figures").glob("*.json")]
    assert len(entries) == 12 and len(said) > 25
    assert all(edition in one for one in said)


def test_the_japanese_edition_is_cited_in_japanese(html, entries):
    """The same parts under the same keys, version and build too, on the page and with each figure."""
    digest = json.loads((html / "build.json").read_text())["digest"][:12]
    edition, japanese = f"第{citation.book().version}版、ビルド{digest}", given(html, "ja")
    files = {path.name: json.loads(path.read_text("utf-8")) for path in (html / "ja/figures").glob("*.json")}
    said = [*japanese, *(figure["citation"] for figure in files.values())]
    said.append(
        BeautifulSoup((html / "ja/chapters/register.html").read_text("utf-8"), "html.parser").find(id="register-bar")[
            "data-citation"
        ]
    )
    assert len(japanese) == 12 and all(edition in one for one in said)
    assert not [one for one in said if re.search(r"[Vv]ersion \d|build |Chapter|Figure|Result|contributors", one)]
    keys = [re.findall(r"@misc\{(.*),", "\n".join(one)) for one in (entries, japanese)]
    assert keys[0] == keys[1] != []
    assert files.keys() == {path.name for path in (html / "figures").glob("*.json")}
    assert all(
        figure["address"].startswith(("ja/chapters/", f"{citation.book().url}/ja/")) for figure in files.values()
    )


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


def test_what_the_page_cites_exists(html, entries):
    assert (html / "chapters/who-adopts-first.html").read_text("utf-8").count('id="fig-exact-rates"') == 1
    title = json.loads((ROOT / "chapters/joint-use.ipynb").read_text("utf-8"))["cells"][0]["source"][0].strip("# \n")
    assert f"Chapter “{title}”" in entries[3]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder that the page names, without this package."""
    folder = tmp_path_factory.mktemp("everything")
    downloads.archive(folder / "everything.zip")
    shutil.unpack_archive(folder / "everything.zip", folder)
    return folder


def ran(folder, *command, **environment):
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("snippet", PYTHON, ids=lambda text: text.split("\n")[0])
def test_python_of_the_page_runs_as_shown(unpacked, snippet):
    shown = ran(unpacked, sys.executable, "-c", snippet)
    if "results.csv" in snippet:
        assert f"{RATIO.value:.6f}" in shown and RATIO.source in shown
    else:
        assert "108174" in shown and "technology" in shown


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_r_of_the_page_runs_as_shown(unpacked, absent, locale):
    """In a locale without Japanese letters too: all rows, and the letters that were printed."""
    if not shutil.which("Rscript"):
        absent("R is not installed", "REQUIRE_R")
    letters = "cat(nrow(register), nrow(stages), utf8ToInt(stages$label_ja[1]))\n"
    (unpacked / "lines.R").write_text(R + letters, encoding="utf-8")
    *_, row, counted = ran(unpacked, "Rscript", "--vanilla", "lines.R", LC_ALL=locale).splitlines()
    assert f"{RATIO.value:.6f}" in row and RATIO.source in row
    rows = len(register.read_file()), len(data.load("adoption-by-stage"))
    assert list(map(int, counted.split())) == [*rows, *map(ord, "導入済み")]


def test_sql_of_the_page_runs_as_shown(unpacked, absent):
    """DUCKDB: a Python that has the package duckdb."""
    if not (python := os.environ.get("DUCKDB")):
        absent("DuckDB is not installed", "REQUIRE_R")
    show = "import duckdb, sys; [print(duckdb.sql(q).fetchall()) for q in sys.argv[1].strip().split(';')[:-1]]"
    first, second = ran(unpacked, python, "-c", show, SQL).splitlines()
    assert f"{RATIO.value:.9f}" in first and RATIO.source in first
    assert second == "[('AI', 108174), ('RPA', 102374)]"


def test_package_names_every_file():
    package = Package(str(ROOT / "data/datapackage.json"))
    assert package.resource_names == data.names()
    rows = package.get_resource("adoption-by-stage").read_rows()
    assert [dict(row)["median_population"] for row in rows] == list(data.load("adoption-by-stage").median_population)


# --- CITATION.cff -------------------------------------------------------------------------------


# The schema of the Citation File Format 1.2.0, unchanged: https://citation-file-format.github.io,
# by Druskat and others, CC BY 4.0.
SCHEMA = json.loads((ROOT / "tests/schemas/cff-1.2.0.json").read_text(encoding="utf-8"))
FAULTS = {
    "nothing": ("", "", []),
    "unknown property": ("message:", "massage:", [[], []]),
    "no day": (citation.book().released, "2026-11", [["date-released"]]),
    "no licence": ("MIT", "MIT or so", [["license"]]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_cff_has_the_form_of_its_schema(fault):
    old, new, wrong = FAULTS[fault]
    text = citation.PATH.read_text(encoding="utf-8")
    assert old in text
    cff = yaml.load(text.replace(old, new, 1), yaml.BaseLoader)
    assert [[*error.absolute_path] for error in Draft7Validator(SCHEMA).iter_errors(cff)][: len(wrong) + 1] == wrong
