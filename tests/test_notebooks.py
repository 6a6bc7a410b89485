"""The chapters as files: form, parts, and numbers that come from the register."""

import ast
import functools
import json
import re

import pytest
import register_role
from pages import NOTEBOOKS, ROOT, TOC, names

from adoption import census, data, medians, mic, register, relations, simulation

NOTEBOOKS = [ROOT / f"{name}.ipynb" for name in NOTEBOOKS]
#: Pages that answer a question: the landing page and the part "The evidence".
FINDINGS = [next(ROOT.glob(f"{name}.*")) for name in ["index", *names(TOC["parts"][0])]]
PAGES = [*NOTEBOOKS, ROOT / "index.md", *sorted((ROOT / "chapters").glob("*.md"))]
NUMBER_ROLE = re.compile(r"\{n\}`([^`:]+)(?::([^`]*))?`")


def cells(path, kind=None):
    """The cells of a notebook."""
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in every if kind in (None, cell["cell_type"])]


def source(cell):
    return "".join(cell["source"])


def text(path):
    """What a page says, without its code."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(map(source, cells(path, "markdown")))


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def test_every_notebook_is_a_page():
    assert sorted(NOTEBOOKS) == sorted(ROOT.glob("chapters/*.ipynb"))


@named(NOTEBOOKS)
def test_committed_without_outputs_and_with_stable_ids(path):
    ids = [cell["id"] for cell in cells(path)]
    assert len(set(ids)) == len(ids)
    # Words, not the random ids that an editor gives to a new cell: they are addresses.
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", id) for id in ids), ids
    for cell in cells(path, "code"):
        assert not cell["outputs"] and cell["execution_count"] is None, cell["id"]


@named(PAGES)
def test_one_title(path):
    prose = re.sub(r"^```.*?^```", "", text(path), flags=re.S | re.M)
    assert len(re.findall(r"^# ", prose, re.M)) == 1


@named(FINDINGS)
def test_opens_with_a_finding_and_ends_with_its_limits(path):
    opening, *_ = text(path).split("\n## ")
    assert ":class: finding" in opening
    headings = re.findall(r"^## (.*)$", text(path), re.M)
    assert headings[-1] in ("What this cannot tell you", "What this book cannot tell you")
    if path.stem != "index":
        assert "*Evidence: " in opening


@named(PAGES)
def test_every_number_is_in_the_register(path):
    written = text(path) + "".join(map(source, cells(path, "code")) if path.suffix == ".ipynb" else "")
    for name, form in NUMBER_ROLE.findall(written):
        _, phrase = register_role.find(name)
        format(phrase, form)


def test_every_row_of_the_register_has_its_cell():
    ids = {path.stem: {cell["id"]: source(cell) for cell in cells(path, "code")} for path in NOTEBOOKS}
    for row in register.read_file().values():
        assert "record(" in ids[row.chapter][row.cell], row.id


# What may be typed into prose, by rule. Everything else that looks like a number has to come from
# the register: a number that the data or a model produce would go stale unseen.
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)*"
PER_CENT = r" ?(?:%|per ?cent\b)"
MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
IN_WORDS = (
    r"\b(?:half an?|(?:(?:twen|thir|for|fif|six|seven|eigh|nine)ty-?)?(?:one|two|three|"
    r"four|five|six|seven|eight|nine)|ten|eleven|twelve|\w+teen|\w+ty|a hundred)"
)
MARKUP = (
    r"```.*?```|\{[\w:-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|^\([\w-]+\)=$|\$[^$]*\$|<[^>]*>|"
    r"^\d+\. |\[\^\d+\]"
)
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
    "what an earlier version said": r"Version \d\.\d\.\d: “[^”]*”|\b0\.1\.0\b",
    "illustrations": r"[^.:]*\bfor example\b[^.]*\.",
}


def doubled_odds(match):
    """Arithmetic that a sentence does before the reader's eyes; it has to be right."""
    before, after = (int(n) / 100 for n in match.groups())
    return "" if round(2 * before / (1 + before), 2) == after else match[0]


