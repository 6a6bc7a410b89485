"""Adoption against size when every body's answer is known: grouped binomial logit.

A later survey counts, in each interval of size, the bodies and how many of them have adopted.
With z = log2(size), the size of an interval being the mean of its bodies,

    log(P(adopted) / P(not adopted)) = a + b z (+ c x),

so exp(b) is the odds ratio per doubling of size, -a / b the logarithm of the size at which half
have adopted, and exp(c) the odds ratio between bodies of the same size with and without x.
Intervals are those of the profile likelihood (Venzon and Moolgavkar 1988, Applied Statistics 37,
87-94): values that a likelihood-ratio test on one degree of freedom does not reject. In logarithms
sizes below ``floor`` count as that.
"""

import warnings
from typing import NamedTuple

import numpy as np
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2, norm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from adoption.curve import log_size
from adoption.tables import Interval

# No adoption rate is a logit of 25 from one half: only where the maximum lies at infinity.
LARGEST_LOGIT = 25


class LogitFit(NamedTuple):
    """A grouped binomial logit: P coefficients, their covariance (P, P), deviance and its df."""

    params: np.ndarray
    covariance: np.ndarray
    deviance: float
    df: int
    floor: float  # smaller sizes count as this in logarithms


class RatioTest(NamedTuple):
    """A likelihood-ratio statistic on one degree of freedom and its p-value."""

    statistic: float
    p_value: float


def _counts(bodies, adopters) -> tuple[np.ndarray, np.ndarray]:
    """Both as whole numbers in floats, of one shape, with 0 <= adopters <= bodies, bodies > 0."""
    found = []
    for name, values in (("bodies", bodies), ("adopters", adopters)):
        values = np.asarray(values, float)
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"{name}: expected a list of numbers, found shape {values.shape}")
        bad = ~np.isfinite(values) | (values < 0) | (values != np.floor(values))
        if bad.any():
            raise ValueError(f"{name}: expected whole numbers of at least 0, found "
                             f"{values[bad][0]:g} at position {np.flatnonzero(bad)[0]}")
        found.append(values)
    n, y = found
    if n.shape != y.shape:
        raise ValueError(f"expected adopters for each of {n.size} groups, found {y.size}")
    if (n == 0).any():
        raise ValueError(f"expected bodies in every group, found none at position "
                         f"{np.flatnonzero(n == 0)[0]}")
    if (y > n).any():
        at = np.flatnonzero(y > n)[0]
        raise ValueError(f"expected at most {n[at]:.0f} adopters at position {at}, found "
                         f"{y[at]:.0f}")
    return n, y


def _z(sizes, groups: int, floor: float) -> np.ndarray:
    sizes = np.asarray(sizes, float)
    if sizes.shape != (groups,):
        raise ValueError(f"expected a size for each of {groups} groups, found {sizes.size}")
    bad = ~np.isfinite(sizes) | (sizes < 0)
    if bad.any():
        raise ValueError(f"sizes: expected finite numbers of at least 0, found {sizes[bad][0]:g} "
                         f"at position {np.flatnonzero(bad)[0]}")
    return log_size(sizes, floor=floor)


def _indicator(marked, groups: int) -> np.ndarray:
    marked = np.asarray(marked)
    if marked.shape != (groups,) or not np.isin(marked, (0, 1)).all():
        raise ValueError(f"expected 0 or 1 for each of {groups} groups, found "
                         f"{np.unique(marked).tolist()} in shape {marked.shape}")
    return marked.astype(float)


def _fit(design, n, y, offset=None) -> LogitFit:
    model = sm.GLM(np.column_stack([y, n - y]), design, family=sm.families.Binomial(),
                   offset=offset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        found = model.fit(tol=1e-12, maxiter=200)
    logits = design @ found.params + (0 if offset is None else offset)
    if not found.converged or np.abs(logits).max() > LARGEST_LOGIT:
        raise ValueError("expected adopters and others at overlapping sizes, found groups that "
                         "the explaining variables separate: the estimate is not finite")
    return LogitFit(found.params, found.cov_params(), float(found.deviance), int(found.df_resid),
                    np.nan)


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1, found {level}")
    return float(norm.ppf((1 + level) / 2))


def _profile(deviance, estimate: float, error: float, least: float, reach: float):
    """Where the deviance exceeds its minimum by reach squared, on either side of the estimate."""
    def excess(value):  # the root of the deviance is nearly linear
        return np.sqrt(max(deviance(value) - least, 0.0)) - reach

    ends = []
    for side in (-1, 1):
        near, far = estimate, estimate + side * reach * error
        while excess(far) < 0:
            near, far = far, estimate + 1.5 * (far - estimate)
        ends.append(brentq(excess, near, far, xtol=1e-11))
    return ends


def _coefficient(design, n, y, term: int, level: float) -> Interval:
    """Exponential of one coefficient with its profile-likelihood interval."""
    reach = _level(level)
    best = _fit(design, n, y)
    rest = np.delete(design, term, axis=1)
    ends = _profile(lambda value: _fit(rest, n, y, offset=value * design[:, term]).deviance,
                    best.params[term], np.sqrt(best.covariance[term, term]), best.deviance, reach)
    return Interval(*(float(np.exp(v)) for v in (best.params[term], *ends)))


def size_logit(sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *,
               floor: float) -> LogitFit:
    """Logit of adoption on log2(size): params (a, b).

    sizes: shape (I,), mean size of the bodies of each group. bodies, adopters: shape (I,).
    Raises ValueError for counts that are not whole, empty groups, more adopters than bodies,
    sizes that are negative or not finite, and where size separates adopters from the others.
    """
    n, y = _counts(bodies, adopters)
    return _fit(np.column_stack([np.ones(n.size), _z(sizes, n.size, floor)]), n, y)._replace(
        floor=float(floor))


def predict(fit: LogitFit, sizes: ArrayLike, level: float = 0.95):
    """Share adopted at the sizes, and its pointwise interval: three arrays, each (len(sizes),).

    fit: of :func:`size_logit`. The interval is the normal one for the logit.
    """
    z = _z(sizes, np.size(sizes), fit.floor)
    design = np.column_stack([np.ones(z.size), z])
    logit = design @ fit.params
    reach = _level(level) * np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))
    return expit(logit), expit(logit - reach), expit(logit + reach)


