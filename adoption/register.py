"""The register of results: what the chapters record while they run, and how it is read.

A chapter calls :func:`record`; the rows travel in the metadata of its cell's output. After the
chapters have run, ``python -m adoption.register FOLDER`` collects them from the executed notebooks,
says which numbers changed, and writes results/results.csv. Nothing else makes a result.

What the numbers of a template mean stands once in results/families.csv; what a place such as
``{t}`` is called in words, in results/words.csv.
"""

import argparse
import difflib
import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from adoption import HOME, csvfile
from adoption.csvfile import DataError, fail, row_place
from adoption.language import tr, tr_filled

FOLDER = HOME / "results"
PATH = FOLDER / "results.csv"
FAMILIES = FOLDER / "families.csv"
WORDS = FOLDER / "words.csv"
COLUMNS = ("id", "value", "lower", "upper", "p_value", "unit", "label", "evidence", "base", "source", "chapter", "cell")
NUMBERS = ("value", "lower", "upper", "p_value")
EVIDENCE = ("fact", "quoted", "range", "bound", "interval", "test")
EITHER = "fact or range"  # a fact where both ends are equal
TOLERANCE = 1e-6  # relative: last digits differ between processors
PLACE = re.compile(r"\{(\w+)\}")
SHOWN = 12  # rows that a cell shows of what it recorded
ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


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
    chapter: str
    cell: str


# --- recording, in a chapter ----------------------------------------------------------------------


def record(template: str, table: pd.DataFrame | Mapping | tuple) -> None:
    """Record a row of the register for each row of a table, and show which.

    template: an id with columns of the table in braces, as in results/families.csv; an underscore
        in such a column becomes a hyphen in the id.
    table: the numbers in columns called value (or estimate), lower, upper, p_value, as far as
        there are any; without one of these, the only numeric column that is no place is the value.
        Levels of a named index count as columns. A dict, or an estimate with its interval
        (:class:`adoption.tables.Interval`), stands for a single row.

    Raises ValueError for a template that is not in results/families.csv, a column that is missing,
    a p-value whose statistic would be lost, an empty cell in a place, a table without rows or
    numbers, and a number that is not finite (a cell left empty on purpose is None or pandas.NA).
    """
    from IPython.display import display

    rows = rows_of(template, table)
    shown = "\n".join(_in_words(row) for row in rows[:SHOWN])
    more = f"\n… and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    display(
        {"text/plain": f"{len(rows)} result{'s' if len(rows) > 1 else ''}\n{shown}{more}"},
        raw=True,
        metadata={"adoption": {"template": template, "rows": rows}},
    )


def _in_words(row: dict) -> str:
    """A recorded row for the reader of the notebook: id, value, ends, p-value."""
    ends = f"{row['lower']} – {row['upper']}" if row["lower"] or row["upper"] else ""
    p = f"p = {row['p_value']}" if row["p_value"] else ""
    return "  ".join(filter(None, [row["id"], row["value"], ends, p]))


def rows_of(template: str, table: pd.DataFrame | Mapping | tuple) -> list[dict]:
    """What :func:`record` attaches to a cell: id, numbers as text, and the other columns' words."""
    if template not in families():
        near = difflib.get_close_matches(template, families(), n=3, cutoff=0.3)
        raise ValueError(
            f"template {template!r}: found no such line in {FAMILIES.name}, expected "
            f"one (nearest: {', '.join(near) or 'none'})"
        )
    if not isinstance(table, pd.DataFrame):
        table = pd.DataFrame([table])
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    places = PLACE.findall(template)
    if absent := [place for place in places if place not in table.columns]:
        raise ValueError(
            f"{template}: found no column {', '.join(absent)}, expected one for each "
            f"place (columns: {', '.join(map(str, table.columns))})"
        )
    if "value" not in table.columns and "estimate" not in places:
        table = table.rename(columns={"estimate": "value"})
    if not set(NUMBERS) & set(table.columns):
        numeric = [name for name in table.columns if name not in places and pd.api.types.is_numeric_dtype(table[name])]
        if len(numeric) != 1:
            raise ValueError(
                f"{template}: found the numeric columns {numeric}, expected one, or columns named {', '.join(NUMBERS)}"
            )
        table = table.rename(columns={numeric[0]: "value"})
    left = [
        name for name in table.columns if name not in (*NUMBERS, *places) and pd.api.types.is_float_dtype(table[name])
    ]
    if left and set(NUMBERS) & set(table.columns) == {"p_value"}:
        raise ValueError(
            f"{template}: found a p-value beside {', '.join(map(str, left))}, "
            "expected the test's statistic in a column named value"
        )
    if not len(table):
        raise ValueError(f"{template}: found a table without rows, expected at least one")
    if empty := [place for place in places if table[place].isna().any()]:
        raise ValueError(f"{template}: found an empty cell in column {', '.join(empty)}, expected a word in each place")
    rows = []
    for cells in table.astype(object).to_dict("records"):
        codes = {str(name): str(cell) for name, cell in cells.items() if name not in NUMBERS}
        id = PLACE.sub(lambda place: codes[place[1]].replace("_", "-"), template)
        if not ID.fullmatch(id):
            raise ValueError(f"{template}: found the id {id!r}, expected lower-case letters, digits, hyphens and dots")
        numbers = {name: _printed(cells.get(name), f"result {id}, {name}") for name in NUMBERS}
        if not any(numbers.values()) and "value" not in cells:
            raise ValueError(f"result {id}: found no number, expected at least one")
        rows.append({"id": id, **numbers, "codes": codes})
    return rows


