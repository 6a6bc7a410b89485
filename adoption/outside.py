"""Bodies that a table counts though they stand outside the frame that its medians are taken over.

How many of them are at which stage is known in part at most: their number, and for each stage the
parity of its members inside, which its median shows.  A vector p = (p_1..p_K) says how many are
outside; what it leaves of the totals is a table of the frame (:mod:`adoption.curve`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from adoption import checks
from adoption.curve import ConvergenceError, Fit, fit, predict
from adoption.moments import of_table


class OutsideFit(NamedTuple):
    """Fixed point of fit and outside bodies, see :func:`fixed_point`."""

    outside: np.ndarray  # (K,) bodies of each stage outside the base
    fit: Fit
    expected: np.ndarray  # (K,) what the fit expects there


def allowed(published: ArrayLike, odd: ArrayLike | None, outside: int, least: ArrayLike | None = None) -> np.ndarray:
    """Every possible number of outside bodies by stage, (vectors, K), in lexicographic order.

    published: shape (K,), totals of all bodies, while the medians are those of the base only.
    odd: shape (K,), whether the number of members in the base is odd; None if that is not known.
    outside: bodies outside the base, p_k of them in stage k.
    least: shape (K,), the fewest that p_k can be; 0 by default.

    At least one body of each stage is left in the base. Raises ValueError for numbers that do
    not go together.
    """
    first, last, step = _limits(published, odd, outside, least)
    vectors = np.zeros((1, 0), dtype=int)
    left = np.array([outside])
    tail = np.append(np.cumsum(first[::-1])[::-1][1:], 0)  # the least that the next stages need
    for k, (low, high) in enumerate(zip(first, last, strict=True)):
        most = np.minimum(left - tail[k], high)
        counts = np.maximum((most - low) // step + 1, 0)
        index = np.repeat(np.arange(left.size), counts)
        nth = np.arange(index.size) - np.repeat(np.cumsum(counts) - counts, counts)
        p = low + step * nth
        vectors, left = np.column_stack([vectors[index], p]), left[index] - p
    return vectors[left == 0]


def nearest(
    expected: ArrayLike, published: ArrayLike, odd: ArrayLike | None, outside: int, least: ArrayLike | None = None
) -> np.ndarray:
    """The vector of :func:`allowed` nearest to an expectation, in Euclidean distance.

    expected: shape (K,).

    Where two are equally near, the one with more bodies in the earlier stages. Raises ValueError
    where none is allowed.
    """
    p, last, step = _limits(published, odd, outside, least)
    expected = checks.vector("expected", expected, p.size, least=0)
    # The squared distance is a sum of convex functions of one p_k each: handing the bodies out
    # step by step where they cost least, that is where most are missing, is exact.
    while p.sum() < outside and np.any(p + step <= last):
        missing = np.where(p + step <= last, expected - p, -np.inf)
        p[np.argmax(np.round(missing, 9))] += step
    if p.sum() != outside:
        raise ValueError(f"outside: expected a number that the stages can share, found {outside}")
    return p


def fixed_point(
    model: str,
    sizes: ArrayLike,
    weights: ArrayLike,
    published: ArrayLike,
    medians: ArrayLike,
    odd: ArrayLike | None,
    outside_sizes: ArrayLike,
    least: ArrayLike | None = None,
    *,
    floor: float,
    added: Callable | None = None,
) -> OutsideFit:
    """Fit whose own expectation of the outside bodies is nearest to the numbers taken for them.

    sizes, weights: shape (I,), the base of the medians, as for :func:`adoption.moments.of_table`.
    published, odd, least: shape (K,), as for :func:`allowed`. Without `odd` half of each
        total lies below its median, whatever its parity.
    outside_sizes: shape (O,), the bodies that the published totals also count.
    floor, added: as for :func:`adoption.moments.of_table`.

    Fit, expect, take the nearest allowed vector (:func:`nearest`), until it stays; only vectors
    that leave room in the frame for half of each stage on either side of its median are taken.
    Should the search run in a circle, the vector of the circle with the highest likelihood is
    taken. It begins with the stages' shares of all bodies; should a fit on its way fail, it begins
    once more with as many outside bodies in the first stage as can be. Raises as
    :func:`adoption.curve.fit` and :func:`nearest`.
    """
    outside_sizes = checks.vector("outside_sizes", outside_sizes, least=0)
    published = checks.whole_vector("published", published, least=1)
    middle, count = np.zeros(published.size) if odd is None else odd, outside_sizes.size
    sizes, weights = checks.ascending("sizes", sizes, least=0), checks.whole_vector("weights", weights, len(sizes))
    fewest = _fewest(sizes, weights, published, medians, middle)
    least = fewest if least is None else np.maximum(fewest, checks.whole_vector("least", least, published.size))

    def search(p):
        tried, latest = {}, None
        while tuple(p) not in tried:
            table = of_table(sizes, weights, published - p, medians, middle, floor=floor, added=added)
            latest = fit(model, table, latest)
            expected = predict(latest, outside_sizes).sum(axis=0)
            following = nearest(expected, published, odd, count, least)
            tried[tuple(p)] = OutsideFit(p, latest, expected), tuple(following)
            p = following
        circle, at = [], tuple(p)
        while at not in circle:
            circle.append(at)
            at = tried[at][1]
        return max((tried[at][0] for at in circle), key=lambda outcome: outcome.fit.loglik)

    try:
        return search(nearest(count * published / published.sum(), published, odd, count, least))
    except ConvergenceError:
        first = np.append(float(count), np.zeros(published.size - 1))
        return search(nearest(first, published, odd, count, least))


def _fewest(sizes, weights, published, medians, odd):
    """Bodies of each stage (K,) that are outside at least, as the frame has no room for more."""
    medians = checks.vector("medians", medians, published.size, least=0)
    odd = checks.flags("odd", odd, published.size)
    below, above = ((side * weights).sum(axis=1) for side in (sizes < medians[:, None], sizes >= medians[:, None]))
    # A member that stands at the median of its stage takes the place of one.
    taken = medians[odd]
    below, above = below - (taken < medians[:, None]).sum(axis=1), above - (taken >= medians[:, None]).sum(axis=1)
    return np.maximum(published - odd - 2 * np.minimum(below, above), 0)


def _limits(published, odd, outside, least):
    """Smallest and largest p (K,) and the step between allowed values."""
    published = checks.whole_vector("published", published, least=1)
    k = published.size
    checks.whole("outside", outside, 0, int(published.sum()) - 1)
    low = np.zeros(k, int) if least is None else checks.whole_vector("least", least, k).copy()
    step = 1 if odd is None else 2
    if odd is not None:
        low = low + (published - low - checks.flags("odd", odd, k)) % 2
    if np.any(low >= published):
        raise ValueError(
            f"least: expected at least one body of each stage in the base, found "
            f"totals {published.tolist()} of which {low.tolist()} lie outside"
        )
    return low, published - 1, step