def odds_ratio_per_doubling(sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *,
                            floor: float, level: float = 0.95) -> Interval:
    """Odds ratio of adoption per doubling of size, with its profile-likelihood interval.

    Arguments and errors as for :func:`size_logit`.
    """
    n, y = _counts(bodies, adopters)
    z = _z(sizes, n.size, floor)
    return _coefficient(np.column_stack([np.ones(n.size), z - z.mean()]), n, y, 1, level)


def half_size(sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *,
              floor: float, level: float = 0.95) -> Interval:
    """Size at which half of the bodies have adopted, with its profile-likelihood interval.

    Arguments and errors as for :func:`size_logit`; ValueError also where adoption is not related
    to size at this level, for then no size is ruled out.
    """
    n, y = _counts(bodies, adopters)
    z = _z(sizes, n.size, floor)
    reach = _level(level)
    best = size_logit(sizes, n, y, floor=floor)
    a, b = best.params
    if _fit(np.ones((n.size, 1)), n, y).deviance - best.deviance <= reach**2:
        raise ValueError(f"expected adoption related to size, found a slope of {b:.3g} that may "
                         f"be 0 at level {level}: no size is ruled out")
    # Fixing the size fixes the line's root: what is left is a slope through it.
    by_params = np.array([-1 / b, a / b**2])
    ends = _profile(lambda root: _fit((z - root)[:, None], n, y).deviance, -a / b,
                    np.sqrt(by_params @ best.covariance @ by_params), best.deviance, reach)
    return Interval(*(float(2.0**v) for v in (-a / b, *ends)))


def curvature_test(sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *,
                   floor: float) -> RatioTest:
    """Likelihood-ratio test of a straight line against a parabola in log2(size)."""
    n, y = _counts(bodies, adopters)
    z = _z(sizes, n.size, floor)
    z = z - z.mean()
    statistic = (_fit(np.column_stack([np.ones(n.size), z]), n, y).deviance
                 - _fit(np.column_stack([np.ones(n.size), z, z**2]), n, y).deviance)
    return RatioTest(statistic, float(chi2.sf(statistic, 1)))


def odds_ratio_at_equal_size(sizes: ArrayLike, marked: ArrayLike, bodies: ArrayLike,
                             adopters: ArrayLike, *, floor: float,
                             level: float = 0.95) -> Interval:
    """Odds ratio of adoption, marked groups (1) against the others (0) at the same size.

    marked: shape (I,), 0 or 1. Other arguments and errors as for :func:`size_logit`. The
    interval is that of the profile likelihood; size enters as log2(size).
    """
    n, y = _counts(bodies, adopters)
    z, x = _z(sizes, n.size, floor), _indicator(marked, n.size)
    return _coefficient(np.column_stack([np.ones(n.size), z - z.mean(), x]), n, y, 2, level)


def equal_size_test(sizes: ArrayLike, marked: ArrayLike, bodies: ArrayLike,
                    adopters: ArrayLike, *, floor: float) -> RatioTest:
    """Likelihood-ratio test that marked groups and others of the same size adopt alike."""
    n, y = _counts(bodies, adopters)
    z, x = _z(sizes, n.size, floor), _indicator(marked, n.size)
    line = np.column_stack([np.ones(n.size), z - z.mean()])
    statistic = _fit(line, n, y).deviance - _fit(np.column_stack([line, x]), n, y).deviance
    return RatioTest(statistic, float(chi2.sf(statistic, 1)))


def odds_ratio_within_strata(strata: ArrayLike, marked: ArrayLike, bodies: ArrayLike,
                             adopters: ArrayLike, level: float = 0.95) -> Interval:
    """Mantel-Haenszel odds ratio of adoption, marked (1) against the others (0) of a stratum.

    strata: shape (I,), which groups are compared with each other; nothing is supposed about how
    adoption varies between strata. Strata that lack one side, or in which all or none have
    adopted, say nothing. The interval is the normal one on the logarithm with the variance of
    Robins, Breslow and Greenland (1986, Biometrics 42, 311-323).
    Raises ValueError for counts as in :func:`size_logit` and where no stratum says anything.
    """
    n, y = _counts(bodies, adopters)
    strata, x = np.asarray(strata), _indicator(marked, n.size)
    _level(level)
    if strata.shape != n.shape:
        raise ValueError(f"expected a stratum for each of {n.size} groups, found {strata.size}")
    found = []
    for stratum in np.unique(strata):
        here = [(strata == stratum) & (x == side) for side in (1, 0)]
        table = np.array([[y[i].sum(), (n - y)[i].sum()] for i in here])
        if table.sum(axis=0).all() and table.sum(axis=1).all():
            found.append(table)
    tables = np.array(found)
    if not found or not ((tables[:, 0, 0] * tables[:, 1, 1]).any()
                         and (tables[:, 0, 1] * tables[:, 1, 0]).any()):
        raise ValueError("expected a stratum that holds adopters and others on both sides, "
                         "found none")
    pooled = StratifiedTable(list(tables))
    lower, upper = pooled.oddsratio_pooled_confint(alpha=1 - level)
    return Interval(float(pooled.oddsratio_pooled), float(lower), float(upper))
