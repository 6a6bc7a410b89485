"""Numbers that changed between released versions, and why.

A release stores its register as results/released/VERSION.csv. Every id whose numbers differ from
the last released register has to stand in results/changes.csv with a reason.
"""

import re
from pathlib import Path
from typing import NamedTuple

from adoption import csvfile
from adoption.csvfile import fail, row_place
from adoption.language import mark
from adoption.phrases import listed, to
from adoption.register import COLUMNS, NUMBERS, PATH, same

RELEASED = PATH.parent / "released"
CHANGES = PATH.parent / "changes.csv"
FIELDS = ("version", "id", "reason")
VERSION = r"\d+\.\d+\.\d+"
UNEXPLAINED = mark("No reason is given yet.")
#: Version 0.1.0 named a function where later ones name a cell.
FORMER_COLUMNS = (*COLUMNS[:10], "function", "chapter")


class Numbers(NamedTuple):
    """The numbers of a result."""

    value: float | None
    lower: float | None
    upper: float | None
    p_value: float | None


def printed(value: float | None) -> str:
    """A number as the register holds it."""
    return "" if value is None else f"{value:.10g}"


def in_words(row) -> str:
    """The numbers of a result in a few words: value (from – to), p."""
    span = to().join(printed(end) for end in (row.lower, row.upper) if end is not None)
    both = f"{printed(row.value)} ({span})" if span and row.value is not None else ""
    p = f"p = {printed(row.p_value)}" if row.p_value is not None else ""
    return listed(filter(None, [both or printed(row.value) or span, p]), ", ")


def read(path: Path) -> dict[str, Numbers]:
    """The numbers of a register's file by id."""
    former = csvfile.text_of(path, "a register").startswith(",".join(FORMER_COLUMNS))
    rows = {}
    for index, (id, *cells) in enumerate(csvfile.read(path, FORMER_COLUMNS if former else COLUMNS)):
        rows[id] = Numbers(
            *(
                csvfile.number(text, path, f"{row_place(index)}, column {name}") if text else None
                for name, text in zip(NUMBERS, cells)
            )
        )
    return rows


def versions(folder: Path = RELEASED) -> list[Path]:
    """The released registers, oldest first. DataError for a name that is no version."""
    for path in folder.glob("*.csv"):
        if not re.fullmatch(VERSION, path.stem):
            fail(path, "name", path.name, "a version, such as 1.2.3.csv")
    return sorted(folder.glob("*.csv"), key=lambda path: [int(n) for n in path.stem.split(".")])


def explained(path: Path = CHANGES) -> dict[tuple[str, str], str]:
    """Reasons by version and id. DataError for a version and id twice or without a reason."""
    reasons: dict[tuple[str, str], str] = {}
    for index, row in enumerate(csvfile.read(path, FIELDS)):
        version, id, reason = (
            csvfile.words(text, path, f"{row_place(index)}, column {name}")
            for name, text in zip(FIELDS, row, strict=True)
        )
        if not re.fullmatch(VERSION, version):
            fail(path, f"{row_place(index)}, column version", version, "a version, such as 1.2.3")
        if (version, id) in reasons:
            fail(path, f"{row_place(index)}, columns version and id", f"{version}, {id} again", "each once")
        reasons[version, id] = reason
    return reasons


def between(old: dict[str, Numbers], new: dict[str, Numbers]) -> list[tuple[str, str, str]]:
    """Ids of `old` whose numbers differ in `new`, with both; "withdrawn" where there is none."""
    return [
        (id, in_words(before), in_words(new[id]) if id in new else "withdrawn")
        for id, before in sorted(old.items())
        if id not in new or not all(map(same, before, new[id]))
    ]


def history(
    current: str, folder: Path = RELEASED, path: Path = CHANGES, register: Path = PATH
) -> list[tuple[str, str, str, str, str]]:
    """All changes, newest version first: version, id, before, after, reason.

    current: version of the register as it is now, compared with the last released one.
    A change without a reason is somebody's trial: it has `UNEXPLAINED` (a test refuses it here).
    """
    steps = [*((p.stem, read(p)) for p in versions(folder) if p.stem != current), (current, read(register))]
    reasons = explained(path)
    return [
        (version, *change, reasons.get((version, change[0]), UNEXPLAINED))
        for (_, old), (version, new) in reversed([*zip(steps, steps[1:])])
        for change in reversed(between(old, new))
    ]