def _printed(number, what: str) -> str:
    """A number as the register holds it; empty for None and pandas.NA."""
    if number is None or number is pd.NA:
        return ""
    try:
        finite = math.isfinite(number)
    except TypeError:
        finite = False
    if not finite:
        raise ValueError(f"{what}: found {number}, expected a number (or None for an empty cell)")
    return f"{float(number):.10g}"


@lru_cache
def families() -> dict[str, dict[str, str]]:
    """Unit, label, evidence, base and source of each template."""
    columns = ("template", "unit", "label", "evidence", "base", "source")
    known: dict[str, dict[str, str]] = {}
    for index, cells in enumerate(csvfile.read(FAMILIES, columns)):
        row = dict(zip(columns, cells, strict=True))
        for name, text in row.items():
            csvfile.words(text, FAMILIES, f"{row_place(index)}, column {name}")
        csvfile.code(row["evidence"], (*EVIDENCE, EITHER), FAMILIES, f"{row_place(index)}, column evidence")
        if (template := row.pop("template")) in known:
            fail(FAMILIES, f"{row_place(index)}, column template", f"{template} again", "each once")
        known[template] = row
    return known


@lru_cache
def _words() -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = {}
    columns = "place", "value", "words"
    for index, (place, value, text) in enumerate(csvfile.read(WORDS, columns)):
        for name, cell in zip(columns, (place, value, text), strict=True):
            csvfile.words(cell, WORDS, f"{row_place(index)}, column {name}")
        if value in known.setdefault(place, {}):
            fail(WORDS, row_place(index), f"{place} {value} again", "each once")
        known[place][value] = text
    return known


def words(place: str) -> dict[str, str]:
    """What the values of a place are called: ``words("t")`` is {"ai": "AI", "rpa": "RPA"}."""
    return {value: tr(text) for value, text in _words()[place].items()}


# --- collecting, after the chapters have run ------------------------------------------------------


def collect(folder: Path, old: Mapping[str, Result] | None = None, keep: Iterable[str] = ()) -> list[Result]:
    """The rows recorded in all executed notebooks of a folder, sorted by id.

    keep: notebooks that need not have run, `chapters/NAME.ipynb`: the rows that these have in the
        old register stay then, as far as no other chapter records them now.

    DataError for a notebook that has not run to its end or printed on stderr, a row that is not
    what its family says, an id recorded twice, and a template that no chapter uses.
    """
    rows: dict[str, Result] = {}
    used = set()
    waiting = {folder / name for name in keep if not _has_run(folder / name)}
    for path in sorted({*folder.rglob("*.ipynb")} - waiting):
        for cell, output in _outputs(path):
            recorded = output.get("metadata", {}).get("adoption")
            if not recorded:
                continue
            used.add(recorded["template"])
            for row in recorded["rows"]:
                result = _result(recorded["template"], row, path.stem, cell)
                if other := rows.get(result.id):
                    raise DataError(
                        f"{_place(path.stem, cell)}: found result {result.id} again, "
                        f"first recorded in {_place(other.chapter, other.cell)}, "
                        "expected each id once"
                    )
                rows[result.id] = result
    for id, result in (old or {}).items():
        if folder / "chapters" / f"{result.chapter}.ipynb" in waiting:
            rows.setdefault(id, result)
    if not waiting and (unused := sorted(families().keys() - used)):
        fail(FAMILIES, "column template", f"{', '.join(unused)}, which no chapter records", "templates that are in use")
    return [rows[id] for id in sorted(rows)]


