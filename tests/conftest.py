"""What several tests share: the sources beside the repository, the built book, a small book."""

import csv
import fcntl
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import hypothesis
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "_build" / "hypothesis"))
# The same examples in every run, and no failure because a machine is slow.
hypothesis.settings.register_profile("book", database=None, derandomize=True, deadline=None)
hypothesis.settings.load_profile("book")


def absent(what: str, variable: str):
    """Skip for lack of something, or fail where the environment says that it must be there."""
    if os.environ.get(variable):
        pytest.fail(f"{what}, and {variable} is set")
    pytest.skip(what)


@pytest.fixture(scope="session", name="absent")
def absent_for_other_folders():
    return absent


@pytest.fixture(scope="session")
def pdf():
    """tools/pdf.py as a module."""
    return importlib.import_module("pdf")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the official source files, which the repository does not contain."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        absent("the official source files are not beside the repository", "REQUIRE_SHARED")
    return folder


@pytest.fixture(scope="session")
def people(shared):
    """Population of each of the 1,741 municipalities, from the census's own table."""
    with (shared / "census" / "001_00.csv").open(encoding="cp932", newline="") as file:
        rows = [row for row in csv.reader(file) if row[4:5] == ["2015"]]
    people = [
        int(row[7]) if row[7] != "-" else 0
        for row in rows
        if (row[3] in "123" and row[2] != "13100") or (row[3] == "0" and 13101 <= int(row[2]) <= 13123)
    ]
    assert len(people) == 1741
    return people


def pytest_collection_finish(session):
    """Build the book, every chapter executed anew by nbmake, before the first test that reads its pages.

    `make test` builds it before it starts pytest on several cores, and says so.
    """
    needed = any("html" in getattr(item, "fixturenames", ()) for item in session.items)
    if not needed or session.config.option.collectonly or os.environ.keys() & {"BOOK_IS_BUILT", "PYTEST_XDIST_WORKER"}:
        return
    with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        built = subprocess.run([sys.executable, ROOT / "tools" / "build.py", "--check"])
    session.config.stash[BUILT] = built.returncode == 0


BUILT = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def html(pytestconfig) -> Path:
    """The finished pages."""
    if not os.environ.get("BOOK_IS_BUILT"):
        if os.environ.get("PYTEST_XDIST_WORKER"):
            pytest.fail("each worker would build the book: run make test, or pytest without -n")
        if not pytestconfig.stash[BUILT]:
            pytest.fail("the book does not build; the reason stands above", pytrace=False)
    return ROOT / "_build" / "html"


class Pages(dict):
    """Finished pages by name, each parsed once; `ids` holds the ids of a page's elements."""

    def __init__(self, html: Path):
        self.html, self.ids = html, {}

    def __missing__(self, name: str) -> BeautifulSoup:
        text = (self.html / f"{name}.html").read_text(encoding="utf-8")
        page = self[name] = BeautifulSoup(text, "html.parser")
        self.ids[name] = {element["id"] for element in page.find_all(id=True)}
        return page


@pytest.fixture(scope="session")
def pages(html) -> Pages:
    """The finished pages, parsed: to be read, not changed."""
    return Pages(html)


@pytest.fixture(scope="session")
def git():
    """Function that runs a git command in this repository: the lines of its answer."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        absent("this is no clone, or there is no git", "REQUIRE_GIT")

    def answer(*command: str) -> list[str]:
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return answer


@pytest.fixture(scope="session")
def checkout(git):
    """Function that copies the repository's own files, nothing that was built, to a new folder."""

    def copy(folder: Path) -> Path:
        for name in git("ls-files", "-co", "--exclude-standard"):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        return folder

    return copy


# --- a small book, built by the book's own tools --------------------------------------------------

