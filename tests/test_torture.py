"""Spoilt copies of the data and of the register are refused: none passes, none ends otherwise.

A case spoils one file in one place. The project's own checks must refuse it with a DataError that
names the file and, where there is one, the place, what was found and what was expected:

* by its content, whatever the checksums say: every fault of form (bytes, header, rows, cells,
  types, codes, keys), every number that a sum, an order or another table determines, every
  quotation that is none;
* by its checksum alone: what leaves all this in order, since an editor may mean it (another
  translation, a number that no other determines, a wider range in the description, a row less in a
  list without a stated length). In results.csv, the comparison with what the chapters record
  stands in for the checksum; the words of families.csv and words.csv, and the reasons in
  changes.csv, are free.

`make test` tries 300 cases; TORTURE=2600 tries so many, TORTURE_SEED=2 others.
"""

import csv
import io
import json
import math
import os
import re
import shutil
import tempfile
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import changes
import pytest
import report_pages
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from adoption import csvfile, data, descriptor, register, relations, validation
from adoption.csvfile import ChecksumError, DataError

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "data/datapackage.json"
CASES, SEED = int(os.environ.get("TORTURE", 300)), int(os.environ.get("TORTURE_SEED", 1))

# Integers that the content of other cells determines: a sum, an order, another table, a quotation.
DETERMINED = {
    "adoption-by-stage": "stage bodies median_population",
    "rpa-joint-use-status": "bodies",
    "ai-joint-use-form": "bodies",
    "small-adopters": "population",
    "errata": "slide read_as",
    "consortium-members": "population",
    "consortium-figures": "value",
    "claims": "slide statement",
    "population-distribution-2015": "lower upper bodies population",
    "median-neighbours": "stage median municipalities_at prefectures_at",
    "adoption-2023-by-size": "lower upper bodies population",
    "adoption-2023-published": "bodies",
    "bodies-by-prefecture": "bodies population",
    "adoption-2023-by-prefecture": "bodies ai rpa both population",
    "adoption-2023-by-fiscal-strength": "bodies ai rpa both population",
    "fiscal-strength-by-prefecture": "bodies ai rpa population",
    "named-bodies-2023": "population",
    "imizu-hours": "before after saved",
    "directions": "slide order statement",
    "barriers": "slide order",
    "statements": "order",
    "consortium-notes": "order",
    "guidebook-contents": "order",
    "guidebook-problems": "order",
    "simulation": "block",
}
QUOTED = {"claims": "text_ja text_en", "barriers": "text_ja", "directions": "text_ja", "errata": "printed"}
ORDERED = {
    "bodies-by-prefecture",
    "adoption-2023-by-prefecture",
    "adoption-2023-by-fiscal-strength",
    "fiscal-strength-by-prefecture",
    "named-bodies-2023",
    "population-distribution-2015",
    "adoption-2023-by-size",
    "consortium-notes",
    "barriers",
    "guidebook-contents",
    "guidebook-problems",
    "directions",
    "statements",
    "results",
    "outside-range",
    "simulation",
    "inputs",
}
COMPLETE = {
    "population-distribution-2015",
    "adoption-2023-by-size",
    "bodies-by-prefecture",
    "adoption-2023-by-prefecture",
    "adoption-2023-by-fiscal-strength",
    "fiscal-strength-by-prefecture",
    "outside-range",
    "simulation",
    "inputs",
}
FREE = {"families", "words", "changes", "p-values"}  # whose words are compared with nothing


class Table(NamedTuple):
    """A committed CSV file; types are integer, number, code, text or free by column."""

    file: str
    name: str
    rows: list[list[str]]
    types: dict[str, str]
    required: set[str]
    counted: bool  # a row more or less is noticed by content

    def of(self, rows, header=None) -> bytes:
        return csvfile.dump([header or list(self.types), *rows]).encode()


def type_of(cells: list[str]) -> str:
    """Integer, number or text, of a column that no schema describes."""
    for name, form in (("integer", "[0-9]+"), ("number", r"-?\d+(\.\d+)?(e[-+]?\d+)?")):
        if cells and all(re.fullmatch(form, cell) for cell in cells if cell):
            return name
    return "text"


