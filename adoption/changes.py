"""Numbers that changed between released versions, and why.

A release stores its register as results/released/VERSION.csv. Every id whose numbers differ from
the last released register has to stand in results/changes.csv with a reason.
"""

import math
import re
from pathlib import Path

import pandas as pd

from adoption import csvfile
from adoption.csvfile import DataError, fail, label, row_place
from adoption.register import NUMBERS, PATH, Result, read_file

RELEASED = PATH.parent / "released"
CHANGES = PATH.parent / "changes.csv"
FIELDS = ("version", "id", "reason")
VERSION = r"\d+\.\d+\.\d+"
TOLERANCE = 1e-6  # relative, as for the register itself


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
        version, id, reason = (csvfile.words(text, path, f"{row_place(index)}, column {name}")
                               for name, text in zip(FIELDS, row, strict=True))
        if not re.fullmatch(VERSION, version):
            fail(path, f"{row_place(index)}, column version", version, "a version, such as 1.2.3")
        if (version, id) in reasons:
            fail(path, f"{row_place(index)}, columns version and id", f"{version}, {id} again",
                 "each once")
        reasons[version, id] = reason
    return reasons


def numbers(result: Result) -> str:
    """The numbers of a result in a few words: value, from - to, p."""
    span = [f"{end:.10g}" for end in (result.lower, result.upper) if end is not None]
    parts = [f"{result.value:.10g}" if result.value is not None else "",
             f"({' to '.join(span)})" if span else "",
             f"p = {result.p_value:.10g}" if result.p_value is not None else ""]
    return " ".join(filter(None, parts))


def _same(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return math.isclose(old, new, rel_tol=TOLERANCE)


def between(old: dict[str, Result], new: dict[str, Result]) -> list[tuple[str, str, str]]:
    """Ids of `old` whose numbers differ in `new`, with both; "withdrawn" where there is none."""
    return [(id, numbers(before), numbers(new[id]) if id in new else "withdrawn")
            for id, before in sorted(old.items())
            if id not in new or not all(_same(getattr(before, name), getattr(new[id], name))
                                        for name in NUMBERS)]


def history(current: str, folder: Path = RELEASED, path: Path = CHANGES,
            register: Path = PATH) -> list[dict[str, str]]:
    """All changes, newest version first: version, id, before, after, reason.

    current: version of the register as it is now, compared with the last released one.
    Raises DataError for a change without a reason and for a reason without a change.
    """
    released = [(p.stem, read_file(p)) for p in versions(folder) if p.stem != current]
    steps = [*released, (current, read_file(register))]
    reasons, found = explained(path), []
    for (_, old), (version, new) in zip(steps, steps[1:]):
        for id, before, after in between(old, new):
            if (version, id) not in reasons:
                raise DataError(f"{label(path)}: found no reason why {id} was {before} and is "
                                f"{after} in version {version}, expected one")
            found.append({"version": version, "id": id, "before": before, "after": after,
                          "reason": reasons.pop((version, id))})
    for version, id in reasons:
        raise DataError(f"{label(path)}, version {version}, id {id}: found a reason for a change, "
                        "expected none, since no number of this result changed")
    return found[::-1]


def shown() -> pd.DataFrame:
    """The history as a table for the page; one line says so where nothing has changed."""
    from adoption import citation
    rows = history(citation.book().version)
    if not rows:
        return pd.DataFrame([{"Version": citation.book().version, "Result": "none",
                              "Change": "No released number has changed."}])
    return pd.DataFrame(rows).rename(columns={
        "version": "Version", "id": "Result", "before": "Before", "after": "After",
        "reason": "Reason"})
