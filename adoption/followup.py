"""Adoption against size when every body's answer is known: grouped binomial logit.

A later survey counts, in each interval of size, the bodies and how many of them have adopted.
With z = log2(size), the size of an interval being the mean of its bodies,

    log(P(adopted) / P(not adopted)) = a + b z (+ c x),

so exp(b) is the odds ratio per doubling of size, -a / b the logarithm of the size at which half
have adopted, and exp(c) the odds ratio between bodies of the same size with and without x.
Intervals are those of the profile likelihood (:func:`adoption.curve.profile_interval`).

Arguments that the functions share:

sizes: shape (I,), mean size of the bodies of each group, at least 0.
bodies, adopters: shape (I,), whole numbers; every group has bodies.
marked: shape (I,), 0 or 1 (False or True).
floor: above 0, in the unit of the sizes; in logarithms smaller sizes count as this.
level: of the interval, between 0 and 1.

ValueError is raised for arguments that are not so, for sizes (and marks) that do not vary, so
that there is nothing to estimate, and where they separate adopters from the others, so that the
estimate is not finite.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import chi2, norm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from adoption import checks
from adoption.curve import log_size, profile_interval
from adoption.tables import Interval

# No adoption rate is a logit of 25 from one half: only where the maximum lies at infinity.
LARGEST_LOGIT = 25


class LogitFit(NamedTuple):
    """A grouped binomial logit on log2(size).

    params: shape (P,), (a, b) or (a, b, c). covariance: shape (P, P), of the params.
    deviance, df: against one rate for each group.
    floor: smaller sizes counted as this in logarithms.
    """

    params: np.ndarray
    covariance: np.ndarray
    deviance: float
    df: int
    floor: float


class RatioTest(NamedTuple):
    """A likelihood-ratio statistic on one degree of freedom and its p-value."""

    statistic: float
    p_value: float


class _Groups(NamedTuple):
    """Checked groups: log2 sizes, bodies, adopters; as arrays of floats."""

    z: np.ndarray
    n: np.ndarray
    y: np.ndarray

    def fit(self, *columns, offset=None):
        """Maximum of the binomial likelihood with these explanatory variables."""
        design = np.column_stack(columns)
        model = sm.GLM(np.column_stack([self.y, self.n - self.y]), design, family=sm.families.Binomial(), offset=offset)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PerfectSeparationWarning)
            best = model.fit(tol=1e-12, maxiter=200)
        logits = design @ best.params + (0 if offset is None else offset)
        if not best.converged or np.abs(logits).max() > LARGEST_LOGIT:
            raise ValueError(
                "adopters: expected adopters and others at overlapping sizes, found "
                "groups that the explaining variables separate: the estimate is not "
                "finite"
            )
        return best

    @property
    def line(self) -> tuple[np.ndarray, np.ndarray]:
        """Explanatory variables of a straight line in log2(size), centred."""
        return np.ones(self.z.size), self.z - self.z.mean()


def _counts(bodies, adopters) -> tuple[np.ndarray, np.ndarray]:
    n = checks.whole_vector("bodies", bodies, least=1)
    y = checks.whole_vector("adopters", adopters, n.size)
    if (y > n).any():
        at = np.flatnonzero(y > n)[0]
        raise ValueError(f"adopters: expected at most {n[at]} at position {at}, found {y[at]}")
    return n.astype(float), y.astype(float)


def _groups(sizes, bodies, adopters, floor, distinct: int = 2) -> _Groups:
    """The groups, of which at least `distinct` have sizes of their own above the floor."""
    n, y = _counts(bodies, adopters)
    z = log_size(checks.vector("sizes", sizes, n.size), floor=floor)
    if np.unique(z).size < distinct:
        raise ValueError(
            f"sizes: expected {distinct} or more that differ (those below the floor "
            f"{floor:g} count as it), found only "
            f"{', '.join(f'{size:g}' for size in np.unique(2**z))}"
        )
    return _Groups(z, n, y)


def _marked(marked, groups: _Groups) -> np.ndarray:
    """The marks, if they say something beside size."""
    x = checks.flags("marked", marked, groups.z.size).astype(float)
    if np.linalg.matrix_rank(np.column_stack([*groups.line, x])) < 3:
        raise ValueError(
            f"marked: expected marks that vary among groups beside their size, found "
            f"{x.sum():.0f} of {x.size} groups marked, as size alone would have it"
        )
    return x


def _odds_ratio(groups: _Groups, *columns, level: float) -> Interval:
    """Exponential of the last variable's coefficient with its profile-likelihood interval."""
    best, (*rest, last) = groups.fit(*columns), columns
    ends = profile_interval(
        lambda value: groups.fit(*rest, offset=value * last).deviance - best.deviance,
        best.params[-1],
        np.sqrt(best.cov_params()[-1, -1]),
        level,
    )
    return Interval(*(float(np.exp(v)) for v in (best.params[-1], *ends)))


def _ratio_test(groups: _Groups, smaller, larger) -> RatioTest:
    statistic = float(groups.fit(*smaller).deviance - groups.fit(*larger).deviance)
    return RatioTest(statistic, float(chi2.sf(statistic, 1)))


