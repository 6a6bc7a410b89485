"""The frame: all bodies that the medians of a survey are taken over, by size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from adoption import checks, medians, moments


class Split(NamedTuple):
    """Bodies of a frame strictly below, exactly at and strictly above a value."""

    below: int
    at: int
    above: int


class Around(NamedTuple):
    """A printed median in a frame: the bodies surely below it, those maybe at it, those surely above.

    one_size: only one size is printed so. cut: the frame's intervals are cut where the rounding
    ends; else the bodies of all intervals that hold a size which is printed so are maybe at it.
    """

    split: Split
    one_size: bool
    cut: bool


@dataclass(frozen=True)
class Frame:
    """All bodies that the medians are taken over, in intervals [lower, upper) of size.

    lower, upper, bodies, mean_size: shape (C,), ascending; the mean is that of the interval's
    bodies and is not used where there are none. sizes: each body's size, ascending, where known.
    """

    lower: np.ndarray
    upper: np.ndarray
    bodies: np.ndarray
    mean_size: np.ndarray
    sizes: np.ndarray | None = None

    def __post_init__(self):
        lower = checks.vector("lower", self.lower, least=0)
        checks.vector("upper", self.upper, lower.size, infinite=True)
        filled = checks.counts("bodies", self.bodies, lower.size) > 0
        means = checks.vector("mean_size", np.where(filled, self.mean_size, lower), lower.size)
        astray = np.flatnonzero((means < lower) | (means >= self.upper) & filled)
        wrong = np.flatnonzero((self.lower >= self.upper) | np.append(self.upper[:-1] > self.lower[1:], False))
        if wrong.size:
            at = wrong[0]
            raise ValueError(
                "frame: expected intervals that ascend without overlap, found "
                f"[{self.lower[at]:g}, {self.upper[at]:g}) at position {at}"
            )
        if astray.size:
            at = astray[0]
            expected = f"[{self.lower[at]:g}, {self.upper[at]:g})"
            raise ValueError(f"mean_size: expected one in {expected}, found {means[at]:g} at position {at}")

    @classmethod
    def of_intervals(cls, table: pd.DataFrame) -> "Frame":
        """From a table with columns lower, upper, bodies and mean_size, a row an interval [lower, upper)."""
        if not isinstance(table, pd.DataFrame):
            raise ValueError(f"table: found {type(table).__name__}, expected a DataFrame")
        if missing := [name for name in ("lower", "upper", "bodies", "mean_size") if name not in table]:
            raise ValueError(
                f"table: found the columns {', '.join(map(str, table.columns))}, expected {', '.join(missing)} too"
            )
        return cls(*(table[name].to_numpy() for name in ("lower", "upper", "bodies", "mean_size")))

    @classmethod
    def of_sizes(cls, sizes: ArrayLike) -> "Frame":
        """From the size of each body, a whole number, in any order."""
        sizes = np.sort(checks.whole_vector("sizes", sizes))
        distinct, bodies = np.unique(sizes, return_counts=True)
        return cls(distinct, distinct + 1, bodies, distinct.astype(float), sizes)

    @property
    def total(self) -> int:
        """Number of bodies."""
        return int(self.bodies.sum())

    @property
    def intervals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lower and upper ends, and the bodies between."""
        return self.lower, self.upper, self.bodies

    def split(self, size: int, until: float | None = None) -> Split:
        """Bodies below, at and above a size; with `until`, those of sizes [size, until) are at it.

        The answer is exact or refused: ValueError if an interval with bodies is not cut there, as
        well as for a size that is not whole or outside the table.
        """
        size = checks.whole("size", size)
        until = size + 1 if until is None else checks.inside("until", until, size + 1, np.inf)
        if not (size < self.upper[-1] and until > self.lower[0]):
            raise ValueError(
                f"size: expected one inside the table, from {self.lower[0]} to below {self.upper[-1]}, found {size}"
            )
        below, above = self.upper <= size, self.lower >= until
        at = (self.lower >= size) & (self.upper <= until)
        uncut = np.flatnonzero(~(below | at | above) & (self.bodies > 0))
        if uncut.size:
            found = f"[{self.lower[uncut[0]]}, {self.upper[uncut[0]]}) with {self.bodies[uncut[0]]} bodies"
            raise ValueError(f"frame: expected edges at {size} and {until}, found the interval {found}")
        return Split(*(int(self.bodies[part].sum()) for part in (below, at, above)))

    def around(self, median: int, rounding: int) -> "Around":
        """Bodies below, maybe at and above a median of which only the rounded value is known."""
        printed = medians.printed_interval(median, rounding)
        first, after = medians.widened(*self.intervals, *printed)
        return Around(self.split(int(first), after), after - first == 1, (first, after) == printed)

    def halves(self) -> float:
        """Size from which on about half of the bodies are: the edge of an interval."""
        after = np.cumsum(self.bodies)
        return self.upper[np.argmin(np.abs(after - self.total / 2))]

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower edges and numbers of bodies, with an empty interval where the table has a gap."""
        gaps = np.append(self.upper[:-1] < self.lower[1:], np.isfinite(self.upper[-1]))
        edges = np.sort(np.concatenate([self.lower, self.upper[gaps]]), kind="stable")
        bodies = np.zeros(edges.size, dtype=self.bodies.dtype)
        bodies[np.searchsorted(edges, self.lower)] = self.bodies
        return edges, bodies

    def binned(self, at: ArrayLike, floor: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean sizes and numbers of bodies of intervals, cut at the sizes `at` and just above."""
        if self.sizes is not None and self.bodies.size > 1000:
            edges = moments.bin_edges(self.sizes[0], self.sizes[-1], at, floor=floor)
            return moments.bin_sizes(self.sizes, edges)
        filled = self.bodies > 0
        return self.mean_size[filled], self.bodies[filled]
