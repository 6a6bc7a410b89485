"""Read the results register: every number that the book states, by its permanent id.

The register is made by :mod:`adoption.results`; chapters only read it, through this module.
"""

import math
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from adoption import csvfile
from adoption.csvfile import fail, row_place

PATH = Path(__file__).resolve().parents[1] / "results" / "results.csv"
COLUMNS = ("id", "value", "lower", "upper", "p_value", "unit", "label", "evidence", "base",
           "source", "function", "chapter")
NUMBERS = ("value", "lower", "upper", "p_value")
EVIDENCE = ("fact", "range", "bound", "interval", "test")


class Result(NamedTuple):
    """One row of the register. Numbers are floats, or None where the column is empty."""

    id: str
    value: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    unit: str
    label: str
    evidence: str
    base: str
    source: str
    function: str
    chapter: str


@lru_cache
def read_rows(path: Path) -> dict[str, Result]:
    """The same as `read_file`, which is done once a process."""
    return read_file(path)


def read_file(path: Path) -> dict[str, Result]:
    """A register file's results by id. DataError where it is not what `adoption.results` writes.

    Ids stand in their order, each once, with all their words; ends of a range are in order, and
    a p-value is from 0 to 1.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run make results")
    found: dict[str, Result] = {}
    for index, cells in enumerate(csvfile.read(path, COLUMNS)):
        result = Result(*(_cell(name, text, path, f"{row_place(index)}, column {name}")
                          for name, text in zip(COLUMNS, cells, strict=True)))
        _check(result, path, row_place(index))
        if found and not (last := next(reversed(found))) < result.id:
            fail(path, f"{row_place(index)}, column id", result.id, f"an id after {last}")
        found[result.id] = result
    if not found:
        fail(path, "rows", "0 rows", "at least one")
    return found


def _cell(name: str, text: str, path: Path, place: str) -> float | str | None:
    if name == "evidence":
        return csvfile.code(text, EVIDENCE, path, place)
    if name not in NUMBERS:
        return csvfile.words(text, path, place)
    return csvfile.number(text, path, place) if text else None


def _check(result: Result, path: Path, place: str) -> None:
    if None not in (result.lower, result.upper) and result.lower > result.upper:
        fail(path, f"{place}, columns lower and upper", f"{result.lower:g} and {result.upper:g}",
             "a lower end that is at most the upper")
    if result.p_value is not None and not 0 <= result.p_value <= 1:
        fail(path, f"{place}, column p_value", f"{result.p_value:g}", "a number from 0 to 1")


_recorders: list[list[str]] = []


@contextmanager
def recording() -> Iterator[list[str]]:
    """Collect the ids that are asked for inside the block."""
    ids: list[str] = []
    _recorders.append(ids)
    try:
        yield ids
    finally:
        _recorders.remove(ids)


def get(id: str, path: Path = PATH) -> Result:
    """The result with this id.

    Raises KeyError, naming the nearest known ids, when there is none.
    """
    # Tells the build which rows a chapter uses; without a listener it does nothing.
    sys.audit("adoption.result", id)
    for ids in _recorders:
        ids.append(id)
    rows = read_rows(path)
    if id not in rows:
        import difflib
        near = difflib.get_close_matches(id, rows, n=3)
        raise KeyError(f"no result {id!r} in {path.name}; nearest: {', '.join(near) or 'none'}")
    return rows[id]


def rows(path: Path = PATH) -> list[Result]:
    """All results, in the order of their ids."""
    sys.audit("adoption.result", "*")
    return list(read_rows(path).values())


def read(path: Path = PATH):
    """The whole register as a DataFrame indexed by id."""
    import pandas as pd
    return pd.DataFrame(rows(path), columns=list(COLUMNS)).set_index("id")


def phrases(result: Result) -> dict[str, int | float | str]:
    """The numbers of a result and ready-made phrases, by the name that a text gives them.

    For a result `x` there are `x`, `x.lower` and `x.upper`, and as far as they make sense:

    * `x.lower.pct`, `x.upper.pct` (`.pct1` with a decimal): ends of a range as percentages,
      rounded outward, so that "at least" and "at most" stay true;
    * `x.least`: a ratio rounded down to one decimal;
    * `x.p`: a p-value such as "p = 0.003"; `x.p.most`: the same rounded up, for "at most";
    * `x.odds`: a chance such as "1 in 56,000";
    * `x.about`, `x.lower.about`, `x.upper.about`: an estimated population such as "250,000".
    """
    id, found = result.id, {}
    numbers = {suffix: number for suffix, number in (
        ("", result.value), (".lower", result.lower), (".upper", result.upper))
        if number is not None}
    for suffix, number in numbers.items():
        # Whole numbers as int: a count is printed "296", not "296.0". Plain Python types,
        # since numpy's own warn when they are formatted.
        found[id + suffix] = int(number) if number == int(number) else number
    if result.unit in ("fraction", "chance"):
        for suffix, rounded in ((".lower", percent_down), (".upper", percent_up)):
            if suffix in numbers:
                found[f"{id}{suffix}.pct"] = rounded(numbers[suffix])
                found[f"{id}{suffix}.pct1"] = rounded(numbers[suffix], 1)
    if result.unit.endswith("ratio") and result.value is not None:
        found[id + ".least"] = f"{math.floor(10 * result.value) / 10:.1f}"
    if result.unit == "people" and result.lower is not None:
        for suffix, number in numbers.items():
            found[f"{id}{suffix}.about"] = about(number)
    if result.unit == "chance" and result.value:
        found[id + ".odds"] = odds_phrase(result.value)
    if result.p_value is not None:
        found[id + ".p"] = p_phrase(result.p_value)
        found[id + ".p.most"] = p_at_most(result.p_value)
    return found


def glue(*ids: str) -> None:
    """Make results available to the page's text as `{glue:text}`NAME:FORMAT``.

    The names are those of `phrases`. A number outside the register (a count in a table) does not
    belong in a sentence.
    """
    from myst_nb import glue as myst_glue
    for id in ids:
        for name, phrase in phrases(get(id)).items():
            myst_glue(name, phrase, display=False)


PLACE = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")


def fill(text: str, ids: Iterable[str], path: Path = PATH) -> str:
    """A text with its places `{NAME}` or `{NAME:FORMAT}` filled, as `glue` does it on a page.

    ids: the results that the text may use. KeyError for a name that none of them has.
    """
    known: dict[str, int | float | str] = {}
    for id in ids:
        known |= phrases(get(id, path))
    return PLACE.sub(lambda place: format(known[place[1]], place[2] or ""), text)


def p_phrase(p: float) -> str:
    """A p-value in words: "p = 0.003", or a power of ten where it is too small to print.

    Below 0.001 it is rounded up to a power of ten, so that "less than" is true.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p-value {p!r}: expected a number between 0 and 1")
    if p >= 0.0995:
        return f"p = {p:.2f}"
    if p >= 0.001:
        return f"p = {p:.2g}"
    if p == 0:
        return "p < 10⁻³⁰⁰"
    exponent = -300
    for power in range(-300, -2):
        if p < 10.0**power:
            exponent = power
            break
    superscript = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"p < 10{superscript}"


