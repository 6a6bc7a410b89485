"""How time and memory grow with the number of (invented) bodies: ``make bench``.

The public interface: `Frame` and `Survey` with all that they answer. Seconds are those of the
processor, the median of three runs.
"""

import statistics
import time
import tracemalloc

import numpy as np

from adoption.survey import Frame, Survey

SHARES = (0.17, 0.13, 0.04, 0.27, 0.39)  # of five stages
LIMITS = (10_000, 30_000, 100_000)
BODIES = (10**4, 10**5, 10**6, 10**7)


def printed(bodies: int):
    """Sizes of invented bodies, and counts and medians of five stages that go with size."""
    random = np.random.default_rng(bodies)
    sizes = np.exp(random.normal(9.4, 1.4, bodies)).astype(np.int64) + 1
    reached = 0.8 * np.log2(sizes) + random.logistic(size=bodies)
    stage = np.digitize(-reached, np.quantile(-reached, np.cumsum(SHARES[:-1])))
    members = [sizes[stage == k] for k in range(len(SHARES))]
    return sizes, [each.size for each in members], [int(np.median(each) + 0.5) for each in members]


def interface(bodies: int) -> dict:
    """The public interface by name, but for the ranges over bodies outside: there are none.

    Each call has a survey of its own, since a survey remembers its curves; the frame is shared.
    """
    sizes, counts, middle = printed(bodies)
    shared = Frame.of_sizes(sizes)

    def survey():
        return Survey(counts, middle, shared, floor=1)

    every = range(1, len(counts) + 1)
    return {
        "Frame.of_sizes": lambda: Frame.of_sizes(sizes),
        "Survey": survey,
        "audit": lambda: survey().audit(),
        "rates, all stages": lambda: [survey().rates(stage) for stage in every],
        "median_tests": lambda: survey().median_tests(),
        "rank_trend": lambda: survey().rank_trend(),
        "bounds, all stages": lambda: [survey().bounds(stage, LIMITS) for stage in every],
        "bounds, monotone": lambda: survey().bounds(1, LIMITS, monotone=True),
        "overlap": lambda: survey().overlap(survey()),
        "slope": lambda: survey().slope(),
        "misfit": lambda: survey().misfit(),
        "half_size": lambda: survey().half_size(),
        "curve": lambda: survey().curve(LIMITS),
        "summary": lambda: survey().summary(),  # whole_slope and diagnostics included
    }


def seconds(work) -> float:
    """Processor time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def table(calls) -> None:
    """Print a row a call and number of bodies, and the sum; ratio: to a tenth of the bodies."""
    print(f"{'what':34}{'bodies':>12}{'seconds':>11}{'ratio':>8}{'MB':>9}")
    before: dict[str, float] = {}
    for bodies in BODIES:
        total = 0.0
        for what, work in calls(bodies).items():
            spent = statistics.median(seconds(work) for _ in range(3))
            tracemalloc.start()
            work()
            peak = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            ratio = f"{spent / before[what]:.1f}" if before.get(what) else ""
            before[what] = spent
            total += spent
            print(f"{what:34}{bodies:>12,}{spent:>11.4f}{ratio:>8}{peak:>9.1f}", flush=True)
        print(f"{'together':34}{bodies:>12,}{total:>11.4f}", flush=True)


if __name__ == "__main__":
    table(interface)