# Two chapters record: `one` from a table, by way of a module; `claims` from the register.
SMALL = {
    "_toc.yml": "format: jb-book\nroot: index\nchapters:\n- file: chapters/one\n"
    "- file: chapters/claims\n- file: chapters/words\n",
    "_config.yml": """
title: A small book
only_build_toc_files: true
execute: {execute_notebooks: auto}
html: {extra_footer: '<p>build <span class="build-digest">not stamped</span></p>'}
""",
    "index.md": "# A small book\n",
    "chapters/words.md": "# Words\n\nA term: okapi.\n",
    "CITATION.cff": "date-released: 2026-11-24\n",
    "requirements.txt": "",
    "data/table.csv": "number\n6\n",
    "data/pause.csv": "0\n",
    "results/results.csv": "id,value,chapter\nclaims,6,claims\none,6,one\n",
    "results/words.csv": "",
    "adoption/data.py": """
import sys
from pathlib import Path
ROOT = Path(__file__).resolve().parents[1]
class DataError(Exception):
    pass
def number():
    text = (ROOT / "data/table.csv").read_text().split()[1]
    if not text.isdigit():
        raise DataError(f"data/table.csv, row 1, column number: found {text!r}, expected digits")
    return int(text)
check_rows = number
WHAT_IF = "to try other numbers"
def changed():
    return []
def pause():
    import time
    time.sleep(float((ROOT / "data/pause.csv").read_text()))
def register():
    lines = (ROOT / "results/results.csv").read_text().split()
    return dict(line.split(",")[:2] for line in lines)
""",
    "adoption/language.py": "def mark(message): return message\ntr = mark\n",
    "adoption/validation.py": "def simulated(): pass\ndef outside_ranges(): pass\n",
    # What adoption.register does, in few lines.
    "adoption/register.py": """
import json, sys
from pathlib import Path
from adoption import data
def collect(folder, old, keep):
    keep = {name for name in keep[1::2] if '"execution_count": 1' not in (folder / name).read_text()}
    yield from (line for line in old if f"chapters/{line.split(',')[2]}.ipynb" in keep)
    for path in sorted({*folder.rglob("*.ipynb")} - {folder / name for name in keep}):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                for id, value in output.get("metadata", {}).get("stub", {}).items():
                    yield f"{id},{value},{path.stem}"
if __name__ == "__main__":
    path = data.ROOT / "results/results.csv"
    head, *old = path.read_text().split()
    new = sorted(collect(Path(sys.argv[1]), old, sys.argv[2:]))
    if old != new:
        print(f"register: was {old}, is {new}")
        if "--check" in sys.argv:
            sys.exit("register: not what the chapters record")
        path.write_text("\\n".join([head, *new, ""]))
""",
}
CHAPTERS = {
    "one": ["number = data.number()", "data.pause()", "display(f'one: {number}', metadata={'stub': {'one': number}})"],
    "claims": [
        "number = data.register()['one']",
        "display(f'claimed: {number}', metadata={'stub': {'claims': number}})",
    ],
}


class Book:
    """A book in a folder, and what a test does to it."""

    def __init__(self, folder: Path):
        self.folder, self.html = folder, folder / "_build" / "html"
        self.command = [sys.executable, str(folder / "tools" / "build.py")]

    def build(self, *options: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [*self.command, *options], capture_output=True, text=True, env={**os.environ, **environment}
        )
        return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)

    def built(self, *options: str, **environment: str) -> str:
        code, output = self.build(*options, **environment)
        assert code == 0, output
        return output

    @staticmethod
    def executed(output: str) -> set[str]:
        """Names of the chapters that a build says it executes."""
        return {name for found in re.findall(r"executing \d+ chapters: (.*)", output) for name in found.split(", ")}

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name}: {text.count(old)} times {old!r}"
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    def page(self, name: str) -> str:
        return (self.html / f"{name}.html").read_text(encoding="utf-8")

    def pages(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.html).as_posix(): path.read_bytes()
            for path in sorted(self.html.rglob("*"))
            if path.is_file()
        }

    def copy(self, folder: Path) -> "Book":
        shutil.copytree(self.folder, folder)
        return Book(folder)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Function that makes a folder by its name, once for all workers, and returns it.

    A worker that asks while another makes it waits; where making it failed it is made again.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent

    def made(name: str, make) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                (folder / "done").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def unbuilt(tmp_path_factory) -> Book:
    folder = tmp_path_factory.mktemp("small") / "book"
    for name in ("tools/build.py", "tools/book.mk"):
        SMALL[name] = (ROOT / name).read_text(encoding="utf-8")
    for name, cells in CHAPTERS.items():
        code = [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": source,
            }
            for number, source in enumerate(cells)
        ]
        code[0]["source"] = "from adoption import data\n" + code[0]["source"]
        head = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# On {name}"}
        SMALL[f"chapters/{name}.ipynb"] = json.dumps(
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [head, *code]}, indent=1
        )
    for name, text in SMALL.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return Book(folder)


@pytest.fixture(scope="session")
def finished(unbuilt, once) -> Book:
    """The small book, built."""
    return Book(once("finished", lambda folder: unbuilt.copy(folder / "book").built()) / "book")


def renumber(book: Book) -> None:
    """Another number: the register changes, and what reads it."""
    book.change("data/table.csv", "6", "7")


def retitle(book: Book) -> None:
    """Another title: its chapter is executed alone, and the register stays."""
    book.change("chapters/one.ipynb", "On one", "On one, with an echidna")


class Edited(Book):
    """The book after an edit, built in peace: what the build said, and how many seconds it took."""

    def __init__(self, edit, finished: Book, once):
        def make(folder):
            book = finished.copy(folder / "book")
            edit(book)
            started = time.monotonic()
            said = book.built()
            (folder / "built.json").write_text(json.dumps([said, time.monotonic() - started]))

        folder = once(edit.__name__, make)
        super().__init__(folder / "book")
        self.edit, (self.said, self.seconds) = edit, json.loads((folder / "built.json").read_text())


@pytest.fixture(scope="session")
def renumbered(finished, once) -> Edited:
    return Edited(renumber, finished, once)


@pytest.fixture(scope="session")
def retitled(finished, once) -> Edited:
    return Edited(retitle, finished, once)


@pytest.fixture
def book(finished, tmp_path) -> Book:
    """A small book, built."""
    return finished.copy(tmp_path / "book")
