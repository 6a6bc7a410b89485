"""What the size and the median of a group say about a finite frame of bodies.

A frame is the complete list of N bodies with their sizes (a census, not a sample). A group of n
of them is known only by n and by its median m. Nothing here knows where the numbers come from.

The median of an odd group is the size of one member; that of an even group is the mean of its
two middle members, which sources print rounded half up to a whole number. Sources that round
further, or frames that know sizes by interval only, leave of a median an interval of sizes
(`printed_interval`, `widened`); "at" the median then means inside that interval.

Probabilities refer to random allocation: every n of the N bodies equally likely to be the group.
They are kept as natural logarithms, because tails below 1e-300 do occur.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from scipy.stats import rankdata

from adoption import checks

#: An even group is called implausible when the bodies between the tightest pair that gives its
#: median would all stay outside the group with a smaller chance than this.
IMPLAUSIBLE = 0.001

#: Largest number of values whose permutations `rank_trend` enumerates (9! = 362,880).
MAX_PERMUTED = 9


class RateSplit(NamedTuple):
    """Least and largest rate (fraction) of a group below and above its own median, and above over below.

    The two of a pair are equal where the rate is known exactly.
    """

    rate_below_least: float
    rate_below_most: float
    rate_above_least: float
    rate_above_most: float
    ratio_least: float
    ratio_most: float


class Pair(NamedTuple):
    """Two sizes whose rounded mean is a given median, and the bodies strictly between them."""

    lower: int
    upper: int
    between: int


class MedianFit(NamedTuple):
    """Whether a group of a given size can have its median in a frame.

    possible: some group of that size has that median, as far as its middle members go.
    plausible: possible, and `chance` is not below `IMPLAUSIBLE`.
    gap: fewest bodies between the middle members of an even group, None for an odd group or if
        no pair gives the median.
    chance: (1 - n/N)^gap for a possible even group, 1 for a possible odd one, 0 if impossible.
    """

    possible: bool
    plausible: bool
    gap: int | None
    chance: float


class MedianTest(NamedTuple):
    """Two-sided test of a group median against random allocation.

    direction: +1 if the median is high for the frame (its upper tail is the smaller one), -1 if
        it is low, 0 if both tails are equal.
    log_p_lower, log_p_upper: bounds of the natural logarithm of the p-value; equal where it is
        known exactly.
    """

    direction: int
    log_p_lower: float
    log_p_upper: float

    @property
    def p_upper(self) -> float:
        return math.exp(self.log_p_upper)


class RankTrend(NamedTuple):
    """Spearman's rho of values with their positions and its exact two-sided permutation p-value."""

    rho: float
    p_value: float


