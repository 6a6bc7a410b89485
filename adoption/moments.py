"""What a table of counts and medians says about the sizes of its bodies: moments of a known frame.

A survey sorts N bodies into K ordered stages and prints, for each stage, the number of bodies and
their median size.  The sizes of all N bodies are known from elsewhere (the frame); which body is
in which stage is not.  Printing the median m_k says how many members of stage k lie below m_k.  So
the data are the moments s = (n_1..n_{K-1}, B_1..B_K), with n_k the members of stage k and B_k those
with size < m_k, which is n_k / 2.  Each is a sum over independent bodies of indicators, hence has
an exact mean and covariance where the probability of each stage at each size is known.

A frame is given as ``sizes`` (ascending) and ``weights`` (bodies of each size): either the bodies
themselves, with weights 1, or bins made by :func:`bin_sizes`.  Bins have to be cut at every
median and just above it (:func:`bin_edges`): the number of bodies below a median is then exact,
and only the sizes within a bin are replaced by their mean.

Logarithms need a ``floor``: sizes below it count as this size.  It is in the unit of the sizes,
and nothing else depends on that unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adoption import checks

PER_DECADE = 20  # bins between a size and its tenfold

# --- the frame -----------------------------------------------------------------------------------


def bin_edges(smallest: float, largest: float, medians: ArrayLike, *, floor: float) -> np.ndarray:
    """Logarithmic edges from the floor to the largest size, and two around each median.

    smallest, largest: of the sizes to be binned.
    medians: shape (K,); the two edges are the median itself and the next number above it, so
        that bodies at the median have a bin of their own.
    floor: smaller sizes count as this in logarithms.

    Returns ascending edges in the unit of the sizes. Raises ValueError for sizes that are
    negative, infinite or in the wrong order.
    """
    if not 0 <= smallest <= largest < np.inf:
        raise ValueError(f"smallest, largest: expected 0 <= smallest <= largest, found {smallest} and {largest}")
    floor, medians = checks.floor(floor), checks.vector("medians", medians, least=0)
    low, high = (np.log10(max(size, floor) / floor) for size in (smallest, largest))
    steps = np.arange(np.floor(low * PER_DECADE), np.ceil(high * PER_DECADE) + 1)
    return np.unique(np.concatenate([floor * 10 ** (steps / PER_DECADE), medians, np.nextafter(medians, np.inf)]))


def bin_sizes(sizes: ArrayLike, edges: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Mean size and number of bodies in each non-empty interval [edge, next edge).

    sizes: shape (N,), ascending.
    edges: strictly ascending; sizes before the first one and from the last one on form intervals
        of their own.

    Time and memory are linear in N. Raises ValueError for what is negative or does not ascend.
    """
    sizes = checks.ascending("sizes", sizes, least=0).astype(float, copy=False)
    edges = checks.ascending("edges", edges, strictly=True, least=0)
    starts = np.unique(np.concatenate([[0], np.searchsorted(sizes, edges, side="left")]))
    starts = starts[starts < sizes.size]
    weights = np.diff(np.append(starts, sizes.size)).astype(float)
    return np.add.reduceat(sizes, starts) / weights, weights


def log_size(sizes: ArrayLike, *, floor: float) -> np.ndarray:
    """log2 of the sizes, those below the floor counting as the floor.

    sizes: any shape, numbers of at least 0.
    floor: above 0, in the unit of the sizes.

    Raises ValueError for other numbers.
    """
    return np.log2(np.maximum(checks.numbers("sizes", sizes, least=0), checks.floor(floor)))


# --- the moments ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moments:
    """What was printed, next to the frame it is about (I sizes, K stages, M = 2K - 1 moments).

    Members known to stand at the median of their stage are in the last two fields only.
    """

    z: np.ndarray  # (I,) log2 sizes
    weights: np.ndarray  # (I,) bodies of each size
    stage: np.ndarray  # (M,) stage of each moment, from 0
    counted: np.ndarray  # (M, I) 1 where the moment counts bodies of this size, 1/2 or 0
    observed: np.ndarray  # (M,) n_1..n_{K-1}, B_1..B_K
    middle_stage: np.ndarray  # stages with a member at the median, from 0
    middle_z: np.ndarray  # log2 of their medians
    floor: float  # smaller sizes count as this in logarithms
    # (model, params, moments) -> covariance (M, M) that is added to that of independent bodies.
    added: Callable[[str, np.ndarray, Moments], np.ndarray] | None = None
    cells: np.ndarray | None = None  # (K, I) 1 where a size lies in the cell of the stage's median, else 0

    @property
    def stages(self) -> int:
        return int(self.stage.max()) + 1


