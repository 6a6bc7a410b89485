"""The chapters as files: form, parts, and numbers that come from the register."""

import ast
import functools
import json
import re
from pathlib import Path

import pytest
import yaml

from adoption import census, data, medians, register, results, simulation

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


# What may be typed into prose, by rule. Everything else that looks like a number has to come from
# the register: a number that the data or a model produce would go stale unseen.
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)*"
PER_CENT = r" ?(?:%|per ?cent\b)"
MONTH = ("(?:January|February|March|April|May|June|July|August|September|October|November|"
         "December)")
IN_WORDS = (r"\b(?:half an?|(?:(?:twen|thir|for|fif|six|seven|eigh|nine)ty-?)?(?:one|two|three|"
            r"four|five|six|seven|eight|nine)|ten|eleven|twelve|\w+teen|\w+ty|a hundred)")
MARKUP = (r"```.*?```|\{[\w:-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|^\([\w-]+\)=$|\$[^$]*\$|<[^>]*>|"
          r"^\d+\. ")
RULES = {
    "dates": rf"\b\d{{1,2}} {MONTH}\b",
    "years": r"\b(?:19|20)\d\d\b(?!,\d|\.\d)",
    "places in a text": rf"\b(?:slides?|stages?|parts?|sections?|tables?) {NUMBER}"
                        rf"(?:(?:,| and| to| or|–) {NUMBER})*",
    "names of licences, laws and standards": r"CC BY 4\.0|UTF-8|\b23 special wards",
    "versions of Python": r"Python (?:3\.\d+|\(3\.\d+(?:, 3\.\d+)*)",
    "levels of confidence": r"95 ?% (?:profile )?intervals?|\bat 95 ?%|\bfive per cent level|"
                            r"\breject at five per cent",
    "ends of a scale": r"\b(?:0|100) ?(?:%|per cent)",
    "the tolerance of recomputation": "relative 10⁻⁶",
    "years of Japanese eras": r"(?:令和|平成)\d+年",
    "formulas": r"\([^()]*\b[a-zA-Z]/[a-zA-Z]\b[^()]*\)",
    "illustrations": r"[^.:]*\bfor example\b[^.]*\.",
}


def doubled_odds(match):
    """Arithmetic that a sentence does before the reader's eyes; it has to be right."""
    before, after = (int(n) / 100 for n in match.groups())
    return "" if round(2 * before / (1 + before), 2) == after else match[0]


@functools.lru_cache
def inputs():
    """Numbers that are put in, not found: published figures, sizes of the frame, settings."""
    tables = {name: data.load(name) for name in (
        "adoption-by-stage", "small-adopters", "consortium-members", "rpa-joint-use-status",
        "ai-joint-use-form")}
    published = {int(n) for table in tables.values() for column in table
                 if column in ("bodies", "population", "median_population")
                 for n in table[column].dropna()}
    printed = len({*tables["small-adopters"].population, *tables["consortium-members"].population})
    return published | {
        printed, *data.KIND_COUNTS.values(), data.BODIES, data.MUNICIPALITIES, data.NATION,
        *census.CLASS_LIMITS, int(results.FLOOR), *simulation.POINTS}


def quoted_percentages():
    return {f"{percent:g}" for percent in data.load("later-surveys").percent}


def typed_results(source):
    """Numbers in prose that no rule allows: they would restate a result.

    A percentage may be an input only where a survey is quoted with it. Numbers below 18 are no
    inputs: any count may be as small.
    """
    prose = re.sub(MARKUP, " ", source, flags=re.S | re.M)
    for rule in RULES.values():
        prose = re.sub(rule, " ", prose, flags=re.I)
    prose = re.sub(r"from a share of (\d+) per cent, doubling the odds leads to (\d+) per cent",
                   doubled_odds, prose)
    prose = re.sub(rf"\b1 in {round(1 / medians.IMPLAUSIBLE):,}\b", " ", prose)
    found = []
    for match in re.finditer(rf"({NUMBER}){PER_CENT}|{IN_WORDS}{PER_CENT}|{NUMBER}", prose):
        digits = match[0].replace(",", "")
        if match[1] in quoted_percentages() and "survey" in prose[:match.start()].split("\n\n")[-1]:
            continue
        if digits.isdigit() and (digits := int(digits)) >= 18 and digits in inputs():
            continue
        found.append(match[0])
    return found


def prose_of(path):
    return text(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


@named([*NOTEBOOKS, *sorted((ROOT / "chapters").glob("*.md"))])
def test_no_result_is_typed_into_prose(path):
    assert typed_results(prose_of(path)) == []


@pytest.mark.parametrize("sentence, found", [
    ("rose by 12 % to 3.4 times", ["12 %", "3.4"]),
    ("rose to {glue:text}`x:.1%` (`0.5`), with Python 3.11 or later", []),
    ("at most 29% of them", ["29%"]), ("forty-two per cent of them", ["forty-two per cent"]),
    ("by less than half a percent", ["half a percent"]), ("5 bodies of 2,311", ["5", "2,311"]),
    ("On 28 February 2020, slides 4, 5 and 7 name 1,788 bodies", []),
    ("by 95 % intervals at the five per cent level, at 95 %", []), ("95 % of the bodies", ["95 %"]),
    ("A survey says that 68 per cent had it", []), ("68 per cent had it", ["68 per cent"]),
    ("below 10,000 people", []), ("below 11,000 people", ["11,000"]), ("in 2020.5", ["2020.5"]),
    ("most cities of 60,000, for example, had it. Others: 7.", ["7"]),
    ("from a share of 10 per cent, doubling the odds leads to 18 per cent", []),
    ("from a share of 10 per cent, doubling the odds leads to 20 per cent",
     ["10 per cent", "20 per cent"]),
    ("年度, 令和2年度; about (1 − n/N)", []),
    ("1. **First.** See [](joint-use).", []), ("no rate can pass 100 per cent", []),
])
def test_what_the_check_for_typed_results_finds(sentence, found):
    assert typed_results(sentence) == found


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