@lru_cache
def tables() -> dict[str, Table]:
    """The tables of data/ and results/, by file."""
    known = {}
    described = {resource["name"]: resource for resource in data.package()["resources"]}
    for path in [
        *sorted(ROOT.glob("data/*.csv")),
        *sorted(ROOT.glob("results/*.csv")),
        *sorted(ROOT.glob("results/stored/*.csv")),
    ]:
        file, name = str(path.relative_to(ROOT)), path.stem
        header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        if resource := described.get(name):
            fields = resource["schema"]["fields"]
            types = {
                field["name"]: "code" if "enum" in field["constraints"] else field["type"].replace("string", "text")
                for field in fields
            }
            required = {f["name"] for f in fields if f["constraints"].get("required")}
        else:
            types = {
                c: "code" if c == "evidence" else "free" if name == "words" != c else type_of([row[i] for row in rows])
                for i, c in enumerate(header)
            }
            required = {c for c in header if types[c] != "free"} - {*register.NUMBERS}
        known[file] = Table(file, name, rows, types, required, name in COMPLETE or "rows" in (resource or {}))
    return known


class Spoilt(NamedTuple):
    """New bytes of the file (None: it is gone), and what the message must contain beside it."""

    raw: bytes | None
    by_content: bool = True  # else by content or by checksum
    says: str = ""


# --- faults; assume() turns down what is none -----------------------------------------------------

INVISIBLE = "\u200b\u00ad\u200e\u2028\ufeff\x00\t\x0b\x85\ue000\u2060"


def position(draw, of) -> int:
    return draw(st.integers(0, len(of) - 1))


def fault_of_bytes(draw, raw: bytes) -> Spoilt:
    at, text = position(draw, raw), raw.decode()
    letter, lines = position(draw, text), raw.split(b"\n")
    line, sign = position(draw, lines[:-1]), draw(st.sampled_from(INVISIBLE))

    def ending(new: bytes) -> bytes:  # of one line
        return b"\n".join([*lines[:line], new.join(lines[line : line + 2]), *lines[line + 2 :]])

    way = draw(st.integers(0, 13))
    assume(way != 3 or raw[at - 1 : at] != b"\n")
    return Spoilt(
        [
            *(text.encode(name, errors="replace") for name in ("utf-8-sig", "utf-16", "cp932")),
            raw[:at],
            raw[:at] + b"\xe9" + raw[at:],
            raw[:at] + raw[at + (raw[at] >= 0xC0) :],
            raw + raw,
            None,
            (text[:letter] + sign + text[letter:]).encode(),
            raw.replace(b"\n", b"\r\n"),
            raw.replace(b"\n", b"\r"),
            ending(b"\r\n"),
            ending(b"\n\n"),
            ending(b" \n"),
        ][way]
    )


