"""_ext/downloads.py: what can be taken away is whole, and the same in each build."""

import json
import re
import zipfile
from xml.etree import ElementTree

import downloads
import pytest

from adoption import data, register

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(book: zipfile.ZipFile, name: str) -> list[list[str | float]]:
    """Rows of one sheet of a workbook, by the format's own rules; empty cells are left out."""
    strings = [
        "".join(text.text or "" for text in item.iter(f"{MAIN}t"))
        for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    ]
    names = [item.get("name") for item in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
    rows = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{names.index(name) + 1}.xml")).iter(f"{MAIN}row")
    return [
        [
            strings[int(cell.find(f"{MAIN}v").text)] if cell.get("t") == "s" else float(cell.find(f"{MAIN}v").text)
            for cell in row
        ]
        for row in rows
    ]


@pytest.mark.parametrize("write, name", [(downloads.archive, "a.zip"), (downloads.workbook, "a.xlsx")])
def test_the_same_bytes_each_time(tmp_path, write, name):
    write(tmp_path / name), write(tmp_path / f"again-{name}")
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
    with zipfile.ZipFile(tmp_path / name) as archive:
        assert archive.testzip() is None
        assert {item.date_time[0] for item in archive.infolist()} == {1980}


def test_archive_holds_everything(tmp_path):
    downloads.archive(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert archive.read("results/results.csv") == register.PATH.read_bytes()
        for name in data.names():
            assert archive.read(f"data/{name}.csv") == data.path(name).read_bytes()
        book = archive.read("codebook.md").decode()
    assert {"data/datapackage.json", "LICENSE", "LICENSE-text", "CITATION.cff"} <= set(names)
    for name in data.names():
        assert f"`data/{name}.csv`, {len(data.load(name)):,} rows" in book
        assert all(f"- `{field}`: Type: " in book for field in data.load(name))


def test_workbook_has_a_sheet_for_each_table_with_its_values(tmp_path):
    downloads.workbook(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        for name in data.names():
            table, (heads, *rows) = data.load(name), sheet(book, name[:31])
            assert heads == list(table) and len(rows) == len(table)
        contents = sheet(book, "contents")
        assert [row[1] for row in contents[1:]] == [*(f"{name}.csv" for name in data.names()), "results.csv"]
        assert len(sheet(book, "register")) == len(register.read_file()) + 1
        stages = sheet(book, "adoption-by-stage")
        assert stages[1] == ["AI", 1, "導入済み", "introduced", 296, 108174]


def test_results_of_a_figure_are_those_whose_numbers_its_data_show(monkeypatch):
    def row(id, value=None, lower=None, upper=None, chapter="here"):
        return register.Result(id, value, lower, upper, None, "", "", "fact", "", "", chapter, "cell")

    rows = [
        row("a", 0.25),
        row("b", None, 0.25, 12),
        row("c", None, 0.25, 13),
        row("d", 1),
        row("e", 0.25, chapter="x"),
    ]
    monkeypatch.setattr(register, "read_file", lambda path: {found.id: found for found in rows})
    assert downloads.shown("share,n\n0.25,12\n1,0\n", "here") == ["a", "b"]


def test_files_of_figures_say_what_the_figure_says(html):
    files = sorted((html / "figures").glob("*.json"))
    assert len(files) > 12
    for file in files:
        said = json.loads(file.read_text(encoding="utf-8"))
        page, _, label = said["address"].partition("#")
        assert label == said["name"] == file.stem and f'id="{label}"' in (html / page).read_text(encoding="utf-8")
        page, _, cell = said["cell"].partition("#")
        assert f'id="{cell}"' in (html / page).read_text(encoding="utf-8")
        assert re.search(rf"Figure {label}\.", said["citation"]) and set(said["results"]) <= set(register.read_file())
    assert sum(bool(json.loads(file.read_text("utf-8"))["results"]) for file in files) > len(files) / 2
