"""The stored files, read strictly: ``python -m adoption.stored``.

Beside the tables of data/ these are the files of results/: the register, the reasons for its
changes, and the results of the long computations (`adoption.validation`). The build has them all
read before it computes anything. ``check`` also compares them with the digests that were noted
when the register was computed.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from adoption import changes, citation, csvfile, curve, data, register, simulation
from adoption.csvfile import ChecksumError, DataError, fail, label, row_place
from adoption.register import PATH

FOLDER = PATH.parent
OUTSIDE_RANGE = FOLDER / "outside-range.csv"
SIMULATION = FOLDER / "simulation.csv"
INPUTS = FOLDER / "inputs.json"

# One row for each, in this order.
OUTSIDE_ROWS = [(technology, base, model) for technology in ("ai", "rpa")
                for base in ("municipal", "other") for model in curve.MODELS]
OUTSIDE_COLUMNS = ("technology", "base", "model", "vectors", "odds_ratio_least",
                   "odds_ratio_most", "J_least", "J_most")


def outside_ranges(path: Path) -> list[dict]:
    """Extremes over all allowed numbers of bodies outside the base, one row a fitted curve."""
    rows = _rows(path, OUTSIDE_COLUMNS, texts=("technology", "base", "model"),
                 counts=("vectors",))
    _check_keys(path, rows, ("technology", "base", "model"), OUTSIDE_ROWS)
    for index, row in enumerate(rows):
        for low, high in (("odds_ratio_least", "odds_ratio_most"), ("J_least", "J_most")):
            if not 0 < row[low] <= row[high]:
                fail(path, f"{row_place(index)}, columns {low} and {high}",
                     f"{row[low]:g} and {row[high]:g}", "positive numbers, the least first")
    return rows


def simulated(path: Path) -> list[dict]:
    """What the simulated surveys added up to, one row a block of replicates."""
    rows = _rows(path, simulation.COLUMNS, texts=("truth",), counts=[
        name for name in simulation.COLUMNS if not name.endswith(("_sum", "_squares"))])
    blocks = range(len(rows) // len(simulation.TRUTHS))
    _check_keys(path, rows, ("truth", "block"),
                [(truth, block) for truth in simulation.TRUTHS for block in blocks])
    for index, row in enumerate(rows):
        for name, value in row.items():
            if type(value) is int and name != "block" and value > row["replicates"]:
                fail(path, f"{row_place(index)}, column {name}", value,
                     f"at most {row['replicates']}, the replicates of the row")
    return rows


def _rows(path: Path, columns: Sequence[str], texts: Sequence[str],
          counts: Sequence[str]) -> list[dict]:
    """Typed rows by column: texts, counts, and floats in the other columns."""
    def typed(name, cell, place):
        kind = (csvfile.words if name in texts else csvfile.integer if name in counts
                else csvfile.number)
        return kind(cell, path, place)

    return [{name: typed(name, cell, f"{row_place(index)}, column {name}")
             for name, cell in zip(columns, cells, strict=True)}
            for index, cells in enumerate(csvfile.read(path, columns))]


def _check_keys(path: Path, rows: list[dict], names: Sequence[str], expected: list) -> None:
    """The rows are those expected, in this order."""
    for index, (row, key) in enumerate(zip(rows, expected)):
        if (found := tuple(row[name] for name in names)) != key:
            fail(path, f"{row_place(index)}, columns {', '.join(names)}",
                 ", ".join(map(str, found)), ", ".join(map(str, key)))
    if len(rows) != len(expected) or not rows:
        fail(path, "rows", f"{len(rows)} rows", f"{len(expected) or 'at least one'}")


def read(folder: Path = FOLDER) -> None:
    """Read every file of results/. DataError where one is not what the programmes write."""
    outside_ranges(folder / OUTSIDE_RANGE.name)
    simulated(folder / SIMULATION.name)
    if (folder / PATH.name).exists():  # otherwise the build computes it
        register.read_file(folder / PATH.name)
        changes.history(citation.book().version, folder / changes.RELEASED.name,
                        folder / changes.CHANGES.name, folder / PATH.name)


def check(folder: Path = FOLDER) -> None:
    """The same, and then the digests. ChecksumError for a file of which another was noted."""
    read(folder)
    noted = json.loads((folder / INPUTS.name).read_text(encoding="utf-8"))
    for name, known in noted.items():
        if name.startswith("results/"):
            file = folder / Path(name).name
            found = digest(file)
            if found != known:
                raise ChecksumError(f"{label(file)}, digest in {INPUTS.name}: found {found}, "
                                    f"expected {known} (run: make results)")


def digest(file: Path) -> str:
    return hashlib.sha256(csvfile.content(file, "a stored file")).hexdigest()[:32]


def main() -> None:
    """Command line: read the tables and the stored results, say where one is damaged."""
    try:
        tables = data.check_rows()
        read()
    except DataError as error:
        sys.exit(str(error))
    print(f"{len(tables)} tables and the stored results are in order")


if __name__ == "__main__":
    main()