def fault_of_form(draw, t: Table) -> Spoilt:
    """A column, heading, row, cell or separator missing, more, twice, elsewhere or changed."""
    header, rows, swap = list(t.types), t.rows, draw(st.booleans())
    a, b = draw(st.permutations(range(len(header))))[:2]
    at, to = position(draw, rows), position(draw, rows)
    row, exchange = rows[at], {a: b, b: a}

    def columns(order):
        order = list(order)
        return (
            t.of([[row[i] for i in order] for row in rows] if swap else rows, [header[i] for i in order]),
            True,
            "header (line 1)",
        )

    def heading(new):
        return t.of(rows, [*header[:a], new, *header[a + 1 :]]), True, "header (line 1)"

    def cells(new):
        return t.of([*rows[:at], new, *rows[at + 1 :]]), True, csvfile.row_place(at)

    raw = t.of(rows)
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([header, *rows])
    ways = [
        columns(i for i in range(len(header)) if i != a),
        columns([a, *range(len(header))]),
        columns(exchange.get(i, i) for i in range(len(header))),
        *map(heading, (header[a].upper(), f"{header[a]} ", wide(header[a]), "")),
        cells(row[:a] + row[a + 1 :]),
        cells([*row[:a], "", *row[a:]]),
        (raw.split(b"\n", 1)[1],),
        (t.of([header, *rows]),),
        (quoted.getvalue().encode(),),
        *((raw.replace(b",", sign),) for sign in (b";", b"\t", b"|")),
        (raw.replace(b"\n", b'\n"', 1),),
        (t.of([*rows[:to], row, *rows[to:]]),),
    ]
    if {t.types[header[a]], t.types[header[b]]} in ({"text", "integer"}, {"code", "integer"}) and row[a] and row[b]:
        ways.append(cells([row[exchange.get(i, i)] for i in range(len(row))]))
    if t.name not in FREE:
        ways.append((t.of(rows[:at] + rows[at + 1 :]), t.counted))
        ways.append((t.of(rows[:at] or rows[:1]), t.counted))
        if "order" not in t.types:
            order = [{at: to, to: at}.get(i, i) for i in range(len(rows))]
            ways.append((t.of([rows[i] for i in order]), t.name in ORDERED))
    return Spoilt(*draw(st.sampled_from(ways)))


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def bad_cells(old: str, type: str) -> list[str]:
    """What no column of a type may hold in place of a cell."""
    bad = [f" {old}", f"{old}\u3000", f"{old[:1]}\n{old[1:]}", f"{old[:1]}\u200b{old[1:]}"]
    if type in ("integer", "number"):
        bad += [
            "+" + old,
            "0" + old,
            old + ".50",
            wide(old),
            old + "人",
            old + "*",
            "many",
            "nan",
            "inf",
            "1e999",
            "9" * 400,
            f"{old[0]},{old[1:]}",
            f"{old[0]}_{old[1:]}",
            f"{float(old):.2E}",
            old.replace(".", ","),
            old.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        ]
    if type == "integer":
        bad += ["-" + old, old + ".0", old + ".5", old + "0" * 16, old + "½"]
    if type == "code":
        bad += ["unknown", old + "s", old.swapcase() + "?", wide(old), old[:-1]]
    if type == "text":
        bad += [unicodedata.normalize("NFD", old), old + "e\u0301"]
    return bad


def other_cells(old: str, type: str, others: set[str]) -> list[str]:
    """What a column of a type may hold: whether it is noticed by content depends on the column."""
    if type == "integer":
        return [str(int(old) + step) for step in (-1, 1, 2, 40) if int(old) + step >= 0]
    if type == "number":
        return [f"{float(old) * factor:.8g}" for factor in (-1, 0.5, 1.01, 0)]
    if type == "code":
        return sorted(others)
    middle = len(old) // 2
    return [
        f"{old[:middle]}x{old[middle:]}",
        old + "9",
        re.sub("[0-9]", "", old, count=1),
        re.sub("[0-9]", lambda digit: str(9 - int(digit[0])), old, count=1),
    ]


def fault_of_cells(draw, t: Table) -> Spoilt:
    """A cell that no such column holds, an empty one, another possible one, two exchanged."""
    name = draw(st.sampled_from([name for name in t.types if t.types[name] != "free"]))
    column, rows, type = list(t.types).index(name), [[*row] for row in t.rows], t.types[name]
    at, to, way = position(draw, rows), position(draw, rows), draw(st.integers(0, 4))
    old, says = rows[at][column], csvfile.row_place(at)
    assume(old and (t.name not in FREE or way < 3))
    if way == 4:
        rows[at][column], rows[to][column] = rows[to][column], old
        return Spoilt(t.of(rows), False)
    if way == 3:
        new = other_cells(old, type, {row[column] for row in rows} - {""})
        by_content = name in DETERMINED.get(t.name, "").split()
        says = ""
    elif way == 2:
        new, by_content = [""], name in t.required
        says = says if by_content else ""
    else:
        new, by_content = bad_cells(old, type), True
    assume(new := [text for text in new if text != old])
    rows[at][column] = draw(st.sampled_from(new))
    return Spoilt(t.of(rows), by_content, says)


