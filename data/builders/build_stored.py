"""Compute the tables of results/stored/: about an hour on two cores.

    python data/builders/build_stored.py [--only outside-range|simulation|stress] [--scheduler ADDRESS]

joblib takes all cores of this machine; with --scheduler, those of a running Dask cluster. The
tables are the same.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator

import pandas as pd
from joblib import Parallel, delayed, parallel_config

from adoption import census, csvfile, curve, mic, simulation, stress, validation


def outside_ranges(every: int = 1, jobs: int = -1) -> pd.DataFrame:
    """`Survey.whole` of each curve whose base leaves bodies outside, and given what is known of AI's.

    every: take every so-manieth vector only. jobs: workers, -1 for all cores.
    """
    surveys = [("no", survey) for survey in mic.surveys("municipal", "other")]
    surveys += [("yes", survey) for survey in mic.given_known("municipal", "other")]
    keys = [(known, survey, model) for known, survey in surveys for model in curve.MODELS]
    wholes = Parallel(jobs, return_as="generator")(delayed(survey.whole)(model, every) for known, survey, model in keys)
    rows = [
        whole.rename(columns={"t": "technology"}).assign(model=model, known=known)
        for (known, _, model), whole in zip(keys, progress("outside-range", len(keys), wholes), strict=True)
    ]
    # The surveys of one base that what is known leaves possible are one.
    return together(pd.concat(rows, ignore_index=True))[list(validation.OUTSIDE_COLUMNS)]


def together(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for rows of the same technology, base, model and knowledge: what all of them span."""
    ends = {name: "min" if name.endswith(("_least", "_lower")) else "max" for name in validation.OUTSIDE_COLUMNS[5:]}
    return rows.groupby(list(validation.OUTSIDE_COLUMNS[:4]), sort=False, as_index=False).agg(
        {"vectors": "sum", **ends}
    )


def simulated(
    replicates: int = validation.REPLICATES, jobs: int = -1, laws: Iterable[str] = tuple(simulation.TRUTHS)
) -> pd.DataFrame:
    """Rows of `simulation.block` for the first replicates of each law."""
    frame = validation.municipal_frame()
    tasks = [(law, index) for law in laws for index in range(replicates // simulation.BLOCK)]
    return pd.DataFrame(
        progress(
            "simulation",
            len(tasks),
            Parallel(jobs, return_as="generator")(
                delayed(simulation.block)(law, index, frame, census.CLASS_LIMITS) for law, index in tasks
            ),
        )
    )


def stressed(replicates: int = validation.STRESSED, jobs: int = -1) -> pd.DataFrame:
    """Rows of `stress.block` for the first replicates of each case."""
    cases = validation.stress_cases()
    tasks = [(name, index) for name in validation.CASES for index in range(replicates // simulation.BLOCK)]
    return pd.DataFrame(
        progress(
            "stress",
            len(tasks),
            Parallel(jobs, return_as="generator")(
                delayed(stress.block)(name, cases[name], index) for name, index in tasks
            ),
        )
    )


def progress(name: str, total: int, items: Iterable) -> Iterator:
    """Pass the items on, counting them on stderr."""
    for done, item in enumerate(items, 1):
        if done == total or done % max(1, total // 20) == 0:
            print(f"validation: {name}: {done} of {total}", file=sys.stderr, flush=True)
        yield item


def written(table: pd.DataFrame) -> str:
    """A table as CSV; numbers with eight significant digits."""
    return csvfile.dump(
        [
            list(table),
            *(
                [f"{cell:.8g}" if isinstance(cell, float) else cell for cell in row]
                for row in table.astype(object).values
            ),
        ]
    )


@contextlib.contextmanager
def workers(scheduler: str | None) -> Iterator[None]:
    """joblib's workers: all cores of this machine, or those of the Dask cluster at an address."""
    if scheduler is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError:
        sys.exit("validation: --scheduler needs dask and distributed: pip install '.[cluster]'")
    with Client(scheduler), parallel_config(backend="dask"):
        yield


PARTS = {"outside-range": outside_ranges, "simulation": simulated, "stress": stressed}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, action="append", help="leave out the other part")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that is to do the work, such as tcp://host:8786"
    )
    options = parser.parse_args(arguments)
    folder = validation.STORED
    try:
        with workers(options.scheduler):
            for part in options.only or PARTS:
                csvfile.write(folder / f"{part}.csv", written(PARTS[part]()))
                print(f"validation: results/stored/{part}.csv")
        csvfile.write(folder / "inputs.csv", csvfile.dump([validation.INPUT_COLUMNS, *validation.inputs(folder)]))
    except csvfile.DataError as error:
        sys.exit(f"validation: {error}")


if __name__ == "__main__":
    main()
