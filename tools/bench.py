"""How the statistical functions grow with the number of (invented) bodies: ``make bench``."""

import statistics
import timeit
import tracemalloc

import numpy as np

from adoption import bounds, curve, medians, moments

SHARES = (0.17, 0.13, 0.04, 0.27, 0.39)  # of five stages
QUANTILES = (0.85, 0.75, 0.61, 0.54, 0.26)  # of the frame, where their medians lie


def frame(bodies: int):
    """Sizes of invented bodies, and counts and medians of five stages among them."""
    random = np.random.default_rng(bodies)
    # Even sizes and odd medians: nobody sits at a median, and every group is even.
    sizes = np.sort(2 * (np.exp(random.normal(9.4, 1.4, bodies)).astype(np.int64) + 100))
    counts = [2 * round(share * bodies / 2) for share in SHARES[:-1]]
    middle = [int(sizes[int(q * bodies)]) + 1 for q in QUANTILES]
    return sizes, [*counts, bodies - sum(counts)], middle


print(f"{'what':34}{'bodies':>12}{'seconds':>11}{'ratio':>8}{'MB':>9}")
before: dict[str, float] = {}
for bodies in (10**4, 10**5, 10**6, 10**7):
    sizes, counts, middle = frame(bodies)
    edges = moments.bin_edges(sizes[0], sizes[-1], middle, floor=1)
    means, weights = moments.bin_sizes(sizes, edges)
    lower, cell_counts = bounds.cells(sizes, middle, limits := (10_000, 30_000, 100_000))
    stages = bounds.Stages(counts, middle, (False,) * 5)
    for what, work in {
        "median law, one group": lambda: medians.median_test_exact(sizes, counts[0], middle[0]),
        "rate split": lambda: medians.rate_split(counts[0], *medians.split(sizes, middle[0])),
        "binning": lambda: moments.bin_sizes(sizes, edges),
        "ordered logit, binned": lambda: curve.fit("ordered", means, weights, counts, middle, [False] * 5, floor=1),
        "bounds, binned": lambda: bounds.stage_bounds(lower, cell_counts, limits, stages, 0, 1),
    }.items():
        seconds = statistics.median(timeit.repeat(work, number=1, repeat=3))
        tracemalloc.start()
        work()
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        ratio = f"{seconds / before[what]:.1f}" if what in before else ""
        before[what] = seconds
        print(f"{what:34}{bodies:>12,}{seconds:>11.4f}{ratio:>8}{peak:>9.1f}", flush=True)