VALUES = (None, True, 5, 1.5, "text", [], {}, ["text"], {"name": "text"}, [None], [[]], [{}])
JSON = [  # broken, unknown to JSON, or the same said in another way
    ("}\n", "},\n"),
    ('"', "'"),
    ("{\n", "{ // note\n"),
    ('": ', '" = '),
    (",\n", "\n"),
    (": true", ": True"),
    ("[\n", "\n"),
    ('": "', '": '),
    ('": 1', '": NaN'),
    ('": 1', '": 01'),
    ('": 1', '": ' + "9" * 5000),
    ('": 1', '": 1e999'),
    ('": 5', '": 5.0'),
    ("\n", "\n\n"),
    (",\n", " ,\n"),
    ('"name"', '"name": "x", "name"'),
    ("表", "\\u8868"),
    ('"AI"', "[" * 200_000 + "]" * 200_000),
]


@lru_cache
def shapes() -> list[list[tuple]]:
    """Paths of all values inside the description, grouped by the path without numbers."""
    groups: dict[tuple, list] = {}

    def walk(value, path=()):
        groups.setdefault(tuple(s if isinstance(s, str) else 0 for s in path), []).append(path)
        for step, inner in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            walk(inner, (*path, step))

    walk(data.package())
    return list(groups.values())[1:]


def fault_of_description(draw, text: str) -> Spoilt:
    """Other JSON; a value, property or member missing, more, exchanged or of another type."""
    if draw(st.integers(0, 4)) == 0:
        old, new = draw(st.sampled_from(JSON))
        at = draw(st.sampled_from([m.start() for m in re.finditer(re.escape(old), text)]))
        return Spoilt((text[:at] + new + text[at + len(old) :]).encode())
    description, path = data.package(), draw(st.sampled_from(draw(st.sampled_from(shapes()))))
    holder, step = description, path[-1]
    for name in path[:-1]:
        holder = holder[name]
    old, ways = holder[step], [(value, True) for value in VALUES]
    if isinstance(old, int):
        ways = [(old + 1, False), (old + 0.5, True), (str(old), True), (-1, True)]
    elif isinstance(old, str):
        ways += [(new, False) for new in (f"x{old}", old[:-1] + "q", "")]
        ways += [
            (new, True)
            for new in (f" {old}", f"{old}\u3000", f"{old[:1]}\u200b{old[1:]}", f"{old[:1]}\ud800{old[1:]}")
            if len(old) > 1
        ]
    elif isinstance(old, list):
        at = position(draw, old)
        ways += [
            (old[:at] + old[at + 1 :], False),
            ([*old, old[at]], False),
            ([*old, 7], True),
            ([old[at], *old[1:at], old[0], *old[at + 1 :]][: len(old)], False),
        ]
    else:
        ways += [({**old, "colour": "red"}, True), (dict(reversed(old.items())), False)]
    if draw(st.integers(0, 3)) == 0 and isinstance(step, str):
        del holder[step]
        by_content = False
    else:
        new, by_content = draw(st.sampled_from(ways))
        assume(type(new) is not type(old) or new not in VALUES)
        holder[step] = new
    return Spoilt(descriptor.dump(description).encode("utf-8", "surrogatepass"), by_content)


# --- judging --------------------------------------------------------------------------------------


@lru_cache
def folder() -> Path:
    """A copy of data/ and results/ for this process; unspoilt tables are loaded once."""
    target = Path(tempfile.mkdtemp(prefix="torture-"))
    for part in ("data", "results"):
        shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("builders"))
    load, check = data._load, descriptor.check
    loaded = lru_cache(200)(lambda text, file, raw: load(json.loads(text), file))
    checked = lru_cache(200)(lambda text, file: check(json.loads(text), file))

    def loaded_once(resource, file):  # a copy: other tests of this process may change theirs
        return loaded(json.dumps(resource), file, file.read_bytes() if file.exists() else b"").copy()

    data._load = loaded_once
    descriptor.check = lambda description, file: checked(descriptor.dump(description), file)
    return target


@lru_cache
def register_as_committed():
    return register.read_file.__wrapped__(ROOT / "results/results.csv")