def _has_run(path: Path) -> bool:
    return any(cell.get("execution_count") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])


def _outputs(path: Path):
    """Cell and output of each output of an executed notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        raise DataError(f"chapters/{path.name}: found no whole notebook, expected an executed one") from None
    for cell in cells:
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        if cell["execution_count"] is None:
            raise DataError(
                f"{_place(path.stem, cell['id'])}: found it not executed, expected a notebook that ran to its end"
            )
        for output in cell["outputs"]:
            if output.get("name") == "stderr" or output["output_type"] == "error":
                text = "".join(output.get("text", output.get("traceback", [])))
                raise DataError(f"{_place(path.stem, cell['id'])}: found this on stderr, expected nothing:\n{text}")
            yield cell["id"], output


def _place(chapter: str, cell: str) -> str:
    return f"chapters/{chapter}.ipynb, cell {cell}"


def _result(template: str, row: dict, chapter: str, cell: str) -> Result:
    """A recorded row with the words of its family, checked against its kind of evidence."""
    place = f"{_place(chapter, cell)}, result {row['id']}"
    if template not in families():
        fail(FAMILIES, place, f"no line for {template}", "one")
    family = families()[template]

    def filled(text):
        def word(match):
            if match[1] not in row["codes"]:
                fail(FAMILIES, place, f"{match[0]} in {text!r}", "a column that was recorded")
            value = row["codes"][match[1]]
            return _words().get(match[1], {}).get(value, value)

        return PLACE.sub(word, text)

    value, lower, upper, p_value = (float(row[name]) if row[name] else None for name in NUMBERS)
    evidence, label = family["evidence"], filled(family["label"])
    if evidence in (EITHER, "quoted") and lower is not None and lower == upper:
        value, lower, upper = lower, None, None
    if evidence == EITHER:
        evidence = "fact" if lower is None and upper is None else "range"
    expected = {
        "fact": ("a value alone", (lower, upper, p_value) == (None, None, None)),
        "quoted": (
            "a value, or two ends",  # where pages disagree
            p_value is None and (lower is None) == (upper is None) == (value is not None),
        ),
        "range": ("two ends", value is None and None not in (lower, upper)),
        "bound": ("two ends", value is None and None not in (lower, upper)),
        "interval": ("two ends", None not in (lower, upper)),
        "test": ("a p-value", p_value is not None),
    }[evidence]
    if not expected[1]:
        raise DataError(
            f"{place}: found value {value}, lower {lower}, upper {upper}, p_value "
            f"{p_value}, expected {expected[0]} for evidence {evidence}"
        )
    words = family["unit"], label[0].upper() + label[1:], evidence, filled(family["base"]), filled(family["source"])
    result = Result(row["id"], value, lower, upper, p_value, *words, chapter, cell)
    _check(result, Path(f"chapters/{chapter}.ipynb"), f"cell {cell}, result {row['id']}")
    return result


@lru_cache
def _templates() -> tuple[str, ...]:
    """What labels, bases and sources are made from."""
    return tuple({family[name] for family in families().values() for name in ("label", "base", "source")})


def said(text: str) -> str:
    """A label, base or source in the language that is spoken."""
    return tr_filled(text, _templates())


def translated(result: Result) -> Result:
    """The result with its words in the language that is spoken."""
    words = {name: said(getattr(result, name)) for name in ("label", "base", "source")}
    return result._replace(unit=tr(result.unit), evidence=tr(result.evidence), **words)


def compare(old: dict[str, Result], new: dict[str, Result]) -> list[str]:
    """One sentence for each id that is new, gone or different: id, old, new, chapter and cell.

    Numbers agree when they differ by at most a relative 1e-6, texts when they are equal.
    """
    sentences = []
    for id in sorted(old.keys() | new.keys()):
        if id not in new:
            sentences.append(f"{id}: gone; it was recorded by {_place(old[id].chapter, old[id].cell)}")
            continue
        where = _place(new[id].chapter, new[id].cell)
        if id not in old:
            sentences.append(f"{id}: new, recorded by {where}")
            continue
        for name, before, after in zip(COLUMNS, old[id], new[id], strict=True):
            if not same(before, after):
                sentences.append(f"{id}: {name} was {before!r}, is {after!r} ({where})")
    return sentences


def same(before, after) -> bool:
    """Whether two cells agree: numbers to a relative 1e-6, all else exactly."""
    if isinstance(before, float) and isinstance(after, float):
        return math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=0)
    return before == after


def to_csv(results: Iterable[Result]) -> str:
    """The register as CSV with LF line ends; numbers with ten significant digits."""
    rows = (
        ["" if cell is None else f"{cell:.10g}" if name in NUMBERS else cell for name, cell in zip(COLUMNS, result)]
        for result in results
    )
    return csvfile.dump([COLUMNS, *rows])


# --- reading --------------------------------------------------------------------------------------


@lru_cache
def read_file(path: Path = PATH) -> dict[str, Result]:
    """A register file's results by id. DataError where it is not what :func:`collect` makes.

    Ids stand in their order, each once, with all their words; ends of a range are in order, and
    a p-value is from 0 to 1.
    """
    rows: dict[str, Result] = {}
    last = ""
    for index, cells in enumerate(csvfile.read(path, COLUMNS)):
        result = Result(
            *(
                _cell(name, text, path, f"{row_place(index)}, column {name}")
                for name, text in zip(COLUMNS, cells, strict=True)
            )
        )
        _check(result, path, row_place(index))
        if not last < result.id:
            fail(path, f"{row_place(index)}, column id", result.id, f"an id after {last}")
        last, rows[result.id] = result.id, result
    if not rows:
        fail(path, "rows", "0 rows", "at least one")
    return rows


def _cell(name: str, text: str, path: Path, place: str) -> float | str | None:
    if name == "evidence":
        return csvfile.code(text, EVIDENCE, path, place)
    if name not in NUMBERS:
        return csvfile.words(text, path, place)
    return csvfile.number(text, path, place) if text else None


def _check(result: Result, path: Path, place: str) -> None:
    if None not in (result.lower, result.upper) and result.lower > result.upper:
        fail(
            path,
            f"{place}, columns lower and upper",
            f"{result.lower:g} and {result.upper:g}",
            "a lower end that is at most the upper",
        )
    if result.p_value is not None and not 0 <= result.p_value <= 1:
        fail(path, f"{place}, column p_value", f"{result.p_value:g}", "a number from 0 to 1")


def get(id: str) -> Result:
    """The result with this id. KeyError, naming the nearest known ids, when there is none."""
    results = read_file()
    if id not in results:
        near = difflib.get_close_matches(id, results, n=3)
        raise KeyError(f"no result {id!r} in {PATH.name}; nearest: {', '.join(near) or 'none'}")
    return results[id]


def read() -> pd.DataFrame:
    """The whole register as a DataFrame indexed by id."""
    return pd.DataFrame(read_file().values(), columns=list(COLUMNS)).set_index("id")


def main() -> None:
    parser = argparse.ArgumentParser(description="Collect the register from executed chapters.")
    parser.add_argument("folder", type=Path, help="of the executed notebooks")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the register differs from what was recorded"
    )
    parser.add_argument(
        "--keep", action="append", default=[], metavar="CHAPTER", help="if it has not run its rows stay as they are"
    )
    options = parser.parse_args()
    try:
        old = read_file() if PATH.exists() else {}
        results = collect(options.folder, old, options.keep)
    except DataError as error:
        sys.exit(f"register: {error}")
    sentences = compare(old, {result.id: result for result in results})
    for line in sentences[:50]:
        print(f"register: {line}")
    if len(sentences) > 50:
        print(f"register: and {len(sentences) - 50} more")
    if options.check:
        if sentences:
            sys.exit(
                "register: results/results.csv is not what the chapters record; run "
                "`make book`, look at the difference and commit it"
            )
    elif sentences:
        csvfile.write(PATH, to_csv(results))
        print(f"register: {len(results)} results written to results/{PATH.name}")


if __name__ == "__main__":
    main()
