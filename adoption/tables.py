"""Exact inference for small and sparse contingency tables.

Everything here takes counts and returns numbers. Nothing is random and nothing is asymptotic,
except `cramers_v`, which says so. SciPy is used where it is exact; written here
is what it does by simulation (the r x c exact test) or does not have.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln, logsumexp

from adoption import checks

# Tables whose probability exceeds the observed one by less than this factor count as ties:
# the convention of R's fisher.test, wide enough for rounding, too narrow for a real difference.
TIE = 1e-7

# Up to here the rounding of log factorials (about 1e-9 at a million) stays far below TIE.
MOST_OBSERVATIONS = 1_000_000

# Partial tables held at once before an enumeration is refused: a few seconds, a few hundred MB.
LIMIT = 2_000_000


class Interval(NamedTuple):
    """A point estimate with a two-sided interval and, where a test belongs to it, its p-value."""

    estimate: float
    lower: float
    upper: float
    p_value: float | None = None


class McNemarRange(NamedTuple):
    """Largest p over the overlaps that the counts allow, and these."""

    p_max: float
    overlap_lower: int
    overlap_upper: int


def _table(table) -> np.ndarray:
    """The table as whole numbers, its empty rows and columns dropped; at least 2 x 2 remain."""
    counts = checks.numbers("table", table, least=0, whole=True)
    if counts.ndim != 2:
        raise ValueError(f"table: expected two dimensions, found {counts.ndim}")
    kept = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    if min(kept.shape) < 2:
        raise ValueError(
            f"table: expected at least 2 rows and 2 columns that are not empty, found "
            f"{kept.shape[0]} and {kept.shape[1]}"
        )
    return kept


# --- enumeration of tables with given margins ---------------------------------------------------


def fisher_freeman_halton(table: ArrayLike) -> float:
    """Exact p-value of independence in an r x c table of counts, margins fixed.

    The sum of the probabilities of all tables with the observed margins that are no more likely
    than the observed one (up to a factor 1 + 1e-7, R's convention). Every table enters, none is
    sampled: the same table always gives the same p. Empty rows and columns carry no information
    and are dropped. For 2 x 2 it is Fisher's two-sided test.

    table: shape (r, c), counts.

    ValueError if the table is not 2-dimensional, holds anything but whole numbers of zero or more,
    has fewer than two non-empty rows or columns, more than a million observations (where rounding
    would blur ties), or if more than `LIMIT` partial tables would have to be held at once.

    Source: G. H. Freeman and J. H. Halton (1951), Biometrika 38, 141-149; enumeration in the
    manner of C. R. Mehta and N. R. Patel (1983), JASA 78, 427-434, without their pruning.
    """
    counts = _table(table)
    if counts.sum() > MOST_OBSERVATIONS:
        raise ValueError(f"table: expected at most {MOST_OBSERVATIONS:,} observations, found {counts.sum():,}")
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    log_weight, ways = _enumerate(rows, columns, _log_factorials)
    log_observed = -_log_factorials(counts).sum()
    constant = _log_factorials(rows) + _log_factorials(columns) - gammaln(counts.sum() + 1.0)
    extreme = log_weight <= log_observed + np.log1p(TIE)
    log_p = logsumexp(log_weight[extreme] + constant, b=ways[extreme])
    return float(min(1.0, np.exp(log_p)))


def _log_factorials(cells: np.ndarray) -> np.ndarray:
    """Sum of log x! over the last axis."""
    return gammaln(cells + 1.0).sum(axis=-1)


def _enumerate(rows, columns, cost) -> tuple[np.ndarray, np.ndarray]:
    """Log weights of all tables with these margins, and how many tables have each.

    The log weight is minus the summed `cost` of the columns, a function of cells (m, r).

    The table is filled column by column. What the columns still to come can do depends only on
    what is left of the row totals, in any order, so that partial tables which leave the same and
    weigh the same are carried on as one, with their number.
    """
    if len(rows) > len(columns):
        rows, columns = columns, rows
    columns = np.sort(columns)  # the largest comes last, where it is forced and costs nothing
    remaining, log_weight, ways = np.sort(rows)[None, :], np.zeros(1), np.ones(1)

    for total in columns[:-1]:
        parent, taken = _fill_column(remaining, total, rows, columns)
        remaining, log_weight, ways = _merge(
            np.sort(remaining[parent] - taken, axis=1), log_weight[parent] - cost(taken), ways[parent]
        )
    return log_weight - cost(remaining), ways


def _fill_column(remaining, total, rows, columns) -> tuple[np.ndarray, np.ndarray]:
    """All ways to take `total` out of each row of `remaining` (m, r): (parent row, cells taken).

    Cell by cell, between the least that the later cells leave over and the most that fits, so
    that no branch dies.
    """
    parent = np.arange(len(remaining))
    left = np.full(len(remaining), total)
    taken = np.empty((len(remaining), 0), dtype=np.int64)
    for i in range(remaining.shape[1]):
        capacity = remaining[parent, i]
        later = remaining[parent, i + 1 :].sum(axis=1)
        low = np.maximum(0, left - later)
        choices = np.minimum(capacity, left) - low + 1
        if choices.sum() > LIMIT:
            raise ValueError(
                f"table: expected at most {LIMIT:,} partial tables at once, found "
                f"{choices.sum():,} with the margins {rows.tolist()} and {columns.tolist()}"
            )
        branch = np.repeat(np.arange(len(parent)), choices)
        start = np.cumsum(choices) - choices
        cell = low[branch] + np.arange(len(branch)) - start[branch]
        parent, left = parent[branch], left[branch] - cell
        taken = np.column_stack([taken[branch], cell])
    return parent, taken


def _merge(remaining, log_weight, ways) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Equal weights reached by different sums differ in the last bits: compared at ten decimals,
    # a thousandth of the tie tolerance. A pair split by the rounding is only carried twice.
    keys = np.column_stack([remaining, np.round(log_weight * 1e10)])
    order = np.lexsort(keys.T)
    keys = keys[order]
    first = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)])
    chosen = order[first]
    return remaining[chosen], log_weight[chosen], np.add.reduceat(ways[order], first)


# --- association ----------------------------------------------------------------------------


def cramers_v(table: ArrayLike) -> float:
    """Bias-corrected Cramér's V of an r x c table of counts: 0 independence, 1 full association.

    table: shape (r, c), counts.

    The plain V (`scipy.stats.contingency.association`) is positive even for independent variables,
    the more so the smaller the counts; this one takes that expectation off. Empty rows and columns
    are dropped. ValueError as in `fisher_freeman_halton`, and where there are so few observations
    that it is 0/0 (as many as rows or columns).

    Source: W. Bergsma (2013), Journal of the Korean Statistical Society 42, 323-328.
    """
    counts = _table(table)
    (r, c), n = counts.shape, counts.sum()
    phi2 = stats.chi2_contingency(counts, correction=False).statistic / n
    if n <= min(r, c):
        raise ValueError(
            f"table: expected more than {min(r, c)} observations in a {r} x {c} table for a corrected V, found {n}"
        )
    phi2 = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    r, c = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return float(np.sqrt(phi2 / (min(r, c) - 1)))


def conditional_odds_ratio(table: ArrayLike, level: float = 0.95) -> Interval:
    """Odds ratio of a 2 x 2 table by conditional maximum likelihood, exact interval, Fisher's p.

    table: shape (2, 2), counts.
    level: of the interval, between 0 and 1.

    The estimate maximises the noncentral hypergeometric likelihood given both margins, so that it
    is a little nearer to 1 than the cross product ad/bc. The interval holds (1 - level)/2 in each
    tail. With a zero cell the estimate is 0 or inf and so is that end of the interval; the other
    end is what the data still exclude. The p-value is the two-sided test of an odds ratio of 1
    that orders tables by probability (as in R's `fisher.test`); an interval with equal tails can
    disagree with it about 1 in rare cases (M. P. Fay, 2010, Biostatistics 11, 373-374).

    ValueError if the table is not 2 x 2, holds anything but whole numbers of zero or more, or has
    an empty row or column (any odds ratio would fit).
    """
    counts = _table(table)
    if np.shape(table) != (2, 2):
        raise ValueError(f"table: expected shape (2, 2), found {np.shape(table)}")
    result = stats.contingency.odds_ratio(counts, kind="conditional")
    lower, upper = result.confidence_interval(checks.level(level))
    p_value = stats.fisher_exact(counts).pvalue
    return Interval(float(result.statistic), float(lower), float(upper), float(p_value))


# --- proportions ----------------------------------------------------------------------------


def proportion_interval(k: int, n: int, method: str = "clopper-pearson", level: float = 0.95) -> Interval:
    """k of n as a rate with a two-sided interval; a fraction, not percent.

    method: "clopper-pearson" or "wilson".
    level: of the interval, between 0 and 1.

    "clopper-pearson" holds at least the stated level whatever the true rate; "wilson" holds it on
    average and is shorter. With k = 0 the lower end is 0 and the upper Clopper-Pearson end is
    1 - ((1 - level)/2)**(1/n); for the one-sided 95 % limit, near the "rule of three" 3/n, ask
    for level=0.90. ValueError unless 0 <= k <= n, n >= 1, both whole.

    Sources: C. J. Clopper and E. S. Pearson (1934), Biometrika 26, 404-413; E. B. Wilson (1927),
    JASA 22, 209-212.
    """
    k, n = _part_of(k, n)
    methods = {"clopper-pearson": "exact", "wilson": "wilson"}
    checks.one_of("method", method, methods)
    lower, upper = stats.binomtest(k, n).proportion_ci(checks.level(level), methods[method])
    return Interval(k / n, float(lower), float(upper))


def poisson_binomial_tails(successes: int, chances: ArrayLike) -> tuple[float, float]:
    """Chances of at most, and of at least, so many successes in independent trials of unequal chances.

    successes: from 0 to the number of trials. chances: shape (N,), of each trial, from 0 to 1.
    ValueError for others.

    Exact: the law of the number is built up trial by trial, from sums of positive terms only, so
    that small tails keep their digits.
    """
    chances = checks.vector("chances", chances, least=0)
    if chances.max() > 1:
        raise ValueError(f"chances: expected 1 at most, found {chances.max():g}")
    successes = checks.whole("successes", successes, 0, chances.size)
    law = np.ones(1)
    for chance in chances:
        law = np.append(law * (1 - chance), 0) + np.append(0, law * chance)
    return float(min(law[: successes + 1].sum(), 1)), float(min(law[successes:].sum(), 1))


def _part_of(k, n) -> tuple[int, int]:
    n = checks.whole("n", n, 1)
    return checks.whole("k", k, 0, n), n


def clustered_rate_interval(
    k: int, n: int, cluster_sizes: ArrayLike, largest: int | None = None, level: float = 0.95
) -> Interval:
    """Rate of adopting *bodies* k/n, with the uncertainty of adopters that came in clusters.

    cluster_sizes: adopters in each joint decision; all other adopters decided alone.
    largest: the largest joint decision that could have been taken; its default, the largest
        seen, is chosen after the fact and is too small where clusters exist and by chance none
        adopted: then the upper end is too low.

    k bodies are a weighted sum of fewer independent decisions, one event of weight w for each
    joint decision of w bodies. Fay and Feuer's gamma interval is made for such sums of rare
    events; with no cluster it is Garwood's exact Poisson interval. Poisson events: meant for
    rates well below one half.
    ValueError as in `proportion_interval`, if the clusters hold more than k or fewer than one, or
    if `largest` is below a size seen.

    Source: M. P. Fay and E. J. Feuer (1997), Statistics in Medicine 16, 791-801.
    """
    k, n = _part_of(k, n)
    weights = _adopter_weights(k, cluster_sizes)
    tail = (1 - checks.level(level)) / 2
    seen = int(weights.max(initial=1))
    largest = seen if largest is None else checks.whole("largest", largest, seen)
    variance = (weights**2).sum()
    lower = stats.gamma.ppf(tail, k**2 / variance, scale=variance / k) if k else 0.0
    k_more, variance_more = k + largest, variance + largest**2
    upper = stats.gamma.isf(tail, k_more**2 / variance_more, scale=variance_more / k_more)
    return Interval(k / n, float(lower / n), float(min(1.0, upper / n)))


def _adopter_weights(k: int, cluster_sizes) -> np.ndarray:
    """Bodies behind each decision among k adopters: the clusters, and ones for the rest."""
    sizes = checks.numbers("cluster_sizes", cluster_sizes, least=1, whole=True).ravel()
    if sizes.sum() > k:
        raise ValueError(f"cluster_sizes: expected a sum of at most the {k} adopters, found {sizes.tolist()}")
    return np.concatenate([sizes, np.ones(k - sizes.sum(), dtype=np.int64)])


# --- two properties of the same bodies ------------------------------------------------------------


def mcnemar_range(
    n_a: int, n_b: int, total: int, overlap_min: int | None = None, overlap_max: int | None = None
) -> McNemarRange:
    """McNemar's exact two-sided p for n_a against n_b of the same `total` bodies, overlap unknown.

    n_a, n_b: bodies with the one and with the other property, 0 to total.
    overlap_min, overlap_max: what is known of the bodies with both.

    With o bodies having both, n_a - o have only the first and n_b - o only the second; given
    their sum, each is equally likely to be of either kind if the two rates are equal: an exact
    binomial test. o may be anything from max(0, n_a + n_b - total) to min(n_a, n_b) (the Fréchet
    bounds), or less where `overlap_min` or `overlap_max` is known; every value is tried. With no
    body of either kind alone, p = 1. A p below the smallest float is returned as 0.

    ValueError if a count is negative, not whole or larger than total, or if no overlap is left.
    Source: Q. McNemar (1947), Psychometrika 12, 153-157, in the exact form.
    """
    total = checks.whole("total", total)
    n_a, n_b = checks.whole("n_a", n_a, 0, total), checks.whole("n_b", n_b, 0, total)
    lower, upper = max(0, n_a + n_b - total), min(n_a, n_b)
    if overlap_min is not None:
        lower = max(lower, checks.whole("overlap_min", overlap_min))
    if overlap_max is not None:
        upper = min(upper, checks.whole("overlap_max", overlap_max))
    if lower > upper:
        raise ValueError(
            f"overlap_min, overlap_max: expected a range that is not empty, found "
            f"{lower} to {upper} for {n_a} and {n_b} of {total} bodies"
        )
    overlap = np.arange(lower, upper + 1)
    only_a, only_b = n_a - overlap, n_b - overlap
    p = np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(only_a, only_b), only_a + only_b, 0.5))
    return McNemarRange(float(p.max()), lower, upper)
