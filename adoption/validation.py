"""Long computations whose results are committed: ``python -m adoption.validation``.

`outside_range` refits the curves for every possible number of prefectures (and designated cities)
by stage, and keeps the smallest and the largest of what they give.
"""

import csv
import io
import sys
from collections.abc import Iterable

import numpy as np
from joblib import Parallel, delayed

from adoption import curve, results
from adoption.results import OUTSIDE_RANGE

CHUNK = 500  # vectors a task; each task starts its fits anew, so that the result
#              does not depend on how many workers there are


def _extremes(technology: str, base: str, model: str, vectors: np.ndarray) -> np.ndarray:
    """Smallest and largest odds ratio of stage 1 and J over the vectors: shape (2, 2)."""
    counts, medians = results.published(technology)
    sizes, weights, _ = results.curve_frame(base)
    odd = results.members_at_median(technology, base)
    found = np.array([(np.exp(fit.slopes[0]), fit.J) for fit in curve.fits_over(
        model, sizes, weights, counts, medians, odd, vectors)])
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


def main() -> None:
    rows = [{"technology": technology, "base": base, "model": model,
             **outside_range(technology, base, model)}
            for technology in results.TECHNOLOGIES for base in ("municipal", "other")
            for model in curve.MODELS]
    OUTSIDE_RANGE.write_text(to_csv(rows), encoding="utf-8", newline="")
    print(f"validation: {OUTSIDE_RANGE.relative_to(OUTSIDE_RANGE.parents[1])}")


if __name__ == "__main__":
    main()
