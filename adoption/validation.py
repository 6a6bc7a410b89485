"""The long computations that are stored in results/stored/: read strictly, and sampled again.

``data/builders/build_stored.py`` makes them: surveys drawn with a known truth, and what the
methods make of their counts and medians (simulation.csv, and stress.csv where what the methods
suppose does not hold); the curves refitted for every possible
number of prefectures and designated cities by stage (outside-range.csv). inputs.csv says what they
were computed from.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from adoption import HOME, census, csvfile, curve, data, mic, relations, simulation, stress
from adoption.csvfile import ChecksumError, fail, label, row_place

STORED = HOME / "results" / "stored"
REPLICATES = 500  # surveys of each law
STRESSED = 40  # surveys of each case of `stress`
ESTIMATES = {"micro": "micro-data", "apart": "invented-apart", "together": "invented-together"}
CASES = tuple("independent clusters clusters-null ties rounded-to-100 rounded-to-1000 steep small small-steep".split())
_ENDS = [f"{name}_{end}" for name in ("odds_ratio", "half_size") for end in ("least", "most", "lower", "upper")]
OUTSIDE_COLUMNS = ("technology", "base", "model", "known", "vectors", *_ENDS, "J_least", "J_most")
INPUT_COLUMNS = ("table", "input", "value")


def simulated(folder: Path = STORED) -> pd.DataFrame:
    """What the simulated surveys added up to: a row a law and block, columns of `simulation`."""
    keys = list(product(simulation.TRUTHS, range(REPLICATES // simulation.BLOCK)))
    counts = [name for name in simulation.COLUMNS[2:] if not name.endswith(("_sum", "_squares"))]
    table = _read(folder / "simulation.csv", simulation.COLUMNS, keys, counts)
    for name in counts:
        relations.holds(table, f"{name} <= replicates")
    return table


def comparisons(laws: pd.DataFrame) -> pd.DataFrame:
    """Estimates and the truth over all surveys of a law, from the sums of its blocks.

    laws: the columns of `simulated` added up, a row a law. Index law and estimate, as the register
    calls it; columns surveys, answered, covered (surveys), bias and spread (mean and standard
    deviation of the errors of those answered). Estimates without a truth under the law are absent.
    """
    rows = {}
    for law, sums in laws.iterrows():
        for name in simulation.COMPARED:
            answered, covered, total, squares = (
                sums[f"{name}_{part}"] for part in ("compared", "covered", "error_sum", "error_squares")
            )
            if answered:
                bias = total / answered
                spread = np.sqrt(squares / answered - bias**2)
                called = ESTIMATES.get(name, name.replace("_half", ".half").replace("_", ".share-"))
                rows[law, called] = sums["replicates"], answered, covered, bias, spread
    table = pd.DataFrame.from_dict(rows, "index", columns=["surveys", "answered", "covered", "bias", "spread"])
    return table.set_axis(pd.MultiIndex.from_tuples(rows, names=["law", "estimate"]))


def stressed(folder: Path = STORED) -> pd.DataFrame:
    """What the surveys under strain added up to: a row a case and block, columns of `stress`."""
    keys = list(product(CASES, range(STRESSED // simulation.BLOCK)))
    return _read(folder / "stress.csv", stress.COLUMNS, keys, stress.COLUMNS[2:])


def outside_ranges(folder: Path = STORED) -> pd.DataFrame:
    """Extremes over all allowed numbers of bodies outside the base: a row a fitted curve.

    Columns as `Survey.whole`; known: "yes" where it is used what other figures say of the bodies
    outside (`mic.given_known`).
    """
    keys = [
        (t, base, model, known)
        for known, technologies in (("no", mic.TECHNOLOGIES), ("yes", ["ai"]))
        for t, base, model in product(technologies, ("municipal", "other"), curve.MODELS)
    ]
    table = _read(folder / "outside-range.csv", OUTSIDE_COLUMNS, keys, ["vectors"])
    for name in ("odds_ratio", "half_size"):
        relations.holds(table, f"0 < {name}_lower <= {name}_least <= {name}_most <= {name}_upper")
    relations.holds(table, "0 < J_least <= J_most")
    return table


def _read(
    file: Path, columns: Sequence[str], keys: Sequence[tuple], counts: Sequence[str] = (), words: Sequence[str] = ()
) -> pd.DataFrame:
    """A table whose first columns are the keys, in this order; counts, words, and numbers in the rest."""
    rows, known = csvfile.read(file, columns), pd.DataFrame(keys, columns=columns[: len(keys[0])])
    if len(rows) != len(known):
        fail(file, "rows", f"{len(rows)} rows", f"{len(known)}")
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["table"] = label(file)
    relations.every(table, list(known), (table[list(known)] == known.astype(str)).all(axis=1), known)
    for name in columns[known.columns.size :]:
        read = csvfile.words if name in words else csvfile.integer if name in counts else csvfile.number
        table[name] = [read(cell, file, f"{row_place(at)}, column {name}") for at, cell in enumerate(table[name])]
    return table.assign(**known)


def inputs(folder: Path = STORED) -> list[list[str]]:
    """What the stored tables are computed from and what they are: rows of inputs.csv."""

    def digest(name: str) -> str:
        return data.digest(folder / name)[1]

    census_2015 = "population-distribution-2015"
    settings = {
        "seed": simulation.SEED,
        "laws": " ".join(simulation.TRUTHS),
        "replicates": REPLICATES,
        census_2015: data.describe(census_2015)["hash"],
        "simulation.csv": digest("simulation.csv"),
    }
    tables = {name: data.describe(name)["hash"] for name in ("adoption-by-stage", census_2015)}
    known = "; ".join(" ".join(map(str, survey.outside_least)) for survey in mic.given_known("municipal", "other"))
    cases = {
        "seed": simulation.SEED,
        "replicates": STRESSED,
        "cases": " ".join(CASES),
        "bodies-by-prefecture": data.describe("bodies-by-prefecture")["hash"],
        "stress.csv": digest("stress.csv"),
    }
    return [
        [table, name, str(value)]
        for table, used in (
            ("outside-range", tables | {"known of AI": known, "outside-range.csv": digest("outside-range.csv")}),
            ("simulation", settings),
            ("stress", cases),
        )
        for name, value in used.items()
    ]


def check(folder: Path = STORED) -> None:
    """Read the stored tables. ChecksumError where they were computed from other inputs."""
    simulated(folder), outside_ranges(folder), stressed(folder)
    file, known = folder / "inputs.csv", inputs(folder)
    table = _read(file, INPUT_COLUMNS, [row[:2] for row in known], words=["value"])
    for at, (found, (_, name, value)) in enumerate(zip(table["value"], known, strict=True)):
        if found != value:
            raise ChecksumError(
                f"{label(file)}, {row_place(at)}, column value: found {found}, expected {value}, as {name} is now "
                "(run: make validation)"
            )


# --- a sample, repeated ---------------------------------------------------------------------------


def stress_cases() -> dict[str, stress.Case]:
    """The cases of `stress` on the municipalities, in their prefectures as the committed table has them.

    Inside each interval of the table the sizes are random (`simulation.scatter`); the four towns
    without inhabitants are left out.
    """
    table = data.load("bodies-by-prefecture")
    table = table[table["upper"] > 1].sort_values(["lower", "upper", "prefecture"])
    sizes = simulation.scatter(table["lower"], table["upper"], table["bodies"]).astype(int)
    prefecture = np.repeat(table["prefecture"].astype(int).to_numpy() - 1, table["bodies"])
    order = np.argsort(sizes, kind="stable")
    return stress.cases(sizes[order], prefecture[order], census.CLASS_LIMITS)


def municipal_frame() -> simulation.Bodies:
    """The municipalities as the committed table has them, and the prefectures outside.

    Inside each interval of the table the sizes are random (`simulation.scatter`).
    """
    grid = census.frame("municipal")
    return simulation.Bodies(
        simulation.scatter(grid.lower, grid.upper, grid.bodies), np.array(mic.survey("ai", "municipal").outside)
    )
