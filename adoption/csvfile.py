"""CSV files of one strict form, and errors that name file, place, what was found and expected.

The form, by rule: UTF-8 without byte order mark, comma-separated, the columns expected and no
others in one header line, LF line ends only (CR and CRLF are refused), exactly one line break at
the end, none inside a cell, no control or invisible characters, no white space around a cell's
text. Quotes around a cell that needs none mean the same and are accepted. Nothing is coerced,
trimmed or dropped.
"""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

# Unicode categories without a visible sign: controls, formats, separators of lines and
# paragraphs, halves of characters, unassigned and private ones.
INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Cs", "Cn", "Co"}

# Strict patterns of raw strings: ASCII digits, no sign "+", no padding, no separators. At most
# 15 digits, so that every number is exact as a 64-bit integer and as a double.
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?")
# As Python prints a float, for the stored results.
FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-][0-9]{2,3})?")


class DataError(ValueError):
    """A file differs from what it is to be; the message says where, found and expected."""


class ChecksumError(DataError):
    """A file is well formed and agrees with the others, but is not the one that was checked."""


def label(file: Path) -> str:
    """Folder and name of a file, as messages give it."""
    return f"{file.parent.name}/{file.name}"


def fail(file: Path, place: str, found, expected: str) -> NoReturn:
    raise DataError(f"{label(file)}, {place}: found {found}, expected {expected}")


def row_place(index: int) -> str:
    """Place of the data row with position ``index``: rows count from 1, lines include the header"""
    return f"row {index + 1} (line {index + 2})"


def content(file: Path, what: str) -> bytes:
    """The bytes of a file. DataError, saying that ``what`` is expected, where it is unreadable."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{label(file)}: found no such file, expected {what}") from None
    except OSError as error:
        raise DataError(f"{label(file)}: found {error.strerror}, expected {what}") from None


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all, as UTF-8 with the line ends of ``text``."""
    partial = file.with_name(file.name + ".partial")
    partial.write_text(text, encoding="utf-8", newline="")
    partial.replace(file)


def read(file: Path, columns: Sequence[str]) -> list[list[str]]:
    """Raw cells of a CSV file without the header, which must hold ``columns``."""
    header, *body = _cells(_text(content(file, "a table"), file), file)
    if header != list(columns):
        missing = [name for name in columns if name not in header]
        extra = [name for name in header if name not in columns]
        hint = "".join([f"; missing: {', '.join(missing)}" if missing else "",
                        f"; not expected: {', '.join(map(repr, extra))}" if extra else ""])
        fail(file, "header (line 1)", ",".join(header) or "an empty line",
             ",".join(columns) + hint)
    for index, row in enumerate(body):
        if len(row) != len(header):
            fail(file, row_place(index), f"{len(row)} cells" if row else "an empty line",
                 f"{len(header)} cells")
    return body


def _text(raw: bytes, file: Path) -> str:
    """The text of a file, after the checks of encoding, characters and line ends."""
    if raw.startswith(b"\xef\xbb\xbf"):
        fail(file, "line 1", "a byte order mark", "UTF-8 without one")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fail(file, f"line {line}", f"bytes {raw[error.start:error.end]!r}", "UTF-8 text")
    for character in sorted(set(text) - {"\n"}):
        if unicodedata.category(character) in INVISIBLE:
            what = "CR (\\r)" if character == "\r" else f"the character {character!r}"
            line = text.count("\n", 0, text.index(character)) + 1
            fail(file, f"line {line}", what,
                 "text with LF line ends and no control or invisible characters")
    if not text:
        fail(file, "line 1", "an empty file", "a header line")
    if not text.endswith("\n"):
        fail(file, f"line {text.count(chr(10)) + 1}", "no line break at the end of the file",
             "one (is the file truncated?)")
    return text


def _cells(text: str, file: Path) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        for row in reader:
            rows.append(row)
            if reader.line_num != len(rows):
                fail(file, f"line {len(rows)}", "a line break inside a cell", "one line a row")
    except csv.Error as error:
        fail(file, f"line {len(rows) + 1}", f"broken CSV ({error})", "one line a row")
    return rows


def words(raw: str, file: Path, place: str) -> str:
    """A cell of text: not empty, without padding, in Unicode form NFC."""
    if not raw:
        fail(file, place, "an empty cell", "text")
    if raw != raw.strip():
        fail(file, place, repr(raw), "text without spaces around it")
    if not unicodedata.is_normalized("NFC", raw):
        fail(file, place, repr(raw), "text in Unicode form NFC")
    return raw


def code(raw: str, known: Sequence[str], file: Path, place: str) -> str:
    """A cell that holds one of the ``known`` words."""
    if raw not in known:
        fail(file, place, repr(raw), f"one of {', '.join(known)}")
    return raw


def integer(raw: str, file: Path, place: str) -> int:
    """A cell with a count: an integer from 0."""
    if not INTEGER.fullmatch(raw) or int(raw) < 0:
        fail(file, place, repr(raw), "an integer >= 0")
    return int(raw)


def number(raw: str, file: Path, place: str) -> float:
    """A cell with a float as Python prints it; no infinity."""
    if not FLOAT.fullmatch(raw) or math.isinf(float(raw)):
        fail(file, place, repr(raw), "a number")
    return float(raw)