def judge(file: str) -> None:
    """Have the project's own checks read the copies. DataError where they refuse one."""
    results, name = folder() / "results", Path(file).name
    if file.startswith("data/"):
        with mock.patch.object(data, "_check_package"):  # slow, and after all the others
            data.check(folder() / "data")
    elif "/stored/" in file:
        validation.check(results / "stored")
    elif name == "results.csv":
        again = register.read_file.__wrapped__(results / name)
        if sentences := register.compare(register_as_committed(), again):
            raise ChecksumError(f"results/{name}, rows: found {sentences[0]}, expected no change")
    elif name == "changes.csv":
        changes.explained(results / name)
    elif name == "p-values.csv":
        report_pages.by_question(register_as_committed().values(), results / name)
    else:
        with mock.patch.multiple(register, FAMILIES=results / "families.csv", WORDS=results / "words.csv"):
            {"families.csv": register.families, "words.csv": register._words}[name].__wrapped__()


MESSAGE = re.compile(r"(data|results|stored)/[^/]+?(, (?P<place>.+?))?: found .+, expected .+", re.DOTALL)


def refused(file: str, spoilt: Spoilt) -> str:
    """What refused a fault, "content" or "checksum". AssertionError where that is not in order."""
    path = folder() / file
    committed = (ROOT / file).read_bytes()
    try:
        path.unlink() if spoilt.raw is None else path.write_bytes(spoilt.raw)
        judge(file)
    except DataError as error:
        message, by_content = str(error), not isinstance(error, ChecksumError)
    else:
        raise AssertionError(f"{file} is accepted silently")
    finally:
        path.write_bytes(committed)
    assert by_content or not spoilt.by_content, f"noticed by its checksum alone: {message}"
    stated = MESSAGE.fullmatch(message)
    assert stated, f"the message does not say where, found and expected: {message}"
    if file != PACKAGE:
        assert Path(file).stem in message, f"the message does not name {file}: {message}"
        assert stated["place"] or spoilt.raw is None, f"the message names no place: {message}"
        assert spoilt.says in message, f"the message does not say {spoilt.says}: {message}"
    return "content" if by_content else "checksum"


FAULTS = {"bytes": fault_of_bytes, "form": fault_of_form, "cells": fault_of_cells, "description": fault_of_description}
TURNS = [
    (file, group)
    for file in tables()
    for group in ("bytes", "form", "cells")
    if len(tables()[file].rows) > 1 or group == "bytes"
]
TURNS += [(PACKAGE, "bytes"), *[(PACKAGE, "description")] * 14]


@pytest.mark.parametrize("number", range(len(TURNS)), ids=lambda n: f"{n}-{'-'.join(TURNS[n])}")
def test_spoilt_files_are_refused_with_their_place(number):
    file, group = TURNS[number]
    text = (ROOT / file).read_text(encoding="utf-8")
    source = text.encode() if group == "bytes" else text if file == PACKAGE else tables()[file]

    @seed(SEED + number)
    @settings(
        max_examples=math.ceil(CASES / len(TURNS)),
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def spoil(drawn):
        spoilt = FAULTS[group](drawn.draw, source)
        assume(spoilt.raw != (ROOT / file).read_bytes())
        refused(file, spoilt)

    spoil()


# The torture is only worth something if it finds a check that lets something pass.


def test_a_missing_check_is_noticed(monkeypatch):
    file = "data/ai-joint-use-form.csv"
    fault = file, Spoilt((ROOT / file).read_bytes().replace(b",20\n", b",21\n", 1))
    assert refused(*fault) == "content"
    monkeypatch.setattr(relations, "_sums", lambda *arguments: None)
    with pytest.raises(AssertionError, match="noticed by its checksum alone"):
        refused(*fault)
    monkeypatch.setattr(data, "_check_sum", lambda *arguments: None)
    with pytest.raises(AssertionError, match="accepted silently"):
        refused(*fault)


def test_a_crash_is_no_refusal(monkeypatch):
    monkeypatch.setattr(descriptor, "check", lambda *arguments: None)
    with pytest.raises((TypeError, AttributeError)):
        refused(PACKAGE, Spoilt(b"[]\n"))