def printed_interval(median: int, rounding: int = 1) -> tuple[int, int]:
    """Whole sizes [first, after) that a median printed as this can be.

    median: whole number, as printed. rounding: unit that it was rounded to, half up.

    Also of an even group, whose median may be a half: at most half of any group lies below
    `first`, and at most half from `after` on. Raises ValueError for what is not whole.
    """
    median, rounding = checks.whole("median", median), checks.whole("rounding", rounding, 1)
    return max(-((rounding - 2 * median) // 2), 0), (2 * median + rounding + 1) // 2


def widened(lower: ArrayLike, upper: ArrayLike, counts: ArrayLike, first: int, after: int) -> tuple[float, float]:
    """The sizes [first, after), widened by the rest of a table's interval that is not cut there.

    lower, upper, counts: shape (C,), bodies of half-open intervals [lower, upper). What holds for a
    median somewhere in the wider interval holds for one in the narrower. Intervals without bodies
    need no cut.
    """
    lower, upper, filled = np.asarray(lower), np.asarray(upper), np.asarray(counts) > 0
    for is_first in (True, False):
        value = first if is_first else after
        cut = filled & (lower < value) & (value < upper)
        if cut.any():
            first, after = (lower[cut][0], after) if is_first else (first, upper[cut][0])
    return first, after


def rate_split(n: int, below: int, at: int, above: int, one_size: bool = True) -> RateSplit:
    """Rates of a group below and above its own median in the frame.

    n: bodies of the group; at most floor(n/2) of them lie on either side of its median.
    below, at, above: bodies of the frame strictly below the median, at it and strictly above it;
        or below, in and above an interval that holds the median.
    one_size: whether the bodies at the median are all of one size, the printed one; with it an
        even group that has no second body there has both its middle members elsewhere, or one
        just below.

    Exact, and the ratio, above over below, is below/above whatever n is, where an odd group's
    middle member is the only body at its median, and where an even group has nobody there. Else
    up to `at` members may be at the median instead of on their sides, and the ends are attained
    as far as `at` bodies can tell. Of an odd group with nobody at its median, which cannot be
    (`median_fit`), half is said to lie on either side. Raises ValueError if the frame has too few
    bodies on a side, or none.
    """
    half, at = checks.whole("n", n, 1) // 2, checks.whole("at", at)
    sides = [
        checks.whole(f"{side} (the median of a group of {n})", bodies, 1)
        for side, bodies in (("below", below), ("above", above))
    ]
    most = [min(half, bodies) for bodies in sides]
    # A member at an even group's median leaves at most half less one above it: beside two members
    # of that size, or one of it and one just below, the rest are split evenly.
    other = [min(most[1], half - 1) if one_size and at and n % 2 == 0 else most[1], most[0]]
    least = [min(max(n - at - members, 0), half) for members in other]
    for side, bodies, needed in zip(("below", "above"), sides, least, strict=True):
        checks.whole(f"{side} (the median of a group of {n})", bodies, needed)

    def ratio(members_below, members_above):
        if members_below == members_above:
            return sides[0] / sides[1]
        return members_above / members_below * sides[0] / sides[1] if members_below else math.inf

    return RateSplit(
        least[0] / sides[0],
        most[0] / sides[0],
        least[1] / sides[1],
        most[1] / sides[1],
        ratio(most[0], least[1]),
        ratio(least[0], most[1]),
    )


def tightest_pair(sizes: ArrayLike, median: int, rounding: int = 1) -> Pair | None:
    """The two middle members that an even group with this median can have, as near as possible.

    sizes: shape (N,), whole numbers in any order.
    median: whole number inside the frame. rounding: unit that it is rounded to.

    Among the pairs of bodies whose mean, rounded half up, is `median`, the one with the fewest
    bodies strictly between them by rank; None if there is no such pair. Two bodies of one size
    are neighbours, and of several bodies with the size of either end the innermost is taken, so
    ties at the ends do not count as between. Raises ValueError for sizes that are not whole, and
    for a median outside the frame.
    """
    x, median = _inside(sizes, median, rounding)
    distinct, first = np.unique(x, return_index=True)
    after = np.append(first[1:], x.size)  # rank just after the last body of each size
    # Half up: the mean is printed as `median` if the sum is one of 2 rounding whole numbers.
    least = 2 * median - rounding
    # The nearest partner that is large enough, another body of the same size included.
    partner = np.searchsorted(x, least - distinct)
    partner = np.maximum(partner, np.where(after - first > 1, first, after))
    low = np.flatnonzero(partner < x.size)
    low = low[distinct[low] + x[partner[low]] < least + 2 * rounding]
    if not low.size:
        return None
    between = np.maximum(partner[low] - after[low], 0)
    best = np.argmin(between)
    return Pair(int(distinct[low[best]]), int(x[partner[low[best]]]), int(between[best]))


def _inside(sizes, median, rounding) -> tuple[np.ndarray, int]:
    """Ascending sizes, and a printed median that lies among them as far as its rounding tells."""
    x = checks.sorted_sizes(sizes, whole=True)
    first, after = printed_interval(median, rounding)
    if after <= x[0] or first > x[-1]:
        raise ValueError(f"median: expected one inside the frame, from {x[0]} to {x[-1]}, found {median!r}")
    return x, int(median)


def median_fit(n: int, total: int, at: int, between: int | None) -> MedianFit:
    """Whether a group of n bodies can have its median in a frame, and how strained that is.

    n, total: bodies of the group and of the frame.
    at: bodies of the frame exactly at the median, or in the interval that holds it.
    between: bodies between the tightest pair that gives the median (`tightest_pair`), None if no
        pair does.

    An odd group needs a body at its median. An even group needs a pair around it and all bodies
    between the pair outside the group: under random allocation about (1 - n/N)^between. Raises
    ValueError for counts that do not go together.
    """
    total = checks.whole("total", total, 1)
    n, at = checks.whole("n", n, 1, total), checks.whole("at", at, 0, total)
    if n % 2:
        return MedianFit(at > 0, at > 0, None, float(at > 0))
    if between is None:
        return MedianFit(False, False, None, 0.0)
    between = checks.whole("between", between, 0, max(total - 2, 0))
    # The group lies outside the gap, so it must fit into the rest of the frame.
    chance = (1 - n / total) ** between if n <= total - between else 0.0
    return MedianFit(n <= total - between, chance >= IMPLAUSIBLE, between, chance)


def _stirling_error(n: np.ndarray) -> np.ndarray:
    """log n! less Stirling's approximation of it, for whole n >= 1."""
    z = np.maximum(n, len(_SMALL_ERRORS))
    tail = 1 / 1260 - (1 / 1680 - 1 / (1188 * z**2)) / z**2
    series = (1 / 12 - (1 / 360 - tail / z**2) / z**2) / z
    small = np.minimum(n, len(_SMALL_ERRORS) - 1).astype(np.int64)
    return np.where(n < len(_SMALL_ERRORS), _SMALL_ERRORS[small], series)


_SMALL_ERRORS = np.array(
    [0.0]
    + [math.log(math.factorial(k)) - (k + 0.5) * math.log(k) + k - 0.5 * math.log(2 * math.pi) for k in range(1, 16)]
)


def _log_choose(n, k) -> np.ndarray:
    """log C(n, k) for whole n >= 0; -inf where k < 0 or k > n.

    Differences of log-gamma values lose digits when n is in the millions and k is not. Here no
    term is much larger than the answer (the device of Loader's saddle-point binomial).
    """
    n, k = np.broadcast_arrays(np.asarray(n, float), np.asarray(k, float))
    side = np.minimum(k, n - k)
    inner = side > 0
    n_, k_ = np.where(inner, n, 2.0), np.where(inner, side, 1.0)
    rest = n_ - k_
    log = (
        -k_ * np.log(k_ / n_)
        - rest * np.log1p(-k_ / n_)
        + 0.5 * np.log(n_ / (2 * math.pi * k_ * rest))
        + _stirling_error(n_)
        - _stirling_error(k_)
        - _stirling_error(rest)
    )
    return np.where(inner, log, np.where(side == 0, 0.0, -np.inf))


def _relevant(log_weight, first: int, last: int) -> np.ndarray:
    """The part of first..last that a sum of log-concave weights needs in double precision.

    A weight may be multiplied by a factor between 1/(last - first) and 1 that grows along the
    range. What is left out is then below 1e-17 of the sum. This keeps the cost of a tail far
    below the size of the frame.
    """
    grid = np.unique(np.linspace(first, last, 2049).astype(np.int64))
    weight = log_weight(grid)
    kept = np.flatnonzero(weight >= weight.max() - 40 - 2 * math.log(last - first + 2))
    start, stop = max(kept[0] - 1, 0), min(kept[-1] + 1, grid.size - 1)
    return np.arange(grid[start], grid[stop] + 1)


def _log_hypergeometric_tail(total: int, marked: int, n: int, least: int) -> float:
    """log P(at least `least` of n bodies drawn from `total` are among the `marked` ones)."""
    first, last = max(0, n - (total - marked)), min(n, marked)
    if least <= first:
        return 0.0
    if least > last:
        return -math.inf

    def log_weight(k):
        return _log_choose(marked, k) + _log_choose(total - marked, n - k)

    terms = log_weight(_relevant(log_weight, least, last))
    return min(0.0, float(logsumexp(terms) - _log_choose(total, n)))


def median_tail(total: int, at_or_above: int, n: int) -> tuple[float, float]:
    """Bounds of log P(M >= m) for the median M of a random group of n bodies.

    total, n: bodies N of the frame, and of the group, 1 to N.
    at_or_above: bodies with size >= m. With the number of bodies at or below m in its place the
        answer is about P(M <= m).

    For n = 2h + 1 both are P(Hyp >= h + 1), exactly: the median reaches m if and only if h + 1
    members do. For n = 2h the median surely reaches m if h + 1 members do, and cannot unless h
    do, which gives P(Hyp >= h + 1) and P(Hyp >= h); Hyp is hypergeometric (N, at_or_above, n).
    Rounding half up to a whole m changes neither. The bounds are attained by frames that differ
    in the sizes and not in the counts. Raises ValueError for counts that do not go together.
    """
    total, n = checks.whole("total", total, 1), checks.whole("n", n, 1, total)
    at_or_above = checks.whole("at_or_above", at_or_above, 0, total)
    surely = _log_hypergeometric_tail(total, at_or_above, n, n // 2 + 1)
    possibly = _log_hypergeometric_tail(total, at_or_above, n, (n + 1) // 2)
    return surely, possibly


def _log_even_tail(x: np.ndarray, h: int, total: float) -> float:
    """log P(sum of the two middle members of a random group of 2h bodies >= total).

    x: ascending sizes. Let j be the rank of the upper middle member and a_j the first rank with
    x >= total - x_j. The lower middle member must have one of the ranks a_j to j - 1, which
    leaves C(j-1, h) - C(a_j - 1, h) choices for the lower half and C(N-j, h-1) for the rest.
    """
    size = x.size
    # Neighbours reach the total from this rank on (1-based); before it no pair does.
    first = int(np.searchsorted(x[:-1] + x[1:], total)) + 2
    first, last = max(first, h + 1), size - h + 1
    if first > last:
        return -math.inf

    def log_weight(j):
        return _log_choose(j - 1, h) + _log_choose(size - j, h - 1)

    j = _relevant(log_weight, first, last)
    before = np.searchsorted(x, total - x[j - 1])  # a_j - 1
    excluded = _log_choose(before, h) - _log_choose(j - 1, h)
    terms = log_weight(j) + np.log(-np.expm1(excluded))
    return min(0.0, float(logsumexp(terms) - _log_choose(size, 2 * h)))


def _log_tail(x: np.ndarray, n: int, median: int, rounding: int, upper: bool) -> float:
    """`median_tail_exact` for checked arguments and ascending sizes."""
    first, after = printed_interval(median, rounding)
    if n % 2:
        reached = x.size - np.searchsorted(x, first) if upper else np.searchsorted(x, after)
        return _log_hypergeometric_tail(x.size, int(reached), n, n // 2 + 1)
    if upper:
        # Half up: the mean of a and b is printed as m or more if a + b >= 2m - rounding.
        return _log_even_tail(x, n // 2, 2 * median - rounding)
    # It is printed as m or less if a + b < 2m + rounding. Reflection turns this into an upper
    # tail; the half that rounds up makes the two tails differ by one.
    return _log_even_tail(-x[::-1], n // 2, -2 * median - rounding + 1)


def median_tail_exact(sizes: ArrayLike, n: int, median: int, rounding: int = 1, upper: bool = True) -> float:
    """Exact log P(M >= median), or log P(M <= median) with `upper=False`, from individual sizes.

    sizes: shape (N,), whole, in any order; they are copied and sorted only if they are not ascending.
    n: bodies of the group, 1 to N.
    median: inside the frame.
    rounding: M is rounded half up to a multiple of this before it is compared, as printed.

    M is the median of a random group of n bodies. Ties are exact. Time O(N) for ascending sizes,
    memory linear in N. The relative error of P is about 1e-11 in a frame of thousands of bodies
    and 1e-9 in one of a million. Raises ValueError for sizes that are negative or
    not whole, for n outside 1..N and for a median outside the frame.
    """
    x, median = _inside(sizes, median, rounding)
    return _log_tail(x, checks.whole("n", n, 1, x.size), median, rounding, upper)


def _two_sided(log_tail: float) -> float:
    return min(0.0, math.log(2) + log_tail)


def median_test(n: int, below: int, at: int, above: int) -> MedianTest:
    """Two-sided test of a group median against random allocation, from three counts.

    n: bodies of the group. below, at, above: bodies of the frame on either side of the group's
        median and at it, or on either side of the interval that it is rounded to, and
        inside.

    The p-value is min(1, 2 * smaller tail): exact for odd n; for even n the two bounds hold for
    every frame with these counts, and the upper one is the value to report. Where the interval is
    `widened`, only the upper one is a bound. Raises ValueError
    for negative counts, a group larger than the frame and a median outside the frame.
    """
    below, at, above = (checks.whole(name, bodies) for name, bodies in (("below", below), ("at", at), ("above", above)))
    if at == 0 and 0 in (below, above):
        raise ValueError(
            f"below, at, above: expected a median inside the frame, found {below} "
            f"bodies below it, none at it and {above} above it"
        )
    total = below + at + above
    high, low = median_tail(total, at + above, n), median_tail(total, below + at, n)
    # Both tails are the same increasing function of the bodies that reach the median.
    return MedianTest(
        (below > above) - (below < above), _two_sided(min(high[0], low[0])), _two_sided(min(high[1], low[1]))
    )


def median_test_exact(sizes: ArrayLike, n: int, median: int, rounding: int = 1) -> MedianTest:
    """`median_test` from individual sizes, exact for odd and even groups.

    Arguments and errors as for `median_tail_exact`.
    """
    x, median = _inside(sizes, median, rounding)
    n = checks.whole("n", n, 1, x.size)
    high, low = (_log_tail(x, n, median, rounding, upper) for upper in (True, False))
    log_p = _two_sided(min(high, low))
    return MedianTest((high < low) - (high > low), log_p, log_p)


def rank_trend(values: ArrayLike) -> RankTrend:
    """Exact permutation test of a trend of K values along their positions 1..K.

    values: shape (K,), 3 to `MAX_PERMUTED` real numbers, not all equal; ties get midranks.

    The p-value is the share of all K! orders whose rho is in absolute value at least the observed
    one: 2/K! at the least. Raises ValueError for too few, too many or equal values.
    """
    array = checks.vector("values", values)
    if not 3 <= array.size <= MAX_PERMUTED:
        raise ValueError(f"values: expected 3 to {MAX_PERMUTED} of them, found {array.size}")
    if (array == array[0]).all():
        raise ValueError(f"values: expected some that differ, found {array.size} times {array[0]}")
    # Doubled and centred ranks are whole numbers, so equal statistics compare as equal.
    position = 2 * np.arange(1, array.size + 1) - (array.size + 1)
    rank = np.rint(2 * rankdata(array)).astype(np.int64) - (array.size + 1)
    observed = int(position @ rank)
    every = np.array(list(itertools.permutations(rank))) @ position
    rho = observed / math.sqrt(int(position @ position) * int(rank @ rank))
    return RankTrend(rho, float(np.mean(abs(every) >= abs(observed))))