@functools.lru_cache
def inputs():
    """Numbers that are put in, not found: published figures, sizes of the frame, settings."""
    tables = {
        name: data.load(name)
        for name in (
            "adoption-by-stage",
            "small-adopters",
            "consortium-members",
            "rpa-joint-use-status",
            "ai-joint-use-form",
        )
    }
    published = {
        int(n)
        for table in tables.values()
        for column in table
        if column in ("bodies", "population", "median_population")
        for n in table[column].dropna()
    }
    printed = len({*tables["small-adopters"].population, *tables["consortium-members"].population})
    return published | {
        printed,
        *relations.KIND_COUNTS.values(),
        relations.BODIES,
        relations.MUNICIPALITIES,
        relations.NATION,
        *census.CLASS_LIMITS,
        int(mic.FLOOR),
        *simulation.POINTS,
    }


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
    prose = re.sub(r"from a share of (\d+) per cent, doubling the odds leads to (\d+) per cent", doubled_odds, prose)
    prose = re.sub(rf"\b1 in {round(1 / medians.IMPLAUSIBLE):,}\b", " ", prose)
    found = []
    for match in re.finditer(rf"({NUMBER}){PER_CENT}|{IN_WORDS}{PER_CENT}|{NUMBER}", prose):
        digits = match[0].replace(",", "")
        if match[1] in quoted_percentages() and "survey" in prose[: match.start()].split("\n\n")[-1]:
            continue
        if digits.isdigit() and (digits := int(digits)) >= 18 and digits in inputs():
            continue
        found.append(match[0])
    return found


@named(PAGES)
def test_no_result_is_typed_into_prose(path):
    assert typed_results(text(path)) == []


@pytest.mark.parametrize(
    "sentence, found",
    [
        ("rose by 12 % to 3.4 times", ["12 %", "3.4"]),
        ("rose to {n}`x:.1%` (`0.5`), with Python 3.11 or later", []),
        ("at most 29% of them", ["29%"]),
        ("forty-two per cent of them", ["forty-two per cent"]),
        ("by less than half a percent", ["half a percent"]),
        ("5 bodies of 2,311", ["5", "2,311"]),
        ("On 28 February 2020, slides 4, 5 and 7 name 1,788 bodies", []),
        ("by 95 % intervals at the five per cent level, at 95 %", []),
        ("95 % of the bodies", ["95 %"]),
        ("A survey says that 68 per cent had it", []),
        ("68 per cent had it", ["68 per cent"]),
        ("below 10,000 people", []),
        ("below 11,000 people", ["11,000"]),
        ("in 2020.5", ["2020.5"]),
        ("most cities of 60,000, for example, had it. Others: 7.", ["7"]),
        ("from a share of 10 per cent, doubling the odds leads to 18 per cent", []),
        ("from a share of 10 per cent, doubling the odds leads to 20 per cent", ["10 per cent", "20 per cent"]),
        ("年度, 令和2年度; about (1 − n/N)", []),
        ("1. **First.** See [](joint-use).", []),
        ("no rate can pass 100 per cent", []),
    ],
)
def test_what_the_check_for_typed_results_finds(sentence, found):
    assert typed_results(sentence) == found


@named(NOTEBOOKS)
def test_a_cell_is_short_enough_to_be_read(path):
    for cell in cells(path, "code"):
        longest = 30 if "record(" in source(cell) else 50  # a figure takes its lines
        assert len(source(cell).splitlines()) <= longest, cell["id"]


@named(NOTEBOOKS)
def test_a_cell_that_records_formats_nothing(path):
    """Its code is the statistics; how numbers are printed is for tables, figures and the role."""
    for cell in cells(path, "code"):
        if "record(" in source(cell):
            for node in ast.walk(ast.parse(source(cell))):
                assert not (isinstance(node, ast.FormattedValue) and node.format_spec), cell["id"]
                assert not (isinstance(node, ast.Attribute) and node.attr == "format"), cell["id"]


@named(PAGES)
def test_no_formula_needs_a_script_from_elsewhere(path):
    """Formulas are written as text (*n* = 2*h* + 1): a page with TeX would load MathJax."""
    prose = re.sub(r"```.*?```|`[^`]*`", " ", text(path), flags=re.S)
    assert not re.findall(r"\$[^$\n]+\$|\{math\}|\\\(", prose)
