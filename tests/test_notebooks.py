"""The chapters as files: form, parts, and numbers that come from the register."""

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

from adoption import register

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = [ROOT / "index.ipynb", *sorted((ROOT / "chapters").glob("*.ipynb"))]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
#: Pages that answer a question: the landing page and the part "The evidence".
FINDINGS = [ROOT / "index.ipynb", *(ROOT / f"{chapter['file']}.ipynb"
                                   for chapter in TOC["parts"][0]["chapters"])]
GLUED = re.compile(r"\{glue:text\}`([^`:]+?)(?:\.(?:lower|upper|p|odds|about|pct1?|least|most))*(?::[^`]*)?`")


def cells(path, kind=None):
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def text(path, kind="markdown"):
    return "\n\n".join("".join(cell["source"]) for cell in cells(path, kind))


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


@named(NOTEBOOKS)
def test_committed_without_outputs_and_with_stable_ids(path):
    ids = [cell["id"] for cell in cells(path)]
    assert len(set(ids)) == len(ids)
    # Words, not the random ids that an editor gives to a new cell.
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", id) for id in ids), ids
    for cell in cells(path, "code"):
        assert not cell["outputs"] and cell["execution_count"] is None, cell["id"]


@named(NOTEBOOKS)
def test_one_title_and_folded_code(path):
    assert len(re.findall(r"^# ", text(path), re.M)) == 1
    for cell in cells(path, "code"):
        assert {"hide-input", "hide-cell"} & set(cell["metadata"].get("tags", [])), cell["id"]


@named(FINDINGS)
def test_opens_with_a_finding_and_ends_with_its_limits(path):
    first = ["".join(cell["source"]) for cell in cells(path)[:3]]
    assert any(":class: finding" in source for source in first)
    headings = re.findall(r"^## (.*)$", text(path), re.M)
    assert headings[-1] in ("What this cannot tell you", "What this book cannot tell you")
    if path.stem != "index":
        assert "*Evidence: " in "".join(first)


@named(NOTEBOOKS)
def test_every_glued_number_is_in_the_register(path):
    known = register.read()
    for id in GLUED.findall(text(path)):
        if id not in known.index:
            # An id may itself end in .lower, .upper, .p or .odds only as a suffix of the role.
            pytest.fail(f"{path.name}: {id} is not in the register")


def test_every_chapter_that_owns_results_shows_one():
    owners = set(register.read()["chapter"])
    assert owners <= {path.stem for path in NOTEBOOKS}


def typed_results(source):
    """Decimal numbers and percentages typed into prose: they would restate a result."""
    prose = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|```.*?```|\]\([^)]*\)", " ", source, flags=re.S)
    return re.findall(r"\d+(?:\.\d+)? ?%|\b\d+\.\d+\b(?! or later)", prose)


@named(NOTEBOOKS)
def test_no_result_is_typed_into_prose(path):
    assert typed_results(text(path)) == []


def test_the_check_for_typed_results_can_fail():
    assert typed_results("rose by 12 % to 3.4 times") == ["12 %", "3.4"]
    assert typed_results("rose to {glue:text}`x:.1%` (`0.5`), with Python 3.11 or later") == []


@named(NOTEBOOKS)
def test_cells_hold_no_function_that_belongs_in_the_package(path):
    """A cell that needs a loop in a function in a function is clever: it wants a test."""
    for cell in cells(path, "code"):
        tree = ast.parse("".join(cell["source"]))
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        assert all(len(ast.unparse(f).splitlines()) <= 12 for f in functions), cell["id"]
        assert len("".join(cell["source"]).splitlines()) <= 40, cell["id"]


@pytest.mark.parametrize("path", [*NOTEBOOKS, *sorted((ROOT / "chapters").glob("*.md"))],
                         ids=lambda path: path.stem)
def test_no_formula_needs_a_script_from_elsewhere(path):
    """Formulas are written as text (*n* = 2*h* + 1): a page with TeX would load MathJax."""
    prose = text(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`]*`", " ", prose, flags=re.S)
    assert not re.findall(r"\$[^$\n]+\$|\{math\}|\\\(", prose)