def size_logit(
    sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *, floor: float, marked: ArrayLike | None = None
) -> LogitFit:
    """Logit of adoption on log2(size), and on a mark if there is one.

    Arguments and errors: see the module.
    """
    groups = _groups(sizes, bodies, adopters, floor)
    columns = (np.ones(groups.z.size), groups.z) + (() if marked is None else (_marked(marked, groups),))
    best = groups.fit(*columns)
    return LogitFit(best.params, best.cov_params(), float(best.deviance), int(best.df_resid), float(floor))


def predict(fit: LogitFit, sizes: ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share adopted at the sizes, and its pointwise interval: three arrays, each (len(sizes),).

    fit: of :func:`size_logit`. The interval is the normal one for the logit.
    """
    z = log_size(checks.vector("sizes", sizes), floor=fit.floor)
    design = np.column_stack([np.ones(z.size), z])
    logit = design @ fit.params
    reach = norm.ppf((1 + checks.level(level)) / 2) * np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))
    return expit(logit), expit(logit - reach), expit(logit + reach)


def odds_ratio_per_doubling(
    sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *, floor: float, level: float = 0.95
) -> Interval:
    """Odds ratio of adoption per doubling of size, with its profile-likelihood interval.

    Arguments and errors: see the module.
    """
    groups = _groups(sizes, bodies, adopters, floor)
    return _odds_ratio(groups, *groups.line, level=level)


def half_size(
    sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *, floor: float, level: float = 0.95
) -> Interval:
    """Size at which half of the bodies have adopted, with its profile-likelihood interval.

    Arguments and errors: see the module; ValueError also where adoption is not related to size
    at this level, for then no size is ruled out.
    """
    groups = _groups(sizes, bodies, adopters, floor)
    one, z = np.ones(groups.z.size), groups.z
    best = groups.fit(one, z)
    a, b = best.params
    if groups.fit(one).deviance - best.deviance <= chi2.ppf(checks.level(level), 1):
        raise ValueError(
            f"adopters: expected adoption related to size, found a slope of {b:.3g} "
            f"that may be 0 at level {level}: no size is ruled out"
        )
    # Fixing the size fixes the line's root: what is left is a slope through it.
    by_params = np.array([-1 / b, a / b**2])
    ends = profile_interval(
        lambda root: groups.fit(z - root).deviance - best.deviance,
        -a / b,
        np.sqrt(by_params @ best.cov_params() @ by_params),
        level,
    )
    return Interval(*(float(2.0**v) for v in (-a / b, *ends)))


def curvature_test(sizes: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *, floor: float) -> RatioTest:
    """Likelihood-ratio test of a straight line against a parabola in log2(size).

    Arguments and errors: see the module; here three sizes have to differ.
    """
    groups = _groups(sizes, bodies, adopters, floor, distinct=3)
    return _ratio_test(groups, groups.line, (*groups.line, groups.line[1] ** 2))


def odds_ratio_at_equal_size(
    sizes: ArrayLike, marked: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *, floor: float, level: float = 0.95
) -> Interval:
    """Odds ratio of adoption, marked groups against the others at the same size.

    The interval is that of the profile likelihood; size enters as log2(size). Arguments and
    errors: see the module.
    """
    groups = _groups(sizes, bodies, adopters, floor)
    return _odds_ratio(groups, *groups.line, _marked(marked, groups), level=level)


def equal_size_test(
    sizes: ArrayLike, marked: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, *, floor: float
) -> RatioTest:
    """Likelihood-ratio test that marked groups and others of the same size adopt alike.

    Arguments and errors: see the module.
    """
    groups = _groups(sizes, bodies, adopters, floor)
    return _ratio_test(groups, groups.line, (*groups.line, _marked(marked, groups)))


def odds_ratio_within_strata(
    strata: ArrayLike, marked: ArrayLike, bodies: ArrayLike, adopters: ArrayLike, level: float = 0.95
) -> Interval:
    """Mantel-Haenszel odds ratio of adoption, marked groups against the others of a stratum.

    strata: shape (I,), which groups are compared with each other; nothing is supposed about how
        adoption varies between strata. Strata that lack one side, or in which all or none have
        adopted, say nothing.

    The interval is the normal one on the logarithm with the variance of Robins, Breslow and
    Greenland (1986, Biometrics 42, 311-323). Other arguments: see the module. Raises ValueError
    also where no stratum says anything.
    """
    n, y = _counts(bodies, adopters)
    strata, x = np.asarray(strata), checks.flags("marked", marked, n.size)
    if strata.shape != n.shape:
        raise ValueError(f"strata: expected one for each of {n.size} groups, found {strata.size}")
    tables = np.array(
        [
            [[part[(strata == stratum) & (x == side)].sum() for part in (y, n - y)] for side in (True, False)]
            for stratum in np.unique(strata)
        ]
    )
    tables = tables[tables.sum(axis=1).all(axis=1) & tables.sum(axis=2).all(axis=1)]
    (a, b), (c, d) = tables.transpose(1, 2, 0)
    if not ((a * d).any() and (b * c).any()):
        raise ValueError("strata: expected one that holds adopters and others on both sides, found none")
    pooled = StratifiedTable(list(tables))
    ends = pooled.oddsratio_pooled_confint(alpha=1 - checks.level(level))
    return Interval(float(pooled.oddsratio_pooled), *(float(end) for end in ends))