def of_table(
    sizes: ArrayLike,
    weights: ArrayLike,
    totals: ArrayLike,
    medians: ArrayLike,
    odd: ArrayLike,
    *,
    floor: float,
    added: Callable | None = None,
    cells: ArrayLike | None = None,
) -> Moments:
    """Moments of a table of K >= 2 stages.

    sizes, weights: shape (I,), the frame: ascending sizes, and how many bodies have each.
    totals, medians: shape (K,), bodies of each stage and their median size.
    odd: shape (K,), whether one member of the stage stands at its median, with half of the
        others on either side; otherwise half of the total, which may then be a half-integer,
        lies below.
    floor: smaller sizes count as this in logarithms.
    added: where bodies are not independent, the covariance of the moments that this adds, shape
        (M, M), as a smooth function of model, parameters and moments.
    cells: shape (K, 2), the interval [lower, upper) of sizes that a median is known to lie in, where
        it is rounded or bodies are tied with it; the frame has to be cut at both ends. Bodies in
        it count half as below. By default, and where the interval is empty, the median is exact.

    Raises ValueError for input that cannot be such a table, or that says nothing about size.
    """
    floor, sizes = checks.floor(floor), checks.ascending("sizes", sizes, least=0)
    weights = checks.whole_vector("weights", weights, sizes.size, least=1).astype(float)
    totals = checks.whole_vector("totals", totals, least=1).astype(float)
    k = totals.size
    if k < 2:
        raise ValueError(f"totals: expected those of two or more stages, found {k}")
    medians, odd = checks.vector("medians", medians, k, least=0), checks.flags("odd", odd, k)
    ends = np.repeat(medians[:, None], 2, axis=1) if cells is None else checks.numbers("cells", cells, infinite=True)
    if ends.shape != (k, 2):
        raise ValueError(f"cells: expected two ends for each of {k} stages, found shape {ends.shape}")
    vague = ends[:, 0] < ends[:, 1]
    if totals.sum() != weights.sum():
        raise ValueError(
            f"totals: expected a sum of the {weights.sum():.0f} bodies of the frame, found {totals.sum():.0f}"
        )
    if max(sizes[0], floor) >= sizes[-1]:
        raise ValueError(
            f"sizes: expected sizes that differ above the floor {floor:g}, found {sizes[0]:g} to {sizes[-1]:g}"
        )
    for expected, wrong, given in (
        (
            f"a median above the smallest size {sizes[0]:g} and not above the largest {sizes[-1]:g}",
            (np.where(vague, ends[:, 1], medians) <= sizes[0]) | (np.where(vague, ends[:, 0], medians) > sizes[-1]),
            medians,
        ),
        ("an odd total where a member stands at the median", odd & (totals % 2 == 0), totals),
        (
            "a body at the median where a member stands at it (bins have to be cut at the median and just above it)",
            odd & ~np.isin(medians, sizes),
            medians,
        ),
    ):
        if wrong.any():
            raise ValueError(f"stage {np.argmax(wrong) + 1}: expected {expected}, found {given[wrong][0]:g}")
    # A member known to stand at its median is no longer random: it leaves frame and total, and
    # the others of its stage are split evenly.
    rest, totals = weights.copy(), totals - odd
    np.subtract.at(rest, np.searchsorted(sizes, medians[odd]), 1)
    if np.any(rest < 0):
        raise ValueError(
            f"weights: expected a body for each member that stands at a median, found "
            f"too few of size {sizes[rest < 0][0]:g}"
        )
    sizes, rest = sizes[rest > 0], rest[rest > 0]
    below = (sizes < medians[:, None]).astype(float)
    within = ((sizes >= ends[:, :1]) & (sizes < ends[:, 1:])).astype(float)
    below[vague] = (sizes < ends[vague, :1]) + within[vague] / 2
    under, over = below @ rest + within @ rest / 2, rest.sum() - below @ rest + within @ rest / 2
    if np.any(totals / 2 > np.minimum(under, over)):
        raise ValueError(
            f"medians: expected room for half of each stage on either side, found "
            f"halves {(totals / 2).tolist()} with {under.tolist()} of "
            f"{rest.sum():.0f} bodies below"
        )
    if np.all(below == below[0]) or np.any(np.ptp(below, axis=1) == 0):
        raise ValueError(
            "medians: expected some that differ and have bodies on either side, found "
            "nothing that the halves could say about size"
        )
    return Moments(
        z=log_size(sizes, floor=floor),
        weights=rest,
        stage=np.concatenate([np.arange(k - 1), np.arange(k)]),
        counted=np.vstack([np.ones((k - 1, sizes.size)), below]),
        observed=np.concatenate([totals[:-1], totals / 2]),
        middle_stage=np.flatnonzero(odd),
        middle_z=log_size(medians[odd], floor=floor),
        floor=floor,
        added=added,
        cells=within if vague.any() else None,
    )


def mean_and_covariance(pi: np.ndarray, table: Moments) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (M,) and covariance (M, M) of the moments of independent bodies, chances behind them (M, I).

    pi: shape (I, K), the probability of each stage at each size (:func:`adoption.curve.probabilities`).
    """
    chance = table.counted * pi.T[table.stage]  # (M, I): that a body of this size is counted
    mean = chance @ table.weights
    alike = table.stage[:, None] == table.stage  # a body in two stages at once is none
    covariance = alike * ((chance * table.weights) @ table.counted.T) - (chance * table.weights) @ chance.T
    return mean, covariance, chance
