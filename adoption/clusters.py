"""Bodies that move together: what clusters do to a logit, and how much the clusters differ.

Bodies of one cluster (a region, say) may be more alike than their sizes tell, because they decide
together or share something that nobody measured.

Where adopters are known by cluster, the binomial logit

    log(P(adopted) / P(not adopted)) = x' b (+ u of the cluster)

needs no single answers: with the explaining variables of all bodies known, each cluster's sum of x
over its adopters (:class:`Clusters`) says as much about b and u as the answers themselves.

Where only counts and medians of all clusters together are known, nothing in them tells how alike
the bodies of a cluster are. :func:`added_covariance` and :func:`median_test_size` say what
follows if the intercepts have a standard deviation that is known from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.special import expit, logsumexp
from scipy.special import logit as log_odds
from scipy.stats import hypergeom, norm

from adoption import checks
from adoption.curve import curvature, probabilities, profile_interval
from adoption.moments import log_size
from adoption.tables import Interval, proportion_interval

NODES = 25  # of the quadrature over a cluster's intercept, laid around its likeliest value
STEPS = 100  # of Newton's method, which needs about six


@dataclass(frozen=True)
class Clusters:
    """Bodies in groups of equal explaining variables, and what is known of each cluster's adopters.

    cluster: shape (R,), the cluster of each group, from 0 to C - 1; groups are sorted by it.
    design: shape (R, P), the explaining variables of each group, 1 in the first column.
    bodies: shape (R,), bodies of each group, at least 0 (a fraction where a group is estimated).
    sums: shape (C, P), the explaining variables added up over the adopters of each cluster; the
        first column is their number.

    ValueError is raised for arguments that are not so, fewer than two clusters, a cluster with
    more adopters than bodies, and explaining variables that determine each other.
    """

    cluster: np.ndarray
    design: np.ndarray
    bodies: np.ndarray
    sums: np.ndarray

    def __post_init__(self):
        sums, design = checks.numbers("sums", self.sums), checks.numbers("design", self.design)
        if sums.ndim != 2 or len(sums) < 2:
            raise ValueError(f"sums: expected a row for each of two or more clusters, found shape {sums.shape}")
        cluster = checks.whole_vector("cluster", self.cluster)
        if design.shape != (cluster.size, sums.shape[1]):
            raise ValueError(f"design: expected shape {(cluster.size, sums.shape[1])}, found {design.shape}")
        bodies = checks.vector("bodies", self.bodies, cluster.size, least=0).astype(float)
        if not np.array_equal(np.unique(cluster), np.arange(len(sums))):
            raise ValueError(f"cluster: expected each of 0 to {len(sums) - 1}, found {np.unique(cluster).tolist()}")
        if (design[:, 0] != 1).any():
            raise ValueError(f"design: expected 1 in the first column, found {design[design[:, 0] != 1][0, 0]:g}")
        held = np.bincount(cluster, bodies)
        wrong = np.flatnonzero((sums[:, 0] < 0) | (sums[:, 0] > held + 1e-9))
        if wrong.size:
            at = wrong[0]
            raise ValueError(f"sums: expected 0 to {held[at]:g} adopters in cluster {at}, found {sums[at, 0]:g}")
        if np.linalg.matrix_rank(design[bodies > 0]) < design.shape[1]:
            raise ValueError("design: expected columns that do not determine each other, found some that do")
        order = np.argsort(cluster, kind="stable")  # a cluster's groups stand together
        rows = {"cluster": cluster[order], "design": design[order].astype(float), "bodies": bodies[order]}
        for name, array in {**rows, "sums": sums.astype(float)}.items():
            object.__setattr__(self, name, array)

    @cached_property
    def _mean(self) -> np.ndarray:
        """Where the columns are centred for the searches, (P,): 0 in the first."""
        mean = self.bodies @ self.design / self.bodies.sum()
        mean[0] = 0
        return mean

    @cached_property
    def _first(self) -> np.ndarray:
        """Where each cluster's groups begin, (C,)."""
        return np.searchsorted(self.cluster, np.arange(len(self.sums)))

    def add(self, values: np.ndarray, axis: int = 0) -> np.ndarray:
        """Values of the groups, in the order of `cluster`, added up by cluster along an axis."""
        return np.add.reduceat(values, self._first, axis=axis)

    def expected(self, params: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Adopters of each cluster expected at these params, and the variance of their number: (C,) each."""
        chance = expit(self.design @ self._params(params))
        return self.add(self.bodies * chance), self.add(self.bodies * chance * (1 - chance))

    def _params(self, params) -> np.ndarray:
        return checks.vector("params", params, self.design.shape[1]).astype(float)


def logit(data: Clusters) -> np.ndarray:
    """Maximum likelihood of the logit without clusters: params (P,).

    ValueError where the explaining variables separate adopters from the others.
    """
    total = data.sums.sum(axis=0)
    centred = data.design - data._mean
    aim = total - total[0] * data._mean
    params = np.zeros(aim.size)
    for _ in range(STEPS):
        chance = expit(centred @ params)
        gradient = aim - (data.bodies * chance) @ centred
        information = (centred.T * (data.bodies * chance * (1 - chance))) @ centred
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        params = params + step * min(1, 5 / np.abs(step).max(initial=1e-300))
        if np.abs(step).max() < 1e-10:
            return _uncentred(params, data)
        if np.abs(centred @ params).max() > 200:
            break
    raise ValueError(
        "sums: expected adopters and others with overlapping explaining variables, found "
        "groups that these separate: the estimate is not finite"
    )


def _uncentred(params, data):
    return np.append(params[0] - data._mean @ params, params[1:])


def robust_covariance(data: Clusters, params: ArrayLike) -> np.ndarray:
    """Covariance (P, P) of a logit's params that holds when bodies of a cluster are not independent.

    params: shape (P,), the estimate.

    The sandwich of Liang and Zeger (1986, Biometrika 73, 13-22): the inverse information on either
    side of the summed squares of the clusters' scores, with the factor C / (C - 1). It is right
    for many clusters, none of which dominates.
    """
    params = data._params(params)
    chance = expit(data.design @ params)
    information = (data.design.T * (data.bodies * chance * (1 - chance))) @ data.design
    scores = data.sums - data.add((data.bodies * chance)[:, None] * data.design)
    bread, count = np.linalg.inv(information), len(scores)
    return bread @ (scores.T @ scores) @ bread * (count / (count - 1))


def odds_ratio(params: ArrayLike, covariance: ArrayLike, level: float = 0.95) -> Interval:
    """Exponential of the last of the params, with the normal interval and the p-value that it is 1.

    params, covariance: shape (P,), (P, P); of :func:`robust_covariance`, for instance.
    """
    params, covariance = checks.vector("params", params), checks.numbers("covariance", covariance)
    error, reach = np.sqrt(covariance[-1, -1]), norm.ppf((1 + checks.level(level)) / 2)
    ends = params[-1] + reach * error * np.array([0, -1, 1])
    return Interval(*map(float, np.exp(ends)), float(2 * norm.sf(abs(params[-1]) / error)))


def half_size(params: ArrayLike, covariance: ArrayLike, level: float = 0.95) -> Interval:
    """Size at which half have adopted, with the normal interval of its logarithm (delta method).

    params, covariance: shape (2,), (2, 2), of a logit on log2(size).
    """
    a, b = checks.vector("params", params, 2)
    by_params = np.array([-1 / b, a / b**2])
    error = np.sqrt(by_params @ checks.numbers("covariance", covariance) @ by_params)
    reach = norm.ppf((1 + checks.level(level)) / 2)
    return Interval(*(float(2.0**z) for z in -a / b + reach * error * np.array([0, -1, 1])))


class RandomIntercept(NamedTuple):
    """A logit with an intercept of its own for each cluster, drawn from a normal distribution.

    params: shape (P,), as for bodies of one cluster. covariance: shape (P, P), of the params.
    sd: of the intercepts, with its interval; p_value of the test that it is 0.
    loglik: apart from a constant that depends on the data only.
    """

    params: np.ndarray
    covariance: np.ndarray
    sd: Interval
    loglik: float


def random_intercept(data: Clusters, level: float = 0.95) -> RandomIntercept:
    """Maximum likelihood of the logit with normal intercepts by cluster.

    level: of the profile-likelihood interval of the standard deviation, which may begin at 0.

    The intercepts are integrated out by adaptive Gauss-Hermite quadrature (Pinheiro and Bates
    1995, Journal of Computational and Graphical Statistics 4, 12-35). The p-value that the
    standard deviation is 0 is half that of a chi-square on one degree of freedom, for 0 is the
    end of what is possible. ValueError as for :func:`logit`, and where no maximum is found.
    """
    checks.level(level)
    start = logit(data)
    start = np.append(start[0] + data._mean @ start, start[1:])
    centred = Clusters(data.cluster, data.design - data._mean, data.bodies, data.sums - data.sums[:, :1] * data._mean)

    def fit(sd=None, begin=start):
        """Highest log-likelihood, at one sd or over all: value and (params, sd)."""
        free = begin if sd is not None else np.append(begin, 0.5)

        def negative(at):
            value, gradient = _marginal(centred, at[: start.size], at[-1] if sd is None else sd)
            return -value, -gradient[: at.size]

        search = minimize(negative, free, jac=True, method="BFGS", options={"gtol": 1e-6})
        if np.abs(search.jac).max() > 1e-3:
            raise ValueError(f"sums: expected a likelihood with a maximum, found none ({search.message})")
        return -search.fun, search.x if sd is None else np.append(search.x, sd)

    best, at = fit()
    none, _ = fit(0.0)
    if none >= best - 1e-10:
        best, at = none, np.append(start, 0.0)
    params, sd = at[:-1], abs(at[-1])
    information = curvature(lambda at: _marginal(centred, at[:-1], at[-1])[1], at, np.full(at.size, 1e-4))
    error = 1 / np.sqrt(information[-1, -1]) if information[-1, -1] > 0 and sd > 0 else 0.1
    lower, upper = profile_interval(
        lambda value: 2 * (best - fit(value, params)[0]), sd, error, level, limits=(0.0, np.inf)
    )
    by_params = information if sd > 0 else information[:-1, :-1]
    covariance = np.linalg.inv(by_params)[: params.size, : params.size]
    back = np.eye(params.size)
    back[0] -= data._mean
    return RandomIntercept(
        _uncentred(params, data),
        back @ covariance @ back.T,
        Interval(sd, max(lower, 0.0), upper, float(norm.sf(np.sqrt(max(2 * (best - none), 0))))),
        best,
    )


def _marginal(data, params, sd):
    """Log-likelihood with the intercepts integrated out, and its gradient by params and sd."""
    eta, adopters = data.design @ params, data.sums[:, 0]

    def logits(u):  # u: (..., C), the clusters' intercepts in standard deviations
        return eta + sd * u[..., data.cluster]

    def expected(u):
        chance = expit(logits(u))
        return data.add(data.bodies * chance), data.add(data.bodies * chance * (1 - chance))

    likeliest = np.zeros(adopters.size)
    for _ in range(STEPS):
        mean, variance = expected(likeliest)
        step = (sd * (adopters - mean) - likeliest) / (1 + sd**2 * variance)
        likeliest = likeliest + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    width = 1 / np.sqrt(1 + sd**2 * expected(likeliest)[1])

    nodes, weights = np.polynomial.hermite.hermgauss(NODES)
    u = likeliest + np.sqrt(2) * width * nodes[:, None]
    at = logits(u)
    given = data.sums @ params + sd * u * adopters - data.add(data.bodies * np.logaddexp(0, at), axis=1)
    heights = given - u**2 / 2 + np.log(width / np.sqrt(np.pi)) + (np.log(weights) + nodes**2)[:, None]
    each = logsumexp(heights, axis=0)
    share = np.exp(heights - each)  # (Q, C), of the nodes in each cluster's likelihood
    weighed = data.bodies * expit(at)
    by_sd = np.sum(share * u * (adopters - data.add(weighed, axis=1)))
    by_params = data.sums.sum(axis=0) - np.sum(share[:, data.cluster] * weighed, axis=0) @ data.design
    return each.sum(), np.append(by_params, by_sd)


def median_odds_ratio(sd: ArrayLike) -> np.ndarray | float:
    """Odds ratio between two bodies of equal size from two clusters, the more likely first, in the median.

    sd: of the clusters' intercepts, at least 0. Source: Larsen and Merlo (2005, American Journal
    of Epidemiology 161, 81-88).
    """
    return np.exp(np.sqrt(2) * norm.ppf(0.75) * checks.numbers("sd", sd, least=0))


class Heterogeneity(NamedTuple):
    """Squared distances of the clusters' adopters from what is expected, in variances, and the p-value."""

    statistic: float
    p_value: float


