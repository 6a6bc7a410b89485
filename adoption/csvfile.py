"""CSV files of one strict form, and errors that name file, place, what was found and expected.

One rule says what is in order: *writing what was read gives the same bytes* (UTF-8, LF line ends,
quotes only where a cell needs them, numbers in one form). Beside the rule, a file has
the columns expected, each row as many cells, and a cell of text is legible. Nothing is coerced,
trimmed or dropped.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from os.path import commonprefix
from pathlib import Path
from typing import NoReturn
from unicodedata import is_normalized

TEXT = "text of visible characters in Unicode form NFC, not padded"


class DataError(ValueError):
    """A file differs from what it is to be; the message says where, found and expected."""


class ChecksumError(DataError):
    """A file is well formed and agrees with the others, but is not the one that was checked."""


def label(file: Path) -> str:
    """Folder and name of a file, as messages give it."""
    return f"{file.parent.name}/{file.name}"


def fail(file: Path, place: str, found, expected: str) -> NoReturn:
    """Raise DataError."""
    raise DataError(f"{label(file)}, {place}: found {found}, expected {expected}")


def row_place(index: int) -> str:
    """Place of the data row with position ``index``: rows count from 1, lines include the header"""
    return f"row {index + 1} (line {index + 2})"


def text_of(file: Path, what: str) -> str:
    """The text of a file. DataError, saying that ``what`` is expected, where there is none."""
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise DataError(f"{label(file)}: found no such file, expected {what}") from None
    except OSError as error:
        raise DataError(f"{label(file)}: found {error.strerror}, expected {what}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        fail(file, f"line {line}", f"bytes {error.object[error.start : error.end]!r}", "UTF-8 text")


def check_round_trip(file: Path, text: str, written: str) -> None:
    """DataError, with the place of the first difference, unless both texts are the same."""
    if text != written:
        at = len(commonprefix([text, written]))
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        found, expected = (
            repr(other[at : at + 20]) if other[at:] else "the end of the file" for other in (text, written)
        )
        fail(file, f"line {line}, character {column}", found, f"{expected}, as the file is written from what was read")


def dump(rows: Iterable[Sequence]) -> str:
    """Rows as CSV in the one form."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all, as UTF-8 with the line ends of ``text``."""
    partial = file.with_name(file.name + ".partial")
    partial.write_text(text, encoding="utf-8", newline="")
    partial.replace(file)


def read(file: Path, columns: Sequence[str]) -> list[list[str]]:
    """Raw cells of a CSV file without the header, which must hold ``columns``."""
    text = text_of(file, "a table")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *body = list(reader) or [[]]
    except csv.Error as error:
        fail(file, f"line {reader.line_num}", f"broken CSV ({error})", "one line a row")
    if header != list(columns):
        missing = ", ".join(name for name in columns if name not in header)
        extra = ", ".join(repr(name) for name in header if name not in columns)
        differs = (f"; missing: {missing}" if missing else "") + (f"; not expected: {extra}" if extra else "")
        fail(file, "header (line 1)", repr(",".join(header)), ",".join(columns) + differs)
    for index, row in enumerate(body):
        if len(row) != len(header):
            fail(file, row_place(index), f"{len(row)} cells" if row else "an empty line", f"{len(header)} cells")
        if row == header:
            fail(file, row_place(index), "the header again", "a row")
    check_round_trip(file, text, dump([header, *body]))
    return body


def legible(text: str) -> bool:
    """Whether a text has visible characters only, no padding, and Unicode form NFC."""
    return text == text.strip() != "" and text.isprintable() and is_normalized("NFC", text)


def words(raw: str, file: Path, place: str, expected: str = TEXT) -> str:
    """A cell of legible text."""
    if not legible(raw):
        fail(file, place, repr(raw) if raw else "an empty cell", expected)
    return raw


def code(raw: str, known: Sequence[str], file: Path, place: str) -> str:
    """A cell that holds one of the ``known`` words."""
    if raw not in known:
        fail(file, place, repr(raw) if raw else "an empty cell", f"one of {', '.join(known)}")
    return raw


def integer(raw: str, file: Path, place: str, expected: str = "an integer >= 0") -> int:
    """A cell with a count: an integer from 0, short enough to be exact everywhere."""
    if not (raw.isascii() and raw.isdigit() and len(raw) < 16 and str(int(raw)) == raw):
        fail(file, place, repr(raw) if raw else "an empty cell", expected)
    return int(raw)


def number(raw: str, file: Path, place: str, expected: str = "a number", forms: Sequence[str] = (".10g",)) -> float:
    """A cell with a finite number, printed in one of the ``forms``."""
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or raw not in (format(value, form) for form in forms):
        fail(file, place, repr(raw) if raw else "an empty cell", expected)
    return value
