"""Compute the tables of results/stored/: about an hour on two cores.

    python data/builders/build_stored.py [--only outside-range|simulation] [--scheduler ADDRESS]

joblib takes all cores of this machine; with --scheduler, those of a running Dask cluster. The
tables are the same.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator

import pandas as pd
from joblib import Parallel, delayed, parallel_config

from adoption import census, csvfile, curve, mic, simulation, validation


def outside_ranges(every: int = 1, jobs: int = -1) -> pd.DataFrame:
    """Range of odds ratio and J of each curve over all allowed numbers of bodies outside its base.

    every: take every so-manieth vector only. jobs: workers, -1 for all cores.
    """
    keys = [(t, base, model) for t in mic.TECHNOLOGIES for base in ("municipal", "other") for model in curve.MODELS]
    refits = Parallel(jobs, return_as="generator")(
        delayed(mic.survey(t, base).over_outside)(model, every) for t, base, model in keys
    )
    rows = []
    for key, refit in zip(keys, progress("outside-range", len(keys), refits), strict=True):
        rows.append(
            [
                *key,
                len(refit),
                *(extreme for name in ("odds_ratio", "J") for extreme in (refit[name].min(), refit[name].max())),
            ]
        )
    return pd.DataFrame(rows, columns=list(validation.OUTSIDE_COLUMNS))


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


PARTS = {"outside-range": outside_ranges, "simulation": simulated}


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
