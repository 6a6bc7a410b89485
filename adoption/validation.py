"""Long computations whose results are committed: ``python -m adoption.validation``.

`outside_range` refits the curves for every possible number of prefectures (and designated cities)
by stage, and keeps the smallest and the largest of what they give. `simulate` draws surveys with a
known truth and looks at what the methods make of their counts and medians.

Both hand their tasks to joblib, here to all cores; with ``--scheduler ADDRESS`` to a running Dask
cluster. The results are the same.
"""

import argparse
import contextlib
import csv
import hashlib
import io
import json
import sys
from collections.abc import Iterable

import numpy as np
from joblib import Parallel, delayed, parallel_config

from adoption import census, curve, results, simulation
from adoption.csvfile import DataError
from adoption.results import OUTSIDE_RANGE, SIMULATION

REPLICATES = 500  # surveys of each law

CHUNK = 500  # vectors a task; each task starts its fits anew, so that the result
#              does not depend on how many workers there are


def _extremes(technology: str, base: str, model: str, vectors: np.ndarray) -> np.ndarray:
    """Smallest and largest odds ratio of stage 1 and J over the vectors: shape (2, 2)."""
    counts, medians = results.published(technology)
    sizes, weights, _ = results.curve_frame(base)
    odd = results.members_at_median(technology, base)
    found = np.array([(np.exp(fit.slopes[0]), fit.J) for fit in curve.fits_over(
        model, sizes, weights, counts, medians, odd, vectors, floor=results.FLOOR)])
    return np.stack([found.min(axis=0), found.max(axis=0)])


def outside_range(technology: str, base: str, model: str, every: int = 1,
                  jobs: int = -1) -> dict[str, float]:
    """Range of odds ratio and J over all allowed numbers of bodies outside a base, by stage.

    technology: "ai" or "rpa". base: "municipal" or "other". model: "ordered" or "multinomial".
    every: take every so-manieth vector only. jobs: workers, -1 for all cores.
    """
    counts, _ = results.published(technology)
    _, _, outside = results.curve_frame(base)
    vectors = curve.allowed_outside(counts, results.members_at_median(technology, base),
                                    outside.size)[::every]
    chunks = [vectors[i:i + CHUNK] for i in range(0, len(vectors), CHUNK)]
    found = np.array(list(_progress(
        f"{technology} {base} {model}", len(chunks), Parallel(jobs, return_as="generator")(
            delayed(_extremes)(technology, base, model, chunk) for chunk in chunks))))
    smallest, largest = found[:, 0].min(axis=0), found[:, 1].max(axis=0)
    return {"vectors": len(vectors), "odds_ratio_least": smallest[0],
            "odds_ratio_most": largest[0], "J_least": smallest[1], "J_most": largest[1]}


def municipal_frame() -> simulation.Frame:
    """The municipalities as the committed table has them, and the prefectures outside.

    Inside each interval of the table the sizes are random (`simulation.scatter`).
    """
    grid = census.frame("municipal")
    return simulation.Frame(simulation.scatter(grid.lower, grid.upper, grid.bodies),
                            results.curve_frame("municipal")[2])


def simulate(replicates: int = REPLICATES, jobs: int = -1,
             laws: Iterable[str] = tuple(simulation.TRUTHS)) -> list[dict]:
    """Rows of `simulation.block` for the first replicates of each law."""
    frame = municipal_frame()
    tasks = [(law, index) for law in laws for index in range(replicates // simulation.BLOCK)]
    return list(_progress("simulation", len(tasks), Parallel(jobs, return_as="generator")(
        delayed(simulation.block)(law, index, frame, census.CLASS_LIMITS)
        for law, index in tasks)))


def disagreements(stored: Iterable[dict], again: Iterable[dict]) -> list[str]:
    """One sentence for each cell that a repetition does not confirm.

    Counts must be equal; sums may differ by what another processor's last digits make of them.
    """
    known = {(row["truth"], row["block"]): row for row in stored}
    found = []
    for row in again:
        before = known[row["truth"], row["block"]]
        for column in simulation.COLUMNS:
            same = (np.isclose(before[column], row[column], rtol=1e-5, atol=1e-6)
                    if isinstance(row[column], float) else before[column] == row[column])
            if not same:
                found.append(f"law {row['truth']}, block {row['block']}, {column}: stored "
                             f"{before[column]}, found again {row[column]}")
    return found


def _progress(name: str, total: int, items: Iterable) -> Iterable:
    """Pass the items on, counting them on stderr."""
    for done, item in enumerate(items, 1):
        if done == total or done % max(1, total // 20) == 0:
            print(f"validation: {name}: {done} of {total}", file=sys.stderr, flush=True)
        yield item


def to_csv(rows: list[dict]) -> str:
    """Rows as CSV with LF line ends; eight significant digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([f"{cell:.8g}" if isinstance(cell, float) else cell
                         for cell in row.values()])
    return out.getvalue()


def _write_outside_range() -> None:
    rows = [{"technology": technology, "base": base, "model": model,
             **outside_range(technology, base, model)}
            for technology in results.TECHNOLOGIES for base in ("municipal", "other")
            for model in curve.MODELS]
    OUTSIDE_RANGE.write_text(to_csv(rows), encoding="utf-8", newline="")
    print(f"validation: {OUTSIDE_RANGE.relative_to(OUTSIDE_RANGE.parents[1])}")


def _write_simulation() -> None:
    rows = simulate()
    text = to_csv(rows)
    SIMULATION.write_text(text, encoding="utf-8", newline="")
    SIMULATION.with_suffix(".json").write_text(json.dumps({
        "seed": simulation.SEED, "laws": list(simulation.TRUTHS), "replicates": REPLICATES,
        "replicates_a_row": simulation.BLOCK, "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }, indent=1) + "\n", encoding="utf-8", newline="")
    print(f"validation: {SIMULATION.relative_to(SIMULATION.parents[1])}")


PARTS = {"outside-range": _write_outside_range, "simulation": _write_simulation}


@contextlib.contextmanager
def workers(scheduler: str | None):
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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Redo the long computations of the validation.")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave out the other parts")
    parser.add_argument("--scheduler", metavar="ADDRESS",
                        help="of a Dask cluster that is to do the work, such as tcp://host:8786")
    options = parser.parse_args(arguments)
    try:
        with workers(options.scheduler):
            for part in options.only or PARTS:
                PARTS[part]()
    except DataError as error:
        sys.exit(f"validation: {error}")


if __name__ == "__main__":
    main()