def heterogeneity(data: Clusters, replicates: int = 9999, seed: int = 20231231) -> Heterogeneity:
    """Whether clusters differ by more than their bodies' explaining variables and chance.

    replicates, seed: of the simulation. Bodies must be whole numbers, else ValueError.

    The statistic is the sum over clusters of (adopters - expected)^2 / variance. It is compared
    with that of replicates in which every body adopts by itself with the fitted chance; each
    replicate is fitted anew, by two steps of Newton's method, for the observed one was fitted too.
    The p-value is (1 + replicates that reach the observed) / (1 + replicates).
    """
    replicates = checks.whole("replicates", replicates, 1)
    bodies = checks.whole_vector("bodies", data.bodies)
    params = logit(data)
    expected, variance = data.expected(params)
    statistic = float(np.sum((data.sums[:, 0] - expected) ** 2 / variance))

    rng, reached = np.random.default_rng(seed), 0
    chance = expit(data.design @ params)
    for part in np.array_split(np.arange(replicates), -(-replicates // 500)):
        drawn = rng.binomial(bodies, chance, (part.size, bodies.size)).astype(float)
        found = np.tile(params, (part.size, 1))
        for _ in range(2):
            mean = expit(found @ data.design.T)
            gradient = (drawn - bodies * mean) @ data.design
            information = np.einsum(
                "sr,rp,rq->spq", bodies * mean * (1 - mean), data.design, data.design, optimize=True
            )
            found = found + np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        mean = expit(found @ data.design.T)
        distance = data.add(drawn - bodies * mean, axis=1)
        spread = data.add(bodies * mean * (1 - mean), axis=1)
        reached += int(np.sum((distance**2 / spread).sum(axis=1) >= statistic))
    return Heterogeneity(statistic, (1 + reached) / (1 + replicates))


def two_points(
    bodies: ArrayLike, sizes: ArrayLike, logs: ArrayLike, squares: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Two log2 sizes for each cell of bodies and how many stand at each, from three sums: (2, R) each.

    bodies: shape (R,), of each cell, at least 1.
    sizes, logs, squares: shape (R,), sums over its bodies of size, log2(size) and its square.

    A curve summed over the two points is close to the sum over the bodies: number, mean, variance
    and mean size are kept, the last as far as two points can (otherwise they are symmetric).
    """
    bodies = checks.vector("bodies", bodies, least=1).astype(float)
    size, mean, square = (
        checks.vector(name, sums, bodies.size, least=0) / bodies
        for name, sums in (("sizes", sizes), ("logs", logs), ("squares", squares))
    )
    spread = np.sqrt(np.maximum(square - mean**2, 0))

    def points(skew, mean, spread):  # mean 0, variance 1, the upper with share 1 / (1 + skew^2)
        z = np.array([mean + spread * skew, mean - spread / skew])
        return z, np.array([1, skew**2]) / (1 + skew**2)

    found = []
    for aim, *cell in zip(size, mean, spread, strict=True):

        def excess(log_skew, aim=aim, cell=cell):
            z, share = points(np.exp(log_skew), *cell)
            return share @ 2.0**z - aim

        ends = -3.0, 3.0
        reached = excess(ends[0]) < 0 < excess(ends[1])
        found.append(points(np.exp(brentq(excess, *ends)) if reached else 1.0, *cell))
    z, share = np.array(found).transpose(1, 2, 0)
    return z, share * bodies


# --- counts and medians -------------------------------------------------------------------------


def within_clusters(shares: ArrayLike, intercepts: ArrayLike, sd: float) -> np.ndarray:
    """Shares of the stages among bodies of one size in clusters with these intercepts, (..., R, K).

    shares: shape (R, K), among all bodies of each size, the furthest stage first.
    intercepts: shape (..., R) or one that fits it, of which sd is the standard deviation.

    An intercept shifts the log-odds of being at stage k or further alike for every k. Before that
    they are stretched by sqrt(1 + 0.346 sd^2), so that over all clusters the shares are nearly
    those given (Zeger, Liang and Albert 1988, Biometrics 44, 1049-1060).
    """
    reached = np.clip(np.cumsum(shares, axis=1)[:, :-1], 1e-12, 1 - 1e-12)
    logits = np.sqrt(1 + 0.346 * sd**2) * log_odds(reached) + np.asarray(intercepts)[..., None]
    return np.diff(expit(logits), axis=-1, prepend=0, append=1)


def added_covariance(
    model: str,
    params: ArrayLike,
    cluster: ArrayLike,
    sizes: ArrayLike,
    bodies: ArrayLike,
    medians: ArrayLike,
    sd: float,
    *,
    floor: float,
) -> np.ndarray:
    """What clusters add to the covariance of counts and medians (:mod:`adoption.moments`), (M, M).

    model, params: as for :func:`adoption.curve.probabilities`, of all bodies of a size together.
    cluster, sizes, bodies: shape (R,), the frame of the medians by cluster; a cluster's bodies may
        be binned by size, with bins cut at the medians.
    medians: shape (K,), of the stages, the furthest first.
    sd: of the clusters' normal intercepts, which shift the log-odds of being at stage k or further
        alike for every k.
    floor: smaller sizes count as this in logarithms.

    By the law of total covariance V = E[Cov(T | u)] + Cov(E[T | u]); this is V less the covariance
    of independent bodies, by nine Gauss-Hermite nodes of :func:`within_clusters`. A member known
    to stand at its median is treated as any other. ValueError for arguments that are not so.
    """
    cluster, medians = checks.whole_vector("cluster", cluster), checks.vector("medians", medians)
    sizes = checks.vector("sizes", sizes, cluster.size)
    bodies = checks.vector("bodies", bodies, cluster.size, least=0).astype(float)
    sd, z = checks.inside("sd", sd, 0, np.inf), log_size(sizes, floor=floor)
    counted = np.vstack([np.ones((medians.size - 1, z.size)), sizes < medians[:, None]])
    shares = probabilities(model, params, z)[0]
    if shares.shape[1] != medians.size:
        raise ValueError(f"medians: expected {shares.shape[1]}, one for each stage, found {medians.size}")
    nodes, weights = np.polynomial.hermite.hermgauss(9)
    stages = within_clusters(shares, np.sqrt(2) * sd * nodes[:, None], sd)  # (Q, R, K): at each node
    stage = np.concatenate([np.arange(medians.size - 1), np.arange(medians.size)])
    each = counted * stages.transpose(0, 2, 1)[:, stage]  # (Q, M, R): expected of one body
    weights = weights / np.sqrt(np.pi)
    each -= np.tensordot(weights, each, axes=1)
    member = np.zeros((cluster.size, cluster.max() + 1))
    member[np.arange(cluster.size), cluster] = bodies
    whole = each @ member
    # Pairs of two bodies of a cluster: all pairs less each body with itself.
    pairs = whole @ whole.transpose(0, 2, 1) - (each * bodies) @ each.transpose(0, 2, 1)
    return np.tensordot(weights, pairs, axes=1)


def median_test_size(
    cluster: ArrayLike,
    bodies: ArrayLike,
    members: int,
    sd: float,
    level: float = 0.05,
    replicates: int = 2000,
    seed: int = 20200228,
) -> Interval:
    """How often the exact median test rejects at a level though size plays no part, by simulation.

    cluster, bodies: shape (R,), the frame by cluster and size, in ascending order of size.
    members: of the stage, on average. sd: of the clusters' normal intercepts.

    In each replicate bodies are members by themselves, with a chance that is their cluster's. The
    two-sided test (:func:`adoption.medians.median_test`) supposes random allocation. An even group
    leaves one member out; bodies of one interval stand in a random order. The interval is that of
    Clopper and Pearson, 95 %. ValueError for arguments that are not so.
    """
    cluster = checks.whole_vector("cluster", cluster)
    bodies = checks.whole_vector("bodies", bodies, cluster.size)
    total = int(bodies.sum())
    checks.whole("members", members, 1, total - 1)
    checks.whole("replicates", replicates, 1)
    sd, level = checks.inside("sd", sd, 0, np.inf), checks.level(level)
    rng = np.random.default_rng(seed)
    place = np.lexsort((rng.random(total), np.repeat(np.arange(bodies.size), bodies)))
    own = np.repeat(cluster, bodies)[place]
    middle = log_odds(members / total) * np.sqrt(1 + 0.346 * sd**2)
    counts, ranks = [], []
    for _ in range(replicates):
        chance = expit(middle + sd * rng.normal(size=cluster.max() + 1))
        chosen = np.flatnonzero(rng.random(total) < chance[own])
        if chosen.size % 2 == 0:  # nobody at all is as good as a member in the middle: no evidence
            chosen = np.delete(chosen, rng.integers(chosen.size)) if chosen.size else np.array([total // 2])
        counts.append(chosen.size)
        ranks.append(chosen[chosen.size // 2])
    counts, ranks = np.array(counts), np.array(ranks)
    above, below = (hypergeom.sf(counts // 2, total, side, counts) for side in (total - ranks, ranks + 1))
    return proportion_interval(int(np.sum(2 * np.minimum(above, below) <= level)), replicates)
