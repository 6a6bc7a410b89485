"""The frame of the analysis: population intervals of the 2015 census as arrays.

Reads ``population-distribution-2015.csv`` and ``median-neighbours.csv``. Intervals are half open,
[lower, upper), in people. The three bases are the readings of what the printed medians may
have been taken over: ``municipal`` (1,741 municipalities), ``other`` (1,721, without the
designated cities) and ``all`` (1,788, with the prefectures).
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from adoption import data

BASES = {
    "municipal": ("designated_city", "other_municipality"),
    "other": ("other_municipality",),
    "all": ("prefecture", "designated_city", "other_municipality"),
}

CLASS_LIMITS = (10_000, 30_000, 50_000, 100_000, 200_000)
CLASS_IDS = ("under-10k", "10k-30k", "30k-50k", "50k-100k", "100k-200k", "over-200k")


@lru_cache
def _grid(kinds) -> pd.DataFrame:
    """Bodies and population by interval, summed over ``kinds``, with the mean size."""
    table = data.load("population-distribution-2015")
    chosen = table[table.kind.isin(kinds)]
    grid = chosen.groupby(["lower", "upper"], as_index=False)[["bodies", "population"]].sum()
    grid["mean_size"] = grid.population / grid.bodies.where(grid.bodies > 0)
    grid.attrs = table.attrs
    return grid


def frame(base: str) -> pd.DataFrame:
    """All intervals of a base, ascending: lower, upper, bodies, population, mean_size.

    ``mean_size`` is people a body, missing where an interval is empty.
    Raises ValueError for a base that is not municipal, other or all.
    """
    if base not in BASES:
        raise ValueError(f"found base {base!r}, expected one of {', '.join(BASES)}")
    return _grid(BASES[base]).copy()


def prefectures() -> pd.DataFrame:
    """The 47 prefectures by interval, in the form of ``frame``."""
    return _grid(("prefecture",)).copy()


def designated_cities() -> pd.DataFrame:
    """The 20 designated cities by interval, in the form of ``frame``."""
    return _grid(("designated_city",)).copy()


def class_counts(base: str, limits=CLASS_LIMITS) -> np.ndarray:
    """Numbers of bodies in the classes that ``limits`` cut, ascending: (len(limits) + 1,) int64.

    A class includes its lower limit. Raises ValueError for limits that do not ascend or at
    which the intervals are not cut.
    """
    grid, limits = frame(base), list(limits)
    if limits != sorted({*limits}):
        raise ValueError(f"found limits {limits}, expected ascending ones")
    if uncut := {*limits} - {*grid.lower, *grid.upper}:
        raise ValueError(
            f"found limits {sorted(uncut)}, expected edges of the population intervals (no exact count elsewhere)"
        )
    position = np.searchsorted(limits, grid.lower.to_numpy(), side="right")
    return np.bincount(position, weights=grid.bodies, minlength=len(limits) + 1).astype(np.int64)


def percentile(population: int, base: str = "municipal") -> tuple[float, float]:
    """Share of bodies of a base with strictly fewer people than ``population``: (lower, upper).

    The two are equal, and the share exact, where the intervals are cut at ``population``;
    elsewhere they leave open how many bodies of its interval are smaller.
    Raises ValueError for a negative population or one beyond the last interval.
    """
    grid = frame(base)
    if not 0 <= population <= grid.upper.iloc[-1]:
        raise ValueError(f"found population {population!r}, expected one from 0 to {grid.upper.iloc[-1]}")
    total = grid.bodies.sum()
    surely = grid.bodies[grid.upper <= population].sum()
    possibly = grid.bodies[grid.lower < population].sum()
    return float(surely / total), float(possibly / total)


def neighbours() -> pd.DataFrame:
    """The bodies around each of the ten medians, one row a technology and stage.

    Columns: technology, stage, median, municipalities_at, prefectures_at, nearest_below,
    nearest_above, pair_lower, pair_upper, bodies_between (in the 1,788 bodies).
    """
    return data.load("median-neighbours")
