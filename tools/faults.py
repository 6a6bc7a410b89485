"""The kinds of fault that tools/torture.py puts into the data, each a function of this module.

A function gets a table (or nothing, if it spoils the description) and random choices, and returns
one fault: the new content of a file, the place, what stood there and stands there now, and whether
the content must give it away or only the checksum does. The rule is stated in torture.py.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from adoption import changes, data, register, stored
from adoption.csvfile import row_place

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "data/datapackage.json"
CONTENT, CHECKSUM = "content", "checksum"

# Integers that the content of other cells determines: a sum, an order, another table, a quotation.
BOUND = {
    "adoption-by-stage": {"stage", "bodies", "median_population"},
    "rpa-joint-use-status": {"bodies"},
    "ai-joint-use-form": {"bodies"},
    "small-adopters": {"population"},
    "consortium-members": {"population"},
    "consortium-figures": {"value"},
    "population-distribution-2015": {"lower", "upper", "bodies", "population"},
    "median-neighbours": {"stage", "median", "municipalities_at", "prefectures_at"},
    "adoption-2023-by-size": {"lower", "upper", "bodies", "population"},
    "adoption-2023-published": {"bodies"},
    "directions": {"slide", "order"},
    "barriers": {"slide", "order"},
    "claims": {"slide", "statement"},
    "errata": {"slide", "read_as"},
    **dict.fromkeys(("consortium-notes", "guidebook-contents", "guidebook-problems", "statements"),
                    {"order"}),
}
# Texts that must stand in another table.
QUOTED = {"claims": {"text_ja", "text_en"}, "barriers": {"text_ja"}, "directions": {"text_ja"},
          "errata": {"printed"}}
# Tables whose rows have one order.
ORDERED = {"population-distribution-2015", "adoption-2023-by-size", "consortium-notes",
           "guidebook-contents", "guidebook-problems", "barriers", "directions", "statements",
           "results", "outside-range", "simulation"}
# Tables without a stated length whose rows are complete all the same.
COMPLETE = {"population-distribution-2015", "adoption-2023-by-size", "outside-range", "simulation"}


class Table(NamedTuple):
    """A committed CSV file and what its cells are: integer, number, code or text by column."""

    file: str
    raw: bytes
    columns: dict[str, str]
    required: frozenset[str]
    key: tuple[str, ...]
    rows: list[list[str]]
    counted: bool  # a row more or less is noticed by content

    @property
    def name(self) -> str:
        return Path(self.file).stem


class Fault(NamedTuple):
    """One fault: where, what stood there and what stands there now, and what must notice it."""

    place: str
    before: str
    after: str
    files: dict[str, bytes | None]  # new contents, None for a file that is gone
    by: str = CONTENT
    says: tuple[str, ...] = ()  # what the message must contain beside the file
    about: str = ""  # the table of which the description is spoilt


# --- the files --------------------------------------------------------------------------------

def dump(rows: Iterable[list[str]], quoting=csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=quoting).writerows(rows)
    return out.getvalue().encode("utf-8")


def read_table(file: str, columns: dict[str, str], required, key, counted) -> Table:
    raw = (ROOT / file).read_bytes()
    header, *rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""))
    if header != list(columns) or dump([header, *rows]) != raw:
        raise SystemExit(f"{file} is not as the project writes it: is it spoilt already?")
    return Table(file, raw, columns, frozenset(required), tuple(key), rows, counted)


@lru_cache
def tables() -> dict[str, Table]:
    """The tables of data/ and results/, by file."""
    found = []
    for resource in data.package()["resources"]:
        fields, name = resource["schema"]["fields"], resource["name"]
        found.append(read_table(
            f"data/{name}.csv",
            {field["name"]: "code" if "enum" in field["constraints"] else
             field["type"].replace("string", "text") for field in fields},
            (f["name"] for f in fields if f["constraints"].get("required")),
            resource["schema"]["primaryKey"], "rows" in resource or name in COMPLETE))
    for name, columns, kind, key in (
        ("results", register.COLUMNS,
         lambda c: "number" if c in register.NUMBERS else "code" if c == "evidence" else "text",
         ("id",)),
        ("changes", changes.FIELDS, lambda c: "text", ("version", "id")),
        ("outside-range", stored.OUTSIDE_COLUMNS,
         lambda c: {"vectors": "integer"}.get(c, "number" if c.endswith("st") else "code"),
         ("technology", "base", "model")),
        ("simulation", stored.simulation.COLUMNS,
         lambda c: "code" if c == "truth" else "number" if c.endswith(("_sum", "_squares"))
         else "integer", ("truth", "block")),
    ):
        kinds = {column: kind(column) for column in columns}
        found.append(read_table(
            f"results/{name}.csv", kinds,
            [c for c in columns if name != "results" or kinds[c] != "number"], key,
            name in COMPLETE or name == "changes"))
    return {table.file: table for table in found}


@lru_cache
def package_text() -> str:
    return (ROOT / PACKAGE).read_text(encoding="utf-8")


def package() -> dict:
    """A fresh copy of the description."""
    return json.loads(package_text())


# --- faults of tables -------------------------------------------------------------------------

TABLE_KINDS: dict[str, Callable[[Table, Random], Fault | None]] = {}
PACKAGE_KINDS: dict[str, Callable[[Random], Fault]] = {}


def of_tables(function):
    """A kind of fault, named after its function. None where a table has no place for it."""
    TABLE_KINDS[function.__name__.replace("_", " ")] = function
    return function


def of_package(function):
    PACKAGE_KINDS[function.__name__.replace("_", " ")] = function
    return function


def of_bytes(function):
    """A kind that any file can have: place, before, after and bytes, or None."""
    def of_table(table, rng):
        found = function(table.raw, rng)
        return found and Fault(*found[:3], {table.file: found[3]})

    def of_description(rng):
        *words, raw = function(package_text().encode(), rng)
        return Fault(*words, {PACKAGE: raw})

    name = function.__name__.replace("_", " ")
    TABLE_KINDS[name], PACKAGE_KINDS[name] = of_table, of_description
    return function


INVISIBLE = ["\u200b", "\u00ad", "\u200e", "\u2028", "\ufeff", "\x00", "\t", "\x0b", "\x85",
             "\ue000", "\u2060"]


def spoilt(table: Table, place: str, before, after, raw: bytes, **more) -> Fault | None:
    if raw == table.raw:
        return None
    return Fault(place, str(before), str(after), {table.file: raw}, **more)


# bytes

@of_bytes
def byte_order_mark(raw, rng):
    return "line 1", "none", "a byte order mark", b"\xef\xbb\xbf" + raw


@of_bytes
def wrong_encoding(raw, rng):
    text = raw.decode("utf-8")
    encoding = rng.choice(["utf-16", "utf-32"] if text.isascii() else
                          ["cp932", "euc-jp", "utf-16"])
    return "whole file", "utf-8", encoding, text.encode(encoding, errors="replace")


@of_bytes
def byte_of_another_encoding(raw, rng):
    at = rng.choice([match.start() for match in re.finditer(b"\n", raw)])
    return f"byte {at}", "nothing", "0xe9", raw[:at] + b"\xe9" + raw[at:]


@of_bytes
def byte_lost_in_a_character(raw, rng):
    wide = [at for at, byte in enumerate(raw) if byte >= 0xc0]
    if not wide:
        return None
    at = rng.choice(wide)
    return f"byte {at}", hex(raw[at]), "nothing", raw[:at] + raw[at + 1:]


@of_bytes
def truncated(raw, rng):
    at = rng.choice([at for at in range(1, len(raw)) if raw[at - 1:at] != b"\n"])
    return f"byte {at}", f"{len(raw)} bytes", f"{at} bytes", raw[:at]


@of_bytes
def invisible_character(raw, rng):
    text, sign = raw.decode("utf-8"), rng.choice(INVISIBLE)
    at = rng.randrange(len(text))
    return f"character {at}", "nothing", repr(sign), (text[:at] + sign + text[at:]).encode()


@of_bytes
def empty_file(raw, rng):
    return "whole file", f"{len(raw)} bytes", "nothing", b""


@of_bytes
def contents_twice(raw, rng):
    return "whole file", "once", "twice", raw + raw


@of_tables
def missing_file(table, rng):
    return Fault("whole file", "a table", "no file", {table.file: None})


@of_package
def missing_description(rng):
    return Fault("whole file", "the description", "no file", {PACKAGE: None})


@of_tables
def file_beside(table, rng):
    """A copy left behind. In results/ other files do no harm: the programmes name theirs."""
    if not table.file.startswith("data/"):
        return None
    copy = rng.choice([f"data/{table.name} (1).csv", f"data/Copy of {table.name}.csv",
                       f"data/{table.name}-old.csv"])
    return Fault("folder", "no such file", copy, {copy: table.raw}, says=(Path(copy).name,))


@of_tables
def files_swapped(table, rng):
    others = [t for t in tables().values() if t.columns != table.columns
              and t.file.split("/")[0] == table.file.split("/")[0]]
    other = rng.choice(others)
    return Fault("whole file", table.name, other.name,
                 {table.file: other.raw, other.file: table.raw})


@of_tables
def crlf_line_ends(table, rng):
    return spoilt(table, "all lines", "LF", "CRLF", table.raw.replace(b"\n", b"\r\n"),
                  says=("line 1", "CR"))


@of_tables
def one_crlf_line_end(table, rng):
    lines = table.raw.split(b"\n")
    at = rng.randrange(len(lines) - 1)
    lines[at] += b"\r"
    return spoilt(table, f"line {at + 1}", "LF", "CRLF", b"\n".join(lines),
                  says=(f"line {at + 1}", "CR"))


@of_tables
def cr_line_ends(table, rng):
    return spoilt(table, "all lines", "LF", "CR", table.raw.replace(b"\n", b"\r"))


@of_tables
def no_line_break_at_the_end(table, rng):
    return spoilt(table, "end", "LF", "nothing", table.raw[:-1], says=("no line break",))


@of_tables
def empty_lines_at_the_end(table, rng):
    more = rng.choice([1, 1, 2, 5])
    return spoilt(table, "end", "LF", f"{more} more", table.raw + b"\n" * more,
                  says=("an empty line",))


@of_tables
def empty_line_inside(table, rng):
    lines = table.raw.split(b"\n")
    at = rng.randrange(len(lines) - 1)
    return spoilt(table, f"line {at + 1}", "a row", "an empty line before it",
                  b"\n".join([*lines[:at], b"", *lines[at:]]))


@of_tables
def space_at_the_end_of_a_line(table, rng):
    lines = table.raw.split(b"\n")
    at = rng.randrange(len(lines) - 1)
    lines[at] += b" "
    return spoilt(table, f"line {at + 1}", "", "' '", b"\n".join(lines), says=(f"line {at + 1}",))


@of_tables
def quote_left_open(table, rng):
    lines = table.raw.split(b"\n")
    at = rng.randrange(len(lines) - 1)
    lines[at] = b'"' + lines[at]
    return spoilt(table, f"line {at + 1}", "", "a quote at its beginning", b"\n".join(lines))


@of_tables
def other_separator(table, rng):
    separator = rng.choice([b";", b"\t", b"|", "、".encode()])
    return spoilt(table, "whole file", ",", separator.decode(),
                  table.raw.replace(b",", separator))


@of_tables
def truncated_at_the_end_of_a_line(table, rng):
    if not table.rows:
        return None
    kept = rng.randrange(len(table.rows))
    return rewritten(table, "end", f"{len(table.rows)} rows", f"{kept} rows", table.rows[:kept],
                     by=by_count(table) if kept else CONTENT)


@of_tables
def quotes_around_every_cell(table, rng):
    """The same table to every reader of CSV; only the checksum tells."""
    return spoilt(table, "whole file", "quotes where needed", "quotes everywhere",
                  dump([list(table.columns), *table.rows], csv.QUOTE_ALL), by=CHECKSUM)


# header and columns

def rewritten(table: Table, place: str, before, after, rows, header=None, **more) -> Fault | None:
    return spoilt(table, place, before, after, dump([header or list(table.columns), *rows]),
                  **more)


def by_count(table: Table) -> str:
    return CONTENT if table.counted else CHECKSUM


@of_tables
def missing_column(table, rng):
    at = rng.randrange(len(table.columns))
    name = list(table.columns)[at]
    return rewritten(table, f"column {name}", name, "nothing",
                     [row[:at] + row[at + 1:] for row in table.rows],
                     [c for c in table.columns if c != name], says=("header", name))


@of_tables
def extra_column(table, rng):
    at, name = rng.randrange(len(table.columns) + 1), rng.choice(["", "note", "Unnamed: 0"])
    header = list(table.columns)
    return rewritten(table, f"column {at + 1}", "nothing", repr(name),
                     [[*row[:at], str(i), *row[at:]] for i, row in enumerate(table.rows)],
                     [*header[:at], name, *header[at:]], says=("header",))


@of_tables
def duplicated_column(table, rng):
    at = rng.randrange(len(table.columns))
    header = list(table.columns)
    return rewritten(table, f"column {header[at]}", "once", "twice",
                     [[*row[:at], row[at], *row[at:]] for row in table.rows],
                     [*header[:at], header[at], *header[at:]], says=("header", header[at]))


@of_tables
def swapped_columns(table, rng):
    a, b = sorted(rng.sample(range(len(table.columns)), 2))
    swap = {a: b, b: a}
    order = [swap.get(i, i) for i in range(len(table.columns))]
    header = list(table.columns)
    return rewritten(table, "header", f"{header[a]}, {header[b]}", f"{header[b]}, {header[a]}",
                     [[row[i] for i in order] for row in table.rows], [header[i] for i in order],
                     says=("header",))


@of_tables
def swapped_headings(table, rng):
    header = list(table.columns)
    a, b = rng.sample(range(len(header)), 2)
    header[a], header[b] = header[b], header[a]
    return rewritten(table, "header", f"{header[b]}, {header[a]}", f"{header[a]}, {header[b]}",
                     table.rows, header, says=("header",))


@of_tables
def changed_heading(table, rng):
    at, header = rng.randrange(len(table.columns)), list(table.columns)
    old = header[at]
    header[at] = rng.choice([old.upper(), old.capitalize(), f" {old}", f"{old} ", wide(old),
                             old + "s", ""])
    return rewritten(table, "header", old, repr(header[at]), table.rows, header,
                     says=("header", old))


@of_tables
def missing_header(table, rng):
    return spoilt(table, "line 1", "the header", "nothing",
                  table.raw.split(b"\n", 1)[1], says=("line 1",))


@of_tables
def duplicated_header(table, rng):
    at = rng.randrange(len(table.rows) + 1)
    return rewritten(table, f"line {at + 2}", "a row", "the header again",
                     [*table.rows[:at], list(table.columns), *table.rows[at:]])


# rows

@of_tables
def missing_row(table, rng):
    if not table.rows:
        return None
    at = rng.randrange(len(table.rows))
    return rewritten(table, row_place(at), ",".join(table.rows[at])[:60], "nothing",
                     table.rows[:at] + table.rows[at + 1:],
                     by=by_count(table) if len(table.rows) > 1 else CONTENT)


@of_tables
def duplicated_row(table, rng):
    if not table.rows:
        return None
    at, to = rng.randrange(len(table.rows)), rng.randrange(len(table.rows) + 1)
    return rewritten(table, row_place(to), "nothing", f"{row_place(at)} again",
                     [*table.rows[:to], table.rows[at], *table.rows[to:]])


@of_tables
def invented_row(table, rng):
    """A row like another with one part of its key changed."""
    if not table.rows:
        row = [f"{name} 1" for name in table.columns]
        return rewritten(table, row_place(0), "nothing", ",".join(row), [row])
    at, name = rng.randrange(len(table.rows)), rng.choice(table.key)
    row, column = [*table.rows[at]], list(table.columns).index(name)
    row[column] = another(table, name, row[column], rng)
    return rewritten(table, row_place(at + 1), "nothing", ",".join(row)[:60],
                     [*table.rows[:at + 1], row, *table.rows[at + 1:]], by=by_count(table))


@of_tables
def swapped_rows(table, rng):
    if len(table.rows) < 2:
        return None
    pairs = [rng.sample(range(len(table.rows)), 2)]
    if "order" in table.columns:  # it counts within a group
        group = [i for i, name in enumerate(table.columns)
                 if name in table.key and name != "order"]
        pairs = [(i, j) for i, row in enumerate(table.rows) for j in range(i)
                 if all(row[k] == table.rows[j][k] for k in group)]
    a, b = rng.choice(pairs)
    rows = [*table.rows]
    rows[a], rows[b] = rows[b], rows[a]
    return rewritten(table, f"{row_place(a)} and {row_place(b)}", "in order", "swapped", rows,
                     by=CONTENT if table.name in ORDERED else CHECKSUM)


@of_tables
def missing_cell(table, rng):
    if not table.rows:
        return None
    at, cell = rng.randrange(len(table.rows)), rng.randrange(len(table.columns))
    return changed_row(table, at, table.rows[at][:cell] + table.rows[at][cell + 1:],
                       f"{row_place(at)}, cell {cell + 1}", "a cell", "nothing",
                       says=(row_place(at), "cells"))


@of_tables
def extra_cell(table, rng):
    if not table.rows:
        return None
    at, cell = rng.randrange(len(table.rows)), rng.randrange(len(table.columns) + 1)
    row, more = table.rows[at], rng.choice(["", "1", "x"])
    return changed_row(table, at, [*row[:cell], more, *row[cell:]],
                       f"{row_place(at)}, cell {cell + 1}", "nothing", repr(more),
                       says=(row_place(at), "cells"))


@of_tables
def swapped_cells_of_a_row(table, rng):
    """A number and a word change places."""
    kinds = list(table.columns.values())
    pairs = [(a, b) for a, left in enumerate(kinds) for b, right in enumerate(kinds)
             if left == "integer" and right in ("code", "text")]
    pairs = [(at, a, b) for a, b in pairs for at, row in enumerate(table.rows)
             if row[a] and row[b]] if len(table.rows) < 100 else [
        (at, *rng.choice(pairs)) for at in range(len(table.rows)) if pairs]
    if not pairs:
        return None
    at, a, b = rng.choice(pairs)
    row = [*table.rows[at]]
    row[a], row[b] = row[b], row[a]
    names = list(table.columns)
    return changed_row(table, at, row, f"{row_place(at)}, columns {names[a]} and {names[b]}",
                       f"{row[b]}, {row[a]}", f"{row[a]}, {row[b]}", says=(row_place(at),))


@of_tables
def swapped_cells_of_a_column(table, rng):
    """Two rows change what they say: sums stay, so that often the checksum alone tells."""
    columns = [i for i, name in enumerate(table.columns)
               if len({row[i] for row in table.rows}) > 1]
    if not columns:
        return None
    column = rng.choice(columns)
    a = rng.randrange(len(table.rows))
    b = rng.choice([i for i, row in enumerate(table.rows) if row[column] != table.rows[a][column]])
    rows = [[*row] for row in table.rows]
    rows[a][column], rows[b][column] = rows[b][column], rows[a][column]
    return rewritten(table, f"{row_place(a)} and {row_place(b)}, column "
                     f"{list(table.columns)[column]}", rows[b][column][:40], rows[a][column][:40],
                     rows, by=CHECKSUM)


def changed_row(table: Table, at: int, row: list[str], place, before, after, **more):
    return rewritten(table, place, before, after,
                     [*table.rows[:at], row, *table.rows[at + 1:]], **more)


# cells

def wide(text: str) -> str:
    """ASCII as full-width characters."""
    return "".join(chr(ord(sign) + 0xfee0) if "!" <= sign <= "~" else sign for sign in text)


def another(table: Table, name: str, old: str, rng: Random) -> str:
    """A possible value of a column, other than the old one."""
    if table.columns[name] == "code":
        column = list(table.columns).index(name)
        others = sorted({row[column] for row in table.rows} - {old, ""})
        return rng.choice(others) if others else old + "x"
    if table.columns[name] == "integer":
        return str(int(old) + 1) if old else "1"
    return old + "x"


def cell(table: Table, rng: Random, kinds: tuple[str, ...], change: Callable[[str], str],
         suits: Callable[[str], bool] = bool, only=None, says=True, **more) -> Fault | None:
    """Change one cell of the kinds given, where it suits; None where no cell does."""
    names = [name for name, found in table.columns.items()
             if found in kinds and (only is None or name in only)]
    rng.shuffle(names)
    for name in names:
        column = list(table.columns).index(name)
        fit = [at for at, row in enumerate(table.rows) if suits(row[column])]
        if not fit:
            continue
        at = rng.choice(fit)
        row = [*table.rows[at]]
        old, row[column] = row[column], change(row[column])
        if callable(by := more.get("by", CONTENT)):
            by = by(name, row[column])
        return changed_row(table, at, row, f"{row_place(at)}, column {name}", repr(old[:60]),
                           repr(row[column][:60]), **{**more, "by": by},
                           says=(row_place(at), name) if says else ())
    return None


NUMERIC = ("integer", "number")


@of_tables
def negative_number(table, rng):
    """Some stored results may be negative."""
    return cell(table, rng, NUMERIC, lambda raw: "-" + raw,
                lambda raw: raw and not raw.startswith("-"),
                by=lambda name, _: CONTENT if table.columns[name] == "integer"
                or table.file.startswith("data/") else CHECKSUM, says=False)


@of_tables
def fractional_number(table, rng):
    return cell(table, rng, ("integer",),
                lambda raw: raw + rng.choice([".5", ".0", ".25", ",5", "½", "/2"]))


@of_tables
def non_numeric(table, rng):
    return cell(table, rng, NUMERIC, lambda raw: rng.choice(
        ["many", "n/a", "-", "?", "NULL", "#REF!", "約" + raw, raw + "人", raw + "%", "O",
         "l" + raw, "0x" + raw, raw + "*", raw + "†", "True"]))


@of_tables
def not_a_finite_number(table, rng):
    return cell(table, rng, NUMERIC, lambda raw: rng.choice(
        ["nan", "NaN", "inf", "-inf", "Infinity", "1e999", "9" * 400]))


@of_tables
def full_width_digits(table, rng):
    def change(raw):
        if rng.random() < 0.5:
            return wide(raw)
        at = rng.choice([i for i, sign in enumerate(raw) if sign.isdigit()])
        return raw[:at] + wide(raw[at]) + raw[at + 1:]
    return cell(table, rng, NUMERIC, change)


@of_tables
def digits_of_another_script(table, rng):
    script = rng.choice(["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "〇一二三四五六七八九", "⁰¹²³⁴⁵⁶⁷⁸⁹"])
    return cell(table, rng, NUMERIC,
                lambda raw: raw.translate(str.maketrans("0123456789", script)))


@of_tables
def thousands_separators(table, rng):
    mark = rng.choice([",", "_", " ", "'", "\u00a0", "，"])

    def change(raw):
        whole = re.match("-?[0-9]*", raw)[0]
        at = max(1, len(whole) - 3)
        return raw[:at] + mark + raw[at:]
    return cell(table, rng, NUMERIC, change, lambda raw: re.match("-?[0-9]{2,}", raw))


@of_tables
def decimal_comma(table, rng):
    return cell(table, rng, ("number",), lambda raw: raw.replace(".", ","),
                lambda raw: "." in raw)


@of_tables
def plus_sign(table, rng):
    return cell(table, rng, NUMERIC, lambda raw: "+" + raw)


@of_tables
def leading_zero(table, rng):
    return cell(table, rng, NUMERIC, lambda raw: "0" + raw, lambda raw: raw[:1].isdigit())


@of_tables
def power_of_ten(table, rng):
    """As a spreadsheet shows a large number."""
    return cell(table, rng, ("integer",), lambda raw: f"{int(raw):.2E}")


@of_tables
def too_many_digits(table, rng):
    return cell(table, rng, ("integer",), lambda raw: raw + "0" * 16)


@of_tables
def empty_cell(table, rng):
    return cell(table, rng, (*NUMERIC, "code", "text"), lambda raw: "", only=table.required)


@of_tables
def empty_cell_where_one_may_be(table, rng):
    return cell(table, rng, (*NUMERIC, "code", "text"), lambda raw: "", by=CHECKSUM, says=False,
                only=table.columns.keys() - table.required)


@of_tables
def padded_cell(table, rng):
    space = rng.choice([" ", "\u3000", "\u00a0"])
    return cell(table, rng, (*NUMERIC, "code", "text"),
                lambda raw: space + raw if rng.random() < 0.5 else raw + space)


@of_tables
def line_break_in_a_cell(table, rng):
    return cell(table, rng, ("code", "text"), lambda raw: raw[:1] + "\n" + raw[1:], says=False)


@of_tables
def off_by_one(table, rng):
    """Every integer that nothing determines: the checksum tells."""
    return cell(table, rng, ("integer",), lambda raw: str(int(raw) + rng.choice([-1, 1])),
                only=table.columns.keys() - BOUND.get(table.name, set()), by=CHECKSUM, says=False)


@of_tables
def total_or_bound_number_off_by_one(table, rng):
    return cell(table, rng, ("integer",), lambda raw: str(int(raw) + rng.choice([-1, 1])),
                only=BOUND.get(table.name, set()), says=False)


@of_tables
def total_off_by_much(table, rng):
    return cell(table, rng, ("integer",), lambda raw: str(int(raw) + rng.randint(2, 40)),
                only=BOUND.get(table.name, set()) & {"bodies", "population"}, says=False)


@of_tables
def digit_changed(table, rng):
    return cell(table, rng, ("number",), lambda raw: re.sub(
        "[0-9](?=[^0-9]*$)", lambda digit: str((int(digit[0]) + rng.randint(1, 9)) % 10), raw),
        by=CHECKSUM, says=False)


@of_tables
def unknown_code(table, rng):
    look_alike = str.maketrans("AaoeicI", "АаоеісІ")  # Latin to Cyrillic
    return cell(table, rng, ("code",), lambda raw: rng.choice(
        ["unknown", raw + "s", raw.swapcase() if raw.swapcase() != raw else raw + "?", wide(raw)
         if wide(raw) != raw else raw + "！", raw.translate(look_alike) + "а", raw[:-1] or "?"]))


@of_tables
def code_of_another_row(table, rng):
    names = [name for name, found in table.columns.items() if found == "code"]
    rng.shuffle(names)
    for name in names:
        column = list(table.columns).index(name)
        if len({row[column] for row in table.rows} - {""}) > 1:
            return cell(table, rng, ("code",), lambda raw: another(table, name, raw, rng),
                        only={name}, by=CHECKSUM, says=False)
    return None


@of_tables
def text_not_in_form_nfc(table, rng):
    return cell(table, rng, ("code", "text"), lambda raw: unicodedata.normalize("NFD", raw),
                lambda raw: unicodedata.normalize("NFD", raw) != raw)


@of_tables
def changed_words(table, rng):
    """A sign more inside a text: the checksum tells, unless the text is a quotation."""
    def change(raw):
        at = rng.randrange(1, len(raw)) if len(raw) > 1 else 1
        return raw[:at] + rng.choice("xyz") + raw[at:]
    return cell(table, rng, ("text",), change, says=False, by=CHECKSUM,
                only=table.columns.keys() - QUOTED.get(table.name, set()))


@of_tables
def changed_quotation(table, rng):
    def change(raw):
        at = rng.randrange(1, len(raw))
        return raw[:at] + ("9" if table.name == "errata" else "x") + raw[at:]
    return cell(table, rng, ("text",), change, only=QUOTED.get(table.name, set()))


@of_tables
def text_of_another_script(table, rng):
    """English where Japanese is to stand, and the other way round."""
    names = [name for name in table.columns if name.endswith(("_ja", "_en"))
             and table.columns[name] == "text"]
    return cell(table, rng, ("text",),
                lambda raw: "English" if not raw.isascii() else "日本語", only=names)


# --- faults of the description ----------------------------------------------------------------

class Node(NamedTuple):
    """A value in the description: its path, the path without numbers, and the value."""

    path: tuple
    shape: str
    value: object


def nodes(value, path=(), shape="") -> Iterator[Node]:
    yield Node(path, shape, value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from nodes(inner, (*path, name), f"{shape}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nodes(inner, (*path, index), f"{shape}[]")


@lru_cache
def all_nodes() -> dict[str, list[Node]]:
    """The values of the description by the shape of their path."""
    found: dict[str, list[Node]] = {}
    for node in nodes(package()):
        found.setdefault(node.shape, []).append(node)
    return found


def pick(rng: Random, suits: Callable[[Node], bool] = lambda node: True,
         shapes: str = ".") -> Node:
    """A value that suits, whose shape matches: every shape has the same chance."""
    groups = [fit for shape, group in all_nodes().items() if re.search(shapes, shape)
              if (fit := [node for node in group if suits(node)])]
    return rng.choice(rng.choice(groups))


def holder(descriptor: dict, path: tuple):
    """The object or list that holds the value at a path."""
    for step in path[:-1]:
        descriptor = descriptor[step]
    return descriptor


def place_of(path: tuple) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def table_of(path: tuple) -> str:
    return package()["resources"][path[1]]["name"] if path[:1] == ("resources",) and path[1:] \
        else ""


def describe(descriptor, path: tuple, before, after, **more) -> Fault:
    text = json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"
    return Fault(place_of(path), *(json.dumps(value, ensure_ascii=False)[:60]
                                   for value in (before, after)),
                 {PACKAGE: text.encode("utf-8", "surrogatepass")}, about=table_of(path), **more)


def replaced(node: Node, value, **more) -> Fault:
    spoilt_package = package()
    holder(spoilt_package, node.path)[node.path[-1]] = value
    return describe(spoilt_package, node.path, node.value, value, **more)


# A description without these is a looser one, which may be meant.
LOOSE = re.compile(r"rows$|foreignKeys$|required$|unique$|maximum$|enum$|\bsources\[\]\.path$")
# Lists whose members may come and go.
FREE_LISTS = re.compile(r"\bsources$|licenses$|enum$|primaryKey$|foreignKeys$|missingValues$")


@of_package
def missing_property(rng):
    node = pick(rng, lambda n: n.path and isinstance(n.path[-1], str))
    spoilt_package = package()
    del holder(spoilt_package, node.path)[node.path[-1]]
    loose = LOOSE.search(node.shape)
    return describe(spoilt_package, node.path, node.value, "nothing",
                    by=CHECKSUM if loose else CONTENT, says=() if loose else (node.path[-1],))


@of_package
def unknown_property(rng):
    node = pick(rng, lambda n: isinstance(n.value, dict))
    return replaced(node, {**node.value, "colour": "red"}, says=("colour",)) if node.path else \
        describe({**package(), "colour": "red"}, ("colour",), "nothing", "red", says=("colour",))


@of_package
def misspelt_property(rng):
    node = pick(rng, lambda n: n.path and isinstance(n.path[-1], str))
    spoilt_package, name = package(), node.path[-1]
    inside = holder(spoilt_package, node.path)
    new = rng.choice([name + "s", name.upper(), name[:-1], f"{name} ", wide(name)])
    inside[new] = inside.pop(name)
    return describe(spoilt_package, node.path, name, new)


@of_package
def duplicated_property(rng):
    """The same name twice in an object, with the same value or another."""
    lines = package_text().split("\n")
    at = rng.choice([i for i, line in enumerate(lines) if re.search(r'": .*,$', line)])
    name = re.search(r'"(.*?)":', lines[at])[1]
    line = lines[at] if rng.random() < 0.5 else f'      "{name}": 1,'
    return Fault(f"line {at + 1}", "once", "twice",
                 {PACKAGE: "\n".join([*lines[:at], line, *lines[at:]]).encode()}, says=(name,))


JSON_VALUES = (None, True, 5, 1.5, "text", [], {}, ["text"], {"name": "text"}, [None], [[]], [{}])


@of_package
def value_of_another_type(rng):
    node = pick(rng, lambda n: n.path)
    value = rng.choice([v for v in JSON_VALUES if type(v) is not type(node.value)])
    return replaced(node, value)


@of_package
def whole_description_of_another_type(rng):
    value = rng.choice([*(v for v in JSON_VALUES if v != {}), [package()], {}])
    return describe(value, (), "an object", value)


@of_package
def member_of_another_type(rng):
    """A list with a stranger among its members."""
    node = pick(rng, lambda n: n.path and isinstance(n.value, list))
    strangers = [v for v in JSON_VALUES if type(v) is not type(node.value[0])]
    at = rng.randrange(len(node.value) + 1)
    return replaced(node, [*node.value[:at], rng.choice(strangers), *node.value[at:]])


@of_package
def number_as_text(rng):
    node = pick(rng, lambda n: type(n.value) is int)
    return replaced(node, rng.choice([str(node.value), wide(str(node.value)), f"{node.value:,}",
                                      float(node.value), node.value + 0.5]))


@of_package
def emptied_value(rng):
    node = pick(rng, lambda n: n.path and n.value and isinstance(n.value, (str, list, dict)))
    return replaced(node, type(node.value)(),
                    by=CHECKSUM if node.path[-1] == "constraints" else CONTENT)


@of_package
def duplicated_member(rng):
    node = pick(rng, lambda n: isinstance(n.value, list))
    at = rng.randrange(len(node.value))
    free = re.search(r"\bsources$|licenses$|foreignKeys$|missingValues$", node.shape)
    return replaced(node, [*node.value[:at + 1], *node.value[at:]],
                    by=CHECKSUM if free else CONTENT)


@of_package
def missing_member(rng):
    node = pick(rng, lambda n: isinstance(n.value, list) and len(n.value) > 1)
    at = rng.randrange(len(node.value))
    return replaced(node, node.value[:at] + node.value[at + 1:],
                    by=CHECKSUM if FREE_LISTS.search(node.shape) else CONTENT)


@of_package
def swapped_members(rng):
    node = pick(rng, lambda n: isinstance(n.value, list) and len(n.value) > 1)
    a, b = rng.sample(range(len(node.value)), 2)
    value = [*node.value]
    value[a], value[b] = value[b], value[a]
    return replaced(node, value, by=CONTENT if node.shape.endswith(".fields")
                    and "foreignKeys" not in node.shape else CHECKSUM)


@of_package
def changed_name(rng):
    node = pick(rng, shapes=r"resources\[\]\.name|fields\[\]\.name|primaryKey\[\]|"
                            r"foreignKeys\[\]\.fields\[\]|reference\.(resource|fields\[\])")
    return replaced(node, rng.choice([node.value + "x", node.value.upper(), node.value[:-1],
                                      wide(node.value)]))


@of_package
def path_elsewhere(rng):
    node = pick(rng, shapes=r"resources\[\]\.path$")
    return replaced(node, rng.choice([
        f"../{node.value}", f"../results/{node.value}", f"/elsewhere/{node.value}", "errata.CSV",
        f"https://example.org/{node.value}", node.value.removesuffix(".csv"), "datapackage.json",
        f"./{node.value}", f"builders/{node.value}", node.value.replace(".csv", ".tsv")]),
        says=("path",))


@of_package
def changed_type_of_a_field(rng):
    """A whole number is a number too: only the checksum tells."""
    node = pick(rng, shapes=r"fields\[\]\.type$")
    value = rng.choice([t for t in ("string", "integer", "number", "boolean", "date", "any", "")
                        if t != node.value])
    return replaced(node, value, by=CHECKSUM if (node.value, value) == ("integer", "number")
                    else CONTENT)


@of_package
def rows_off_by_one(rng):
    node = pick(rng, shapes="rows$")
    return replaced(node, node.value + rng.choice([-1, 1, -node.value]), says=("rows",))


@of_package
def wrong_size(rng):
    node = pick(rng, shapes="bytes$")
    return replaced(node, node.value + rng.choice([-1, 1, 1000]), by=CHECKSUM, says=("bytes",))


@of_package
def wrong_checksum(rng):
    node = pick(rng, shapes="hash$")
    at = rng.randrange(7, len(node.value))
    digit = rng.choice([d for d in "0123456789abcdef" if d != node.value[at]])
    return replaced(node, node.value[:at] + digit + node.value[at + 1:], by=CHECKSUM,
                    says=("hash",))


@of_package
def swapped_checksums(rng):
    spoilt_package = package()
    a, b = rng.sample(spoilt_package["resources"], 2)
    a["hash"], b["hash"] = b["hash"], a["hash"]
    return describe(spoilt_package, ("resources",), f"hash of {a['name']}",
                    f"hash of {b['name']}", by=CHECKSUM, says=("hash",))


@of_package
def malformed_checksum(rng):
    node = pick(rng, shapes="hash$")
    return replaced(node, rng.choice([
        node.value.upper(), node.value[:-1], node.value + "0", node.value.split(":")[1],
        node.value.replace("sha256", "md5"), "sha256:", f" {node.value}"]), says=("hash",))


def values_of(node: Node) -> list[str]:
    """The cells of the field that a constraint belongs to, those that are not empty."""
    table = tables()[f"data/{table_of(node.path)}.csv"]
    return [row[node.path[4]] for row in table.rows if row[node.path[4]]]


@of_package
def loosened_constraint(rng):
    node = pick(rng, shapes=r"constraints\.(minimum|maximum|enum|pattern|unique)$")
    name = node.path[-1]
    value = {"minimum": lambda: node.value - 1, "maximum": lambda: node.value + 1,
             "enum": lambda: [*node.value, "other"], "pattern": lambda: ".*",
             "unique": lambda: False}[name]()
    return replaced(node, value, by=CHECKSUM)


@of_package
def tightened_constraint(rng):
    node = pick(rng, shapes=r"constraints\.(minimum|maximum|enum|pattern)$")
    name, cells = node.path[-1], values_of(node)
    value = {"minimum": lambda: max(map(int, map(float, cells))) + 1,
             "maximum": lambda: min(map(int, map(float, cells))) - 1,
             "enum": lambda: [v for v in node.value if v != cells[0]],
             "pattern": lambda: "[a-f]{40}"}[name]()
    return replaced(node, value)


@of_package
def impossible_constraint(rng):
    node = pick(rng, shapes=r"constraints\.(maximum|pattern)$")
    return replaced(node, -5 if node.path[-1] == "maximum"
                    else rng.choice(["(", "[z-a]", "*", "a{2,1}"]))


@of_package
def other_constant(rng):
    node = pick(rng, shapes=r"profile$|scheme$|format$|mediatype$|encoding$|lineTerminator$|"
                            r"missingValues\[\]$")
    value = rng.choice(["cp932", "\r\n", "NA", "tabular", "excel", "utf-8-sig", "-", ";"])
    return replaced(node, value)


@of_package
def illegible_text(rng):
    node = pick(rng, lambda n: isinstance(n.value, str) and len(n.value) > 1)
    at, sign = rng.randrange(1, len(node.value)), rng.choice([*INVISIBLE, "\ud800", "\n"])
    fault = replaced(node, node.value[:at] + sign + node.value[at:])
    # as JSON escapes it, so that no byte is wrong
    text = fault.files[PACKAGE].decode("utf-8", "surrogatepass")
    return fault._replace(files={PACKAGE: text.replace(
        sign, json.dumps(sign)[1:-1]).encode("utf-8") if sign not in "\n\t" else text.encode()})


@of_package
def padded_text(rng):
    node = pick(rng, lambda n: isinstance(n.value, str) and n.value.strip())
    return replaced(node, rng.choice([f" {node.value}", f"{node.value} ", f"\u3000{node.value}"]))


@of_package
def changed_title_or_description(rng):
    node = pick(rng, shapes=r"title$|description$|unit$|expected$|sources\[\]\.path$")
    at = rng.randrange(1, len(node.value))
    return replaced(node, node.value[:at] + "x" + node.value[at:], by=CHECKSUM)


@of_package
def broken_json(rng):
    text = package_text()
    old, new = rng.choice([
        ("}\n", "},\n"), ('"', "'"), ("{\n", "{ // note\n"), ('": ', '" = '), ("\n  ]", ",\n  ]"),
        (",\n", "\n"), ('",\n', '"x",\n'), ("{\n", "(\n"), (": true", ": True"), ("[\n", "\n"),
        ("}\n", "\n"), ('": "', '": '), ('",\n', ",\n")])
    at = rng.choice([m.start() for m in re.finditer(re.escape(old), text)])
    return Fault(f"character {at}", repr(old), repr(new),
                 {PACKAGE: (text[:at] + new + text[at + len(old):]).encode()}, says=("line",))


@of_package
def number_that_json_does_not_know(rng):
    text = package_text()
    found = rng.choice(list(re.finditer(r'": ([0-9]+)', text)))
    old = found[1]
    new = rng.choice(["NaN", "Infinity", "-Infinity", "0" + old, "+" + old, wide(old), "0x1f",
                      f"{old[:1]},{old}", "1e999", "9" * 5000, f"{old}.0", "-0.0", f"{old}e0"])
    return Fault(f"character {found.start(1)}", old, new[:40],
                 {PACKAGE: (text[:found.start(1)] + new + text[found.end(1):]).encode()})


@of_package
def endless_nesting(rng):
    node = pick(rng, lambda n: isinstance(n.value, str), shapes="title$|description$|name$")
    deep = rng.choice([100, 5000, 200_000])
    fault = replaced(node, "DEEP")
    raw = fault.files[PACKAGE].replace(b'"DEEP"', b"[" * deep + b"]" * deep, 1)
    return fault._replace(place="whole file", after=f"{deep} lists in each other",
                          files={PACKAGE: raw})
