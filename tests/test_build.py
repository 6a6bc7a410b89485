"""The build: what is executed again after which change, and what a failure leaves behind.

A small book with tools/build.py and tools/book.mk as they are (conftest.py). That the whole book
builds, and its register is what its chapters record, is what `make test` begins with.
"""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def tool():
    """tools/build.py as a module."""
    spec = importlib.util.spec_from_file_location("book_build", ROOT / "tools" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_changed_runs_nothing(book):
    for path in book.folder.rglob("*"):
        if path.is_file() and ".book" not in path.parts:
            path.touch()
    output = book.built()
    assert "nothing changed" in output and not book.executed(output) and "pages" not in output


def test_a_changed_chapter_is_executed_alone(finished, retitled):
    book = retitled
    assert book.executed(book.said) == {"one"}
    assert "with an echidna" in book.page("chapters/one")
    # All pages are of this build, and the terms of the others are still found.
    assert b"okapi" in book.pages()["searchindex.js"]
    digest = json.loads(book.pages()["build.json"])["digest"]
    assert digest != json.loads(finished.pages()["build.json"])["digest"]
    for name in ("index", "chapters/one", "chapters/claims", "chapters/words"):
        assert f'<span class="build-digest" title="{digest}">{digest[:12]}</span>' in book.page(name)
    assert "nothing changed" in book.built()


@pytest.fixture
def stale(book, tool, monkeypatch):
    """Function: names of the chapters that the next build would execute."""
    monkeypatch.setattr(tool, "ROOT", book.folder)
    monkeypatch.setattr(tool, "SOURCE", book.folder / ".book" / "source")

    def names():
        tool.take()
        return {Path(target).name.split(".")[0] for target in tool.read()[2] if not (book.folder / target).exists()}

    return names


@pytest.mark.parametrize(
    "name, chapters",
    [
        *(
            (name, {"one", "claims"})
            for name in (
                "adoption/data.py",
                "data/table.csv",
                "requirements.txt",
                "CITATION.cff",
                "results/stored.csv",
                "results/words.csv",
                "tools/build.py",
                "tools/book.mk",
            )
        ),
        ("chapters/one.ipynb", {"one"}),
        *(
            (name, set())
            for name in (
                "results/families.csv",
                "index.md",
                "chapters/words.md",
                "_config.yml",
                "_toc.yml",
                "chapters/.ipynb_checkpoints/one-checkpoint.ipynb",
            )
        ),
    ],
)
def test_what_a_change_executes(book, stale, tool, name, chapters):
    """And the same when the file is gone again, or as it was."""
    path, before = book.folder / name, tool.read()
    text = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text((text or "") + "\n", encoding="utf-8", newline="\n")
    assert stale() == chapters
    assert (tool.read()[0] == before[0]) == ("checkpoint" in name)
    path.unlink()
    assert stale() == ((chapters if text is not None else set()) - {path.stem})
    if text is not None:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert stale() == set() and tool.read() == before


def rows(book):
    return (book.folder / "results/results.csv").read_text().split()[1:]


def test_a_changed_number_reaches_the_register_and_what_reads_it(renumbered):
    said = [line for line in renumbered.said.splitlines() if re.match("book: executing|register:", line)]
    assert said == [
        "book: executing 2 chapters: claims, one",
        "register: was ['claims,6,claims', 'one,6,one'], is ['claims,6,claims', 'one,7,one']",
        "book: executing 1 chapters: claims",
        "register: was ['claims,6,claims', 'one,7,one'], is ['claims,7,claims', 'one,7,one']",
    ]
    assert rows(renumbered) == ["claims,7,claims", "one,7,one"]
    assert "one: 7" in renumbered.page("chapters/one") and "claimed: 7" in renumbered.page("chapters/claims")
    assert "nothing changed" in renumbered.built()


def test_a_chapter_that_reads_the_register_goes_by_the_rows_of_the_others(book, stale):
    book.change("results/results.csv", "claims,6", "claims,5")
    assert stale() == set()
    book.change("results/results.csv", "one,6", "one,5")
    assert stale() == {"claims"}


def test_a_register_that_the_chapters_do_not_record_is_an_error_where_it_may_not_change(book):
    book.change("results/results.csv", "one,6", "one,5")
    code, output = book.build("--check")
    assert code != 0 and "not what the chapters record" in output
    assert rows(book) == ["claims,6,claims", "one,5,one"]
    assert book.executed(output) == {"one", "claims"}


def test_a_new_chapter_records_what_another_reads_at_once(unbuilt, tmp_path):
    """In a build from nothing, too; and a result that no chapter records is an error."""
    book = unbuilt.copy(tmp_path / "book")
    text = (book.folder / "chapters/one.ipynb").read_text(encoding="utf-8")
    (book.folder / "chapters/two.ipynb").write_text(text.replace("'one'", "'two'"), encoding="utf-8", newline="\n")
    book.change("_toc.yml", "- file: chapters/one\n", "- file: chapters/one\n- file: chapters/two\n")
    book.change("chapters/claims.ipynb", "['one']", "['two']")
    output = book.built()
    assert re.findall("executing .*", output) == [
        "executing 3 chapters: claims, one, two",
        "executing 1 chapters: claims",
    ]
    assert rows(book) == ["claims,6,claims", "one,6,one", "two,6,two"]
    book.change("chapters/claims.ipynb", "['two']", "['three']")
    code, output = book.build()
    assert code != 0 and "chapters/claims.ipynb, cell cell-0 failed:" in output
    assert "KeyError: 'three'" in output


@pytest.mark.parametrize(
    "source, said",
    [
        ("import sys; print('careful', file=sys.stderr)", "cell cell-1 printed on stderr:\ncareful"),
        ("import os; os._exit(1)", "it did not come to its end:"),
        ("raise ValueError('broken')", "cell cell-1 failed:"),
    ],
)
def test_a_failing_chapter_is_named_first_and_leaves_the_last_good_book(book, source, said):
    book.change("chapters/one.ipynb", "data.pause()", source)
    before = book.pages()
    code, output = book.build()
    lines = output.splitlines()
    assert code != 0 and output.startswith(f"book: executing 1 chapters: one\nbook: chapters/one.ipynb, {said}"), output
    assert ".book" not in output
    assert lines[-1] == "book: the reason stands above; the last finished book is as it was"
    assert book.pages() == before


@pytest.mark.parametrize("spoil", [lambda text: text[:99], lambda text: f"<<<<<<< HEAD\n{text}", lambda text: "{}"])
def test_a_chapter_that_is_no_notebook_is_one_line(book, spoil):
    path = book.folder / "chapters/one.ipynb"
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    output = book.build()[1]
    assert re.search(r"^book: chapters/one.ipynb: found no notebook \(.*\), expected JSON with cells$", output, re.M)
    assert "Traceback" not in output and "nbmake" not in output


def test_a_failure_is_not_taken_for_a_success_and_what_ran_is_kept(book):
    book.change("chapters/one.ipynb", "data.pause()", "raise ValueError('broken')")
    book.change("chapters/claims.ipynb", "On claims", "On all claims")
    code, output = book.build("--check")
    assert code != 0 and "ValueError: broken" in output
    assert book.executed(output) == {"one", "claims"}
    code, output = book.build()
    assert code != 0 and book.executed(output) == {"one"}


def test_a_warning_of_the_page_builder_fails(book):
    before = book.pages()
    book.change("chapters/words.md", "A term", "[](no-such-page), a term")
    code, output = book.build()
    assert code != 0 and re.search(r"^chapters/words.md:3: WARNING: .*no-such-page", output, re.M)
    assert book.pages() == before


def test_a_warning_in_a_chapter_names_its_cell(book):
    book.change("chapters/one.ipynb", "# On one", "# On one\\n\\n[](no-such-page)")
    code, output = book.build()
    assert code != 0 and re.search(r"^chapters/one.ipynb, cell title: WARNING: .*no-such-page", output, re.M)
    assert ".book" not in output.replace(str(book.folder), "")


def test_what_reads_the_others_is_named_after_their_failures(book):
    book.change("chapters/one.ipynb", "data.pause()", "raise ValueError('broken')")
    book.change("chapters/claims.ipynb", "['one']", "['two']")
    code, output = book.build("--check")
    assert code != 0 and 0 < output.index("ValueError: broken") < output.index("KeyError: 'two'")


def test_a_busy_port_is_one_line(tool):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        for port in (str(busy.getsockname()[1]), "99999", "web"):
            done = subprocess.run(
                [sys.executable, ROOT / "tools/build.py", "serve", port], capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 1 and re.fullmatch(f"serve: port {port}: .*; another one: .*\n", done.stderr)


def test_a_damaged_table_stops_before_anything_is_computed(book):
    book.change("data/table.csv", "6", "六")
    code, output = book.build()
    assert code != 0 and not book.executed(output) and "Traceback" not in output
    assert "data/table.csv, row 1, column number: found '六', expected digits" in output


def test_pages_that_another_program_wrote_are_replaced(book):
    """Such a page can be as long as the right one: its name and size say nothing."""
    before = book.pages()
    page = book.html / "chapters/one.html"
    page.write_text(page.read_text("utf-8").replace("one: 6", "one: 5"), "utf-8")
    (book.html / "chapters/two.html").write_text("left over")
    (book.html / "index.html").unlink()
    assert not book.executed(book.built()) and book.pages() == before


def test_two_clean_builds_are_the_same_bytes(unbuilt, finished, tmp_path):
    other = unbuilt.copy(tmp_path / "another folder" / "with a longer name")
    other.built(TZ="Asia/Tokyo", LC_ALL="POSIX", PYTHONHASHSEED="2")
    assert other.pages() == finished.pages()


# --- the book itself ------------------------------------------------------------------------------


def test_every_source_of_a_page_is_read(tool, git):
    found = tool.digests(ROOT, tool.SOURCES)
    left = {name.split("/")[0] for name in git("ls-files") if name not in found and (ROOT / name).exists()}
    assert left <= {
        ".ci",
        ".devcontainer.json",
        ".gitattributes",
        ".github",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "LICENSE-text",
        "Makefile",
        "README.ja.md",
        "README.md",
        "binder",
        "pyproject.toml",
        "requirements.in",
        "tests",
        "tools",
    }
    assert tool.PLACE.decode() in (ROOT / "_ext/book_pages.py").read_text(encoding="utf-8")
    assert "execute_notebooks: auto" in (ROOT / "_config.yml").read_text(encoding="utf-8")


def test_only_two_chapters_read_the_register(tool):
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chapters").glob("*.ipynb")
        if re.search(r"\bregister\.(get|read)\b", path.read_text(encoding="utf-8"))
    }
    assert readers <= set(tool.READERS)


def test_a_damaged_table_of_the_book_is_named_with_its_place(checkout, tmp_path):
    """Before a chapter runs, and so without the traceback of one."""
    folder = checkout(tmp_path / "book")
    table = folder / "data" / "adoption-by-stage.csv"
    text = table.read_text(encoding="utf-8")
    assert "AI,3,,,58,36831" in text
    table.write_text(text.replace("AI,3,,,58,36831", "AI,3,,,59,36831"), "utf-8", newline="\n")
    done = subprocess.run([sys.executable, folder / "tools/build.py"], capture_output=True, text=True)
    output = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in output and "executing" not in output
    assert "data/adoption-by-stage.csv" in output and "1789" in output and "1788" in output
    assert "\nbook: to try other numbers" in output


def test_a_table_that_is_not_the_recorded_one_is_named(checkout, tmp_path):
    """An edit that contradicts nothing may be meant: it is built from, and not in silence."""
    folder = checkout(tmp_path / "book")
    table = folder / "data" / "consortium-tasks.csv"
    text = table.read_text(encoding="utf-8")
    for edit, said in (("Light vehicle tax", ""), ("Tax on light vehicles", "consortium-tasks")):
        table.write_text(text.replace("Light vehicle tax", edit), "utf-8", newline="\n")
        done = subprocess.run(
            [sys.executable, folder / "tools/build.py", "tables"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(folder)},
        )
        line = f"book: data: {said} differs from its recorded checksum; make test fails until make data renews it\n"
        assert done.stdout + done.stderr == line * bool(said)
