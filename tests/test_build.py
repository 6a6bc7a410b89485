"""tools/build.py: what is executed again after which change, and what a failure leaves behind.

The tests work on a copy of the repository that starts with the finished build.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]


def build(folder, *options):
    done = subprocess.run([sys.executable, folder / "tools" / "build.py", *options],
                          capture_output=True, text=True)
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def executed(output):
    """Names of the chapters that a build says it executes."""
    found = re.search(r"executing \d+ of \d+ chapters: (.*)", output)
    return set(found[1].split(", ")) if found else set()


@pytest.fixture
def copy(copy_of_the_build, tmp_path):
    return copy_of_the_build(tmp_path / "book")


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name}: {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_changed_executes_nothing(copy):
    code, output = build(copy)
    assert code == 0 and "nothing changed" in output and not executed(output), output


def test_a_changed_number_reaches_the_page(copy):
    """Two designated cities fewer without a plan for joint RPA, two more considering it."""
    table = copy / "data" / "rpa-joint-use-status.csv"
    for old, new in (("designated_city,no_plan,19", "designated_city,no_plan,17"),
                     ("designated_city,considering,1", "designated_city,considering,3"),
                     ("total,no_plan,1678", "total,no_plan,1676"),
                     ("total,considering,99", "total,considering,101")):
        change(table, old, new)
    before = (copy / "_build/html/chapters/joint-use.html").read_text(encoding="utf-8")
    code, output = build(copy)
    assert code == 0, output
    assert "joint-use" in executed(output)
    assert "who-adopts-first" not in executed(output)
    assert "joint.rpa.designated-city.considering: value was 1.0, is now 3.0" in output
    after = (copy / "_build/html/chapters/joint-use.html").read_text(encoding="utf-8")
    assert "3 considering, 0 using, of 20" not in before
    assert "Designated cities: 0 using and 3 considering of 20" in after
    assert "Designated cities: 0 using and 1 considering of 20" not in after
    # The figures of the build before are gone.
    pages = "".join(page.read_text("utf-8") for page in (copy / "_build/html").rglob("*.html"))
    figures = [path.name for path in (copy / "_build/html/_images").iterdir()]
    assert len(figures) > 10 and [name for name in figures if name not in pages] == []
    assert "nothing changed" in build(copy, "--frozen")[1]


def test_an_edited_chapter_is_executed_alone(copy):
    path = copy / "chapters" / "joint-use.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][-1]["source"].append("\n\nA sentence that nobody has read before.")
    path.write_text(json.dumps(notebook), encoding="utf-8")
    code, output = build(copy)
    assert code == 0, output
    assert executed(output) == {"joint-use"}
    page = (copy / "_build/html/chapters/joint-use.html").read_text(encoding="utf-8")
    assert "A sentence that nobody has read before." in page
    # The other pages' terms are still found.
    assert "term-Exact-fact" in (copy / "_build/html/searchindex.js").read_text(encoding="utf-8")


def planned(folder):
    """Names of the chapters that a build would execute."""
    code, output = build(folder, "--plan")
    assert code == 0, output
    return set(re.search(r"would execute: (.*)", output)[1].split(", ")) - {"nothing"}


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_module_executes_its_chapters_and_no_others(copy):
    append(copy / "adoption" / "census.py", "\n# A comment.\n")
    assert planned(copy) == users(copy, "file:adoption/census.py")


def test_a_table_executes_its_chapters_and_no_others(copy):
    table = copy / "data" / "small-adopters.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",2560,", ",2561,"), "utf-8")
    assert planned(copy) == users(copy, "table:small-adopters") >= {"small-adopters", "codebook"}
    assert "who-adopts-first" not in planned(copy)


def test_a_result_executes_its_chapters_and_no_others(copy):
    change(copy / "results" / "results.csv", "ai-rpa.difference.bodies,74,",
           "ai-rpa.difference.bodies,75,")
    whole = users(copy, "result:*")
    assert planned(copy) == users(copy, "result:ai-rpa.difference.bodies") | whole
    assert "joint-use" not in planned(copy)


def test_renewed_checksums_execute_nothing_but_what_shows_them(copy):
    package = copy / "data" / "datapackage.json"
    package.write_text(re.sub(r'"bytes": \d+', '"bytes": 1', package.read_text("utf-8")), "utf-8")
    assert planned(copy) <= users(copy, "table:*")


def test_the_lock_executes_everything(copy):
    append(copy / "requirements.txt", "# A comment.\n")
    state = json.loads((copy / "_build" / "state.json").read_text(encoding="utf-8"))
    assert planned(copy) == {Path(name).stem for name in state if name != "html"}


def users(folder, dependency):
    state = json.loads((folder / "_build" / "state.json").read_text(encoding="utf-8"))
    return {Path(name).stem for name, known in state.items()
            if dependency in known.get("inputs", {})}


def test_dependencies_are_seen_where_they_are():
    """What the chapters read, against what their source says."""
    assert "joint-use" in users(ROOT, "table:rpa-joint-use-status")
    assert "who-adopts-first" not in users(ROOT, "table:rpa-joint-use-status")
    assert "survey-data" in users(ROOT, "file:adoption/census.py")
    assert "index" not in users(ROOT, "file:adoption/census.py")
    assert users(ROOT, "result:ai.rate-ratio.smallest") >= {"index"}


@pytest.mark.parametrize("source, said", [
    ("raise ValueError('broken')", "ValueError: broken"),
    ("import sys; print('careful', file=sys.stderr)", "printed on stderr"),
])
def test_a_failing_chapter_leaves_the_last_good_book(copy, source, said):
    path = copy / "chapters" / "joint-use.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][-1]
    code["source"] = [source]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    page = copy / "_build/html/chapters/joint-use.html"
    before = page.read_bytes()
    returned, output = build(copy)
    assert returned != 0 and said in output and "joint-use" in output, output
    assert page.read_bytes() == before
    assert build(copy)[0] != 0, "the failure was taken for a success the second time"


def test_a_warning_of_the_page_builder_fails(copy):
    path = copy / "chapters" / "glossary.md"
    path.write_text(path.read_text(encoding="utf-8") + "\n[](no-such-page)\n", encoding="utf-8")
    code, output = build(copy)
    assert code != 0 and "no-such-page" in output, output


def test_bad_data_stops_with_its_place(copy):
    change(copy / "data" / "adoption-by-stage.csv", "AI,3,,,58,36831", "AI,3,,,59,36831")
    code, output = build(copy)
    assert code != 0
    assert "data/adoption-by-stage.csv" in output and "1789" in output and "1788" in output
    assert "Traceback" not in output


DAMAGED = {
    "no JSON": ("data/datapackage.json", lambda text: text[:-20], "found no JSON"),
    "no list of tables": ("data/datapackage.json", lambda text: '{"resources": null}\n',
                          "datapackage.json, the package: found no property 'name'"),
    "another field": ("data/datapackage.json",
                      lambda text: text.replace("median_population", "median", 1),
                      "data/adoption-by-stage.csv, header (line 1): found technology,stage"),
    "short row": ("results/results.csv", lambda text: text.replace(",ai-versus-rpa\n", "\n", 1),
                  "results/results.csv, row 1 (line 2): found 11 cells"),
    "no reason": ("results/changes.csv", lambda text: text + "0.1.0,a.b,\n",
                  "results/changes.csv, row 1 (line 2), column reason: found an empty cell"),
    "no number": ("results/simulation.csv",
                  lambda text: text.replace("ordered,0,5,", "ordered,0,５,"),
                  "results/simulation.csv, row 1 (line 2), column replicates: found '５'"),
}


def test_any_damaged_file_stops_with_its_place(copy):
    """Before a chapter runs, and so without the traceback of one."""
    for name, spoil, words in DAMAGED.values():
        text = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(spoil(text), encoding="utf-8", newline="")
        code, output = build(copy)
        assert code != 0 and words in output and "expected" in output, output
        assert "Traceback" not in output and not executed(output)
        (copy / name).write_text(text, encoding="utf-8", newline="")
    assert "nothing changed" in build(copy)[1]


@pytest.mark.parametrize("module", ["adoption.results", "adoption.data", "adoption.stored"])
def test_commands_stop_with_the_place_of_a_fault(copy, module):
    change(copy / "data" / "datapackage.json", '"name": "survey_fy",', "")
    done = subprocess.run([sys.executable, "-m", module], cwd=copy, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(copy)})
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert ("data/datapackage.json, resources[later-surveys].schema.fields[0]: found no property "
            "'name', expected one") in done.stderr


def test_a_register_that_nobody_computed_is_noticed(copy):
    change(copy / "results" / "results.csv", "ai-rpa.difference.bodies,74,",
           "ai-rpa.difference.bodies,75,")
    code, output = build(copy, "--frozen")
    assert code != 0 and "changed since the register was computed: results/results.csv" in output


@pytest.mark.parametrize("text", ["[]", "{", "null", "5"])
def test_damaged_digests_count_as_none(copy, text):
    (copy / "results" / "inputs.json").write_text(text)
    code, output = build(copy, "--frozen")
    assert code != 0 and "Traceback" not in output and "make results" in output


def test_a_stale_register_is_an_error_where_nothing_may_change(copy):
    append(copy / "adoption" / "census.py", "\n# A comment.\n")
    code, output = build(copy, "--frozen")
    assert code != 0 and "adoption/census.py" in output and "make results" in output


def lines_for_the_next_survey():
    """What the page says to add when the next survey comes: lines by the name of their file."""
    page = (ROOT / "chapters" / "how-to-rerun.md").read_text(encoding="utf-8")
    section = page.split("\n## When the next survey comes\n")[1].split("\n## ")[0]
    found = re.findall(r"^\d\. `([^`\n]+)`.*?^ +```\w+\n(.*?)^ +```$", section, re.M | re.S)
    return {name: textwrap.dedent(lines) for name, lines in found}


def register_rows(folder):
    lines = (folder / "results" / "results.csv").read_text(encoding="utf-8").splitlines()
    return {line.split(",", 1)[0]: line for line in lines}


def test_the_next_survey_is_three_files(copy):
    """The example of the page is carried out, on a year that no real survey has yet."""
    added = lines_for_the_next_survey()
    table, package, log = map(copy.joinpath, added)
    assert [*added] == ["data/later-surveys.csv", "data/datapackage.json", "CHANGELOG.md"]
    lines = added["data/later-surveys.csv"]
    append(table, lines)
    head, tail = package.read_text(encoding="utf-8").split('"name": "survey_fy"')
    tail = re.sub(r'"maximum": \d+', added["data/datapackage.json"].strip(), tail, count=1)
    package.write_text(f'{head}"name": "survey_fy"{tail}', encoding="utf-8")
    log.write_text(re.sub(r"(\n## .*\n)", rf"\1\n{added['CHANGELOG.md']}",
                          log.read_text(encoding="utf-8"), count=1), "utf-8")

    def python(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=copy, capture_output=True, text=True,
            env={**os.environ, "REQUIRE_SHARED": "", "PYTHONPATH": str(copy)})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    before = register_rows(copy)
    assert "checksums renewed: later-surveys" in python("adoption.data")
    assert f"{lines.count(chr(10))} changed" in python("adoption.results")
    after = register_rows(copy)
    expected = {}
    for line in lines.splitlines():
        year, _, technology, kind, status, _, percent, *_ = line.split(",")
        id = f"since-2020.{technology.lower()}.{kind}.{status}.{year}".replace("_", "-")
        expected[id] = float(percent) / 100
    assert {id: float(after[id].split(",")[1]) for id in after.keys() - before.keys()} == expected
    assert {id: line for id, line in after.items() if id in before} == before

    assert planned(copy) == users(copy, "table:later-surveys") | users(copy, "result:*")
    code, output = build(copy, "--frozen")
    assert code == 0 and "since-2020" in executed(output), output
    page = BeautifulSoup((copy / "_build/html/chapters/since-2020.html").read_bytes(),
                         "html.parser")
    rows = [[cell.get_text(strip=True).split("* [")[0] for cell in row.find_all(["th", "td"])]
            for row in page.find_all("tr")]
    assert ["AI", "2099", "2099-12-31", "100%", "100%", "83%", ""] in rows
    assert "2099 98%" in page.find(id="fig-forecast").find("img")["alt"]
    # What looks at the committed tables and results; the register has just been recomputed.
    looks = ("in_order or frictionless or codebook or field or test_results or test_changes"
             " or one_version")
    files = [f"tests/test_{name}.py" for name in ("data", "results", "changes", "release")]
    python("pytest", "-q", *files,
           "-k", f"({looks}) and not committed_register_is_what_the_code_computes")


def test_a_missing_register_is_computed(copy):
    names = ("results.csv", "results.json", "inputs.json")
    before = [(copy / "results" / name).read_bytes() for name in names]
    for name in names:
        (copy / "results" / name).unlink()
    code, output = build(copy)
    assert code == 0 and not executed(output), output
    assert [(copy / "results" / name).read_bytes() for name in names] == before


def test_a_page_of_another_build_is_noticed_and_replaced(copy):
    """Such a page can be as long as the right one: its name and size say nothing."""
    page = copy / "_build/html/chapters/joint-use.html"
    right = page.read_text(encoding="utf-8")
    digest = json.loads((copy / "_build/html/build.json").read_text())["digest"]
    page.write_text(right.replace(digest, "0" * 32), encoding="utf-8")
    code, output = build(copy)
    assert code == 0 and "left from another build" in output, output
    assert "chapters/joint-use.html" in output and not executed(output)
    assert page.read_text(encoding="utf-8") == right
    assert "nothing changed" in build(copy)[1]


def test_a_chapter_outside_the_contents_is_an_error(copy):
    shutil.copy(copy / "chapters/joint-use.ipynb", copy / "chapters/forgotten.ipynb")
    code, output = build(copy)
    assert code != 0 and "not in _toc.yml: chapters/forgotten.ipynb" in output


# --- the build digest ----------------------------------------------------------------------------

@pytest.fixture
def book(tmp_path, monkeypatch):
    """tools/build.py as a module, on a small folder of its own."""
    spec = importlib.util.spec_from_file_location("book_build", ROOT / "tools" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("data/a.csv", "data/datapackage.json", "results/results.csv", "adoption/m.py",
                 "index.ipynb", "chapters/a.ipynb", "chapters/b.md", "_ext/x.py",
                 "_static/book.css", "_config.yml", "_toc.yml", "references.bib", "CITATION.cff",
                 "requirements.txt", "README.md", "tests/test_m.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


@pytest.mark.parametrize("name", ["data/a.csv", "data/datapackage.json", "results/results.csv",
                                  "adoption/m.py", "index.ipynb", "chapters/a.ipynb",
                                  "chapters/b.md", "_ext/x.py", "_static/book.css", "_config.yml",
                                  "_toc.yml", "references.bib", "CITATION.cff",
                                  "requirements.txt"])
def test_build_digest_changes_with_every_source(book, name):
    before = book.book_digest()
    assert before == book.book_digest() and re.fullmatch("[0-9a-f]{32}", before)
    append(book.ROOT / name, " ")
    assert book.book_digest() != before


def test_build_digest_changes_when_a_file_comes_goes_or_moves(book):
    digests = [book.book_digest()]
    (book.ROOT / "data/b.csv").write_text("b")
    digests.append(book.book_digest())
    (book.ROOT / "data/b.csv").rename(book.ROOT / "data/c.csv")
    digests.append(book.book_digest())
    (book.ROOT / "adoption/m.py").unlink()
    digests.append(book.book_digest())
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("name", ["README.md", "tests/test_m.py"])
def test_build_digest_is_not_of_what_no_page_shows(book, name):
    before = book.book_digest()
    append(book.ROOT / name, " ")
    assert book.book_digest() == before


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    (folder / "chapters").mkdir(parents=True)
    for name in ("index", "chapters/a", "chapters/b"):
        (folder / f"{name}.html").write_text(
            '<p>build <span class="build-digest">not stamped</span></p>', encoding="utf-8")
    (folder / "plain.html").write_text("<p>no footer</p>", encoding="utf-8")
    return folder


def test_stamp_puts_one_digest_on_all_pages(book, pages):
    assert book.pages_of_other_builds(pages, "a" * 32) == [
        "chapters/a.html", "chapters/b.html", "index.html"]
    book.stamp(pages, "a" * 32)
    for path in pages.rglob("*.html"):
        if path.name != "plain.html":
            assert f'title="{"a" * 32}">{"a" * 12}</span>' in path.read_text(encoding="utf-8")
    assert json.loads((pages / "build.json").read_text()) == {"digest": "a" * 32}
    assert book.pages_of_other_builds(pages, "a" * 32) == []


def test_a_page_of_another_build_is_found(book, pages):
    book.stamp(pages, "a" * 32)
    change(pages / "chapters" / "b.html", "a" * 32, "b" * 32)
    assert book.pages_of_other_builds(pages, "a" * 32) == ["chapters/b.html"]


def test_the_place_for_the_digest_is_the_same_in_both_files():
    """The extension leaves it, the build fills it."""
    [place] = re.findall(r"^PLACEHOLDER = '(.*)'$",
                         (ROOT / "_ext/book_pages.py").read_text(encoding="utf-8"), re.M)
    assert f"place = b'{place}'" in (ROOT / "tools/build.py").read_text(encoding="utf-8")
