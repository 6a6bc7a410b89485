"""How the statistical functions grow with the number of bodies: ``make bench``.

Prints seconds (median of three), peak memory and the ratio to the row before. Invented sizes.
"""

import statistics
import time
import tracemalloc

import numpy as np

from adoption import bounds, curve, medians

SHARES = (0.17, 0.13, 0.04, 0.27, 0.39)  # of five stages
QUANTILES = (0.85, 0.75, 0.61, 0.54, 0.26)  # of the frame, where their medians lie
SIZES = (10**4, 10**5, 10**6, 10**7)


def frame(bodies: int):
    """Sizes of invented bodies, and counts and medians of five stages among them."""
    random = np.random.default_rng(bodies)
    # Even sizes and odd medians: nobody sits at a median, and every group is even.
    sizes = np.sort(2 * (np.exp(random.normal(9.4, 1.4, bodies)).astype(np.int64) + 100))
    counts = [2 * round(share * bodies / 2) for share in SHARES[:-1]]
    middle = [int(sizes[int(q * bodies)]) + 1 for q in QUANTILES]
    return sizes, [*counts, bodies - sum(counts)], middle


def measure(work):
    """Seconds (median of three runs), peak memory in megabytes, and the result."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return statistics.median(seconds), peak, result


def main():
    print(f"{'what':34}{'bodies':>12}{'seconds':>11}{'ratio':>8}{'MB':>9}")
    before = {}
    for bodies in SIZES:
        sizes, counts, middle = frame(bodies)

        def show(what, work):
            seconds, peak, result = measure(work)
            ratio = f"{seconds / before[what]:.1f}" if what in before else ""
            before[what] = seconds
            print(f"{what:34}{bodies:>12,}{seconds:>11.4f}{ratio:>8}{peak:>9.1f}", flush=True)
            return result

        show("median law, one group", lambda: medians.median_test_exact(
            sizes, counts[0], middle[0]))
        show("rate split", lambda: medians.rate_split(
            counts[0], *medians.split(sizes, middle[0])[::2]))
        edges = curve.bin_edges(sizes[0], sizes[-1], middle, floor=100.0)
        means, weights = show("binning", lambda: curve.bin_sizes(sizes, edges))
        show("ordered logit, once binned", lambda: curve.fit(
            "ordered", means, weights, counts, middle, [False] * 5, floor=100.0))
        limits = (10_000, 30_000, 100_000)
        lower, cell_counts = bounds.cells(sizes, middle, limits)
        stages = bounds.Stages(counts, middle, (False,) * 5)
        show("bounds, once binned", lambda: bounds.stage_bounds(
            lower, cell_counts, limits, stages, 0, 1))


if __name__ == "__main__":
    main()