def percent_down(share: float, digits: int = 0) -> str:
    """A share as a percentage rounded down: for "at least"."""
    # Ten significant digits, as stored: 0.29 is not to become 28 %.
    scaled = float(f"{100 * share * 10**digits:.10g}")
    return f"{math.floor(scaled) / 10**digits:.{digits}f}%"


def percent_up(share: float, digits: int = 0) -> str:
    """A share as a percentage rounded up: for "at most"."""
    scaled = float(f"{100 * share * 10**digits:.10g}")
    return f"{math.ceil(scaled) / 10**digits:.{digits}f}%"


def percent_range(lower: float, upper: float, digits: int = 0) -> str:
    """A range of shares as percentages, rounded outward."""
    return f"{percent_down(lower, digits)} – {percent_up(upper, digits)}"


def p_at_most(p: float) -> str:
    """A p-value rounded up to two digits, or to a power of ten where it is below 0.001."""
    if p < 0.001:
        return p_phrase(p).removeprefix("p < ")
    digits = 1 - math.floor(math.log10(p))
    return f"{math.ceil(float(f'{p * 10**digits:.10g}')) / 10**digits:.{digits}f}"


def about(number: float) -> str:
    """A number rounded to two significant digits, with thousands separators."""
    return f"{float(f'{number:.2g}'):,.0f}"


def odds_phrase(chance: float) -> str:
    """A chance in words: a percentage, or "1 in ..." with two digits where it is below 1 %."""
    if not 0 < chance <= 1:
        raise ValueError(f"chance {chance!r}: expected a number above 0 and at most 1")
    if chance >= 0.01:
        return f"{chance:.0%}"
    inverse = float(f"{1 / chance:.2g}")
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if inverse >= size:
            return f"1 in {inverse / size:,.2g}{word}"
    return f"1 in {inverse:,.0f}"
