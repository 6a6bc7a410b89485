"""A curve from counts and medians: logit models fitted to what a table of groups prints.

A survey sorts N bodies into K ordered stages and prints, for each stage, the number of bodies and
their median size.  The sizes of all N bodies are known from elsewhere (the frame); which body is
in which stage is not.  Two models of the stage given the size are fitted to the printed numbers,
with z = log2(size):

``"ordered"``
    P(stage <= k | z) = logistic(a_k + b z), k = 1..K-1: cumulative logit, one slope
    (McCullagh 1980, J. R. Stat. Soc. B 42, 109-142).  b > 0: larger bodies are further along,
    stage 1 being the furthest.  exp(b) is the odds ratio per doubling of size.
``"multinomial"``
    log(P(stage k | z) / P(stage K | z)) = a_k + b_k z, k = 1..K-1: baseline-category logit.

Parameters are always laid out as (a_1..a_{K-1}, b) or (a_1..a_{K-1}, b_1..b_{K-1}).

The likelihood.  Printing the median m_k says how many members of stage k lie below m_k.  So the
data are the moments s = (n_1..n_{K-1}, B_1..B_K), with n_k the members of stage k and B_k those
with size < m_k, which is n_k / 2.  Each is a sum over independent bodies of indicators, hence has
an exact mean and covariance under the model, and is close to normal.  Where one member stands at
the median (an odd n_k), that body is known: it contributes log P(stage k | m_k) and leaves the
frame, and the moments are those of the other bodies, (n_k - 1) / 2 of the stage below m_k.  The
log-likelihood is the sum of these terms and of the normal log-density of s, determinant included.
The misfit J = (s - mean)' cov^-1 (s - mean) is compared with chi-square on
2K - 1 - (number of parameters) degrees of freedom, the over-identification test of Hansen (1982,
Econometrica 50, 1029-1054).  In simulations on a frame of 1,741 bodies
the ordered slope has no visible bias and the multinomial contrast of the first and last stage one
of a quarter of its standard error (results/stored/simulation.csv).

A frame is given as ``sizes`` (ascending) and ``weights`` (bodies of each size): either the bodies
themselves, with weights 1, or bins made by :func:`bin_sizes`.  Bins have to be cut at every
median and just above it (:func:`bin_edges`): the number of bodies below a median is then exact,
and only the sizes within a bin are replaced by their mean.

Logarithms need a ``floor``: sizes below it count as this size.  It is in the unit of the sizes,
and nothing else depends on that unit: a fit remembers its floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.special import expit, logsumexp, softmax
from scipy.stats import chi2, norm

from adoption import checks

MODELS = ("ordered", "multinomial")
STEPS = 60  # widenings of an interval by half: the last step goes 10^10 standard errors far


class ConvergenceError(RuntimeError):
    """No maximum of the likelihood was found; the message says how the search ended."""


# --- the frame -----------------------------------------------------------------------------------


def bin_edges(smallest: float, largest: float, medians: ArrayLike, *, floor: float, per_decade: int = 20) -> np.ndarray:
    """Logarithmic edges from the floor to the largest size, and two around each median.

    smallest, largest: of the sizes to be binned.
    medians: shape (K,); the two edges are the median itself and the next number above it, so
        that bodies at the median have a bin of their own.
    floor: smaller sizes count as this in logarithms.
    per_decade: bins between a size and its tenfold.

    Returns ascending edges in the unit of the sizes. Raises ValueError for sizes that are
    negative, infinite or in the wrong order, and for fewer than one bin a decade.
    """
    if not 0 <= smallest <= largest < np.inf:
        raise ValueError(f"smallest, largest: expected 0 <= smallest <= largest, found {smallest} and {largest}")
    per_decade, floor = checks.whole("per_decade", per_decade, 1), checks.floor(floor)
    medians = checks.vector("medians", medians, least=0)
    low, high = (np.log10(max(size, floor) / floor) for size in (smallest, largest))
    steps = np.arange(np.floor(low * per_decade), np.ceil(high * per_decade) + 1)
    return np.unique(np.concatenate([floor * 10 ** (steps / per_decade), medians, np.nextafter(medians, np.inf)]))


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
    counted: np.ndarray  # (M, I) 1 where the moment counts bodies of this size, else 0
    observed: np.ndarray  # (M,) n_1..n_{K-1}, B_1..B_K
    middle_stage: np.ndarray  # stages with a member at the median, from 0
    middle_z: np.ndarray  # log2 of their medians
    floor: float  # smaller sizes count as this in logarithms

    @property
    def stages(self) -> int:
        return (self.stage.size + 1) // 2


def moments(
    sizes: ArrayLike, weights: ArrayLike, totals: ArrayLike, medians: ArrayLike, odd: ArrayLike, *, floor: float
) -> Moments:
    """Moments of a table of K >= 2 stages.

    sizes, weights: shape (I,), the frame: ascending sizes, and how many bodies have each.
    totals, medians: shape (K,), bodies of each stage and their median size.
    odd: shape (K,), whether one member of the stage stands at its median, with half of the
        others on either side; otherwise half of the total, which may then be a half-integer,
        lies below.
    floor: smaller sizes count as this in logarithms.

    Raises ValueError for input that cannot be such a table, or that says nothing about size.
    """
    floor, sizes = checks.floor(floor), checks.ascending("sizes", sizes, least=0)
    weights = checks.whole_vector("weights", weights, sizes.size, least=1).astype(float)
    totals = checks.whole_vector("totals", totals, least=1).astype(float)
    k = totals.size
    if k < 2:
        raise ValueError(f"totals: expected those of two or more stages, found {k}")
    medians, odd = checks.vector("medians", medians, k, least=0), checks.flags("odd", odd, k)
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
            (medians <= sizes[0]) | (medians > sizes[-1]),
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
    under = below @ rest
    if np.any(totals / 2 > np.minimum(under, rest.sum() - under)):
        raise ValueError(
            f"medians: expected room for half of each stage on either side, found "
            f"halves {(totals / 2).tolist()} with {under.tolist()} of "
            f"{rest.sum():.0f} bodies below"
        )
    if np.all(below == below[0]) or np.any(below.all(axis=1) | ~below.any(axis=1)):
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
    )


def mean_and_covariance(pi: np.ndarray, table: Moments) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exact mean (M,) and covariance (M, M) of the moments, and the chances behind them (M, I).

    pi: shape (I, K), the probability of each stage at each size (:func:`probabilities`).
    """
    chance = table.counted * pi.T[table.stage]  # (M, I): that a body of this size is counted
    mean = chance @ table.weights
    covariance = np.diag(mean) - (chance * table.weights) @ chance.T
    # Stage k's members below the median are among its members: the joint count is B_k.
    n, b = _nested(table)
    covariance[n, b] += mean[b]
    covariance[b, n] += mean[b]
    return mean, covariance, chance


def _nested(table):
    n = np.arange(table.stages - 1)
    return n, n + table.stages - 1


# --- the models ----------------------------------------------------------------------------------


def probabilities(model: str, params: ArrayLike, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(stage | z), shape (I, K), and its derivative by the parameters, shape (I, K, P).

    params: shape (P,), laid out as the module says; ValueError for a number that does not fit.
    z: shape (I,), log2 sizes.
    """
    params = np.asarray(params, float)
    cuts = _stages(model, params) - 1
    eta = params[:cuts] + z[:, None] * params[cuts:]
    by_eta = np.zeros((z.size, cuts + 1, cuts))
    each = np.arange(cuts)
    if model == "ordered":
        below, above = expit(eta), expit(-eta)
        pi = np.empty((z.size, cuts + 1))
        pi[:, 0], pi[:, -1] = below[:, 0], above[:, -1]
        # F(v) - F(u) = F(v) (1 - F(u)) (1 - exp(u - v)): no cancellation in the tails.
        pi[:, 1:-1] = below[:, 1:] * above[:, :-1] * -np.expm1(-np.diff(params[:cuts]))
        by_eta[:, each, each] = below * above
        by_eta[:, each + 1, each] = -below * above
        by_slope = z[:, None, None] * by_eta.sum(axis=2, keepdims=True)
    else:
        pi = softmax(np.column_stack([eta, np.zeros(z.size)]), axis=1)
        by_eta[:] = -pi[:, :, None] * pi[:, None, :-1]
        by_eta[:, each, each] += pi[:, :-1]
        by_slope = z[:, None, None] * by_eta
    return pi, np.concatenate([by_eta, by_slope], axis=2)


def _stages(model, params):
    checks.one_of("model", model, MODELS)
    if model == "multinomial" and params.size % 2 or params.size < 2:
        raise ValueError(f"params: expected those of a {model} model, found {params.size}")
    return params.size if model == "ordered" else params.size // 2 + 1


def log_likelihood(model: str, params: ArrayLike, table: Moments) -> tuple[float, np.ndarray]:
    """Log-likelihood of the moments and its gradient by the parameters."""
    params = np.asarray(params, float)
    pi, d_pi = probabilities(model, params, table.z)
    mean, covariance, chance = mean_and_covariance(pi, table)
    sign, log_det = np.linalg.slogdet(covariance)
    if not (sign > 0 and np.isfinite(log_det)):  # probabilities that are 0 in floating point
        return -np.inf, np.zeros(params.size)
    inverse = np.linalg.inv(covariance)
    residual = table.observed - mean
    u = inverse @ residual
    value = -0.5 * (log_det + residual @ u + mean.size * np.log(2 * np.pi))

    # d value = u' d mean + sum(g * d covariance), and the covariance is made of means and of
    # products of chances; collected, this is a coefficient for each moment and size.
    g = 0.5 * (np.outer(u, u) - inverse)
    by_mean = u + np.diag(g)
    n, b = _nested(table)
    by_mean[b] += 2 * g[n, b]
    by_chance = table.counted * table.weights * (by_mean[:, None] - 2 * g @ chance)
    by_pi = by_chance[table.stages - 1 :]
    by_pi[:-1] += by_chance[: table.stages - 1]
    gradient = by_pi.T.ravel() @ d_pi.reshape(-1, params.size)

    if table.middle_stage.size:
        pi, d_pi = probabilities(model, params, table.middle_z)
        at = np.arange(table.middle_stage.size), table.middle_stage
        value += np.log(pi[at]).sum()
        gradient += (d_pi[at] / pi[at][:, None]).sum(axis=0)
    return float(value), gradient


# Working parameters, in which every real vector is a model: for "ordered" the first cut point, the
# logarithms of the steps to the next ones, and the slope.


def _to_working(model, params):
    if model == "multinomial":
        return params
    return np.concatenate([params[:1], np.log(np.diff(params[:-1])), params[-1:]])


def _from_working(model, working):
    """Parameters (P,) and their derivative by the working parameters (P, P)."""
    jacobian = np.eye(working.size)
    if model == "multinomial":
        return working, jacobian
    steps = np.exp(working[1:-1])
    jacobian[:-1, 1:-1] = np.tril(np.ones((steps.size + 1, steps.size)), -1) * steps
    jacobian[:-1, 0] = 1
    return np.concatenate([working[:1] + np.append(0, np.cumsum(steps)), working[-1:]]), jacobian


# --- the fit -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """A fitted model.  Slopes are log-odds per doubling of size; exp of one is an odds ratio."""

    model: str
    params: np.ndarray  # (P,) cut points or intercepts, then slopes
    covariance: np.ndarray  # (P, P) inverse of the observed information
    loglik: float
    expected: np.ndarray  # (M,) mean of the moments at the fit
    J: float  # misfit of the moments
    df: int
    p_value: float  # of J, chi-square
    moments: Moments

    @property
    def slopes(self) -> np.ndarray:
        """(1,) for "ordered", (K-1,) for "multinomial": stage k against the last."""
        return self.params[self.moments.stages - 1 :]


def fit(
    model: str,
    sizes: ArrayLike,
    weights: ArrayLike,
    totals: ArrayLike,
    medians: ArrayLike,
    odd: ArrayLike,
    *,
    floor: float,
    start: Fit | None = None,
) -> Fit:
    """Maximum of the moment likelihood.

    model: "ordered" or "multinomial".
    start: an earlier fit of the same model to a similar table, which saves time.

    The other arguments are those of :func:`moments`. Raises ValueError for bad input,
    ConvergenceError where no maximum is found (for instance where size separates the stages
    completely).
    """
    checks.one_of("model", model, MODELS)
    if start is not None and start.model != model:
        raise ValueError(f"start: expected a fit of the {model} model, found {start.model}")
    return _fit(model, moments(sizes, weights, totals, medians, odd, floor=floor), start)


def _fit(model, table, start=None):
    if start is None:
        working = _first_guess(model, table)
        scale = _whitening(_information(model, working, table))
    else:
        working = _to_working(model, start.params)
        scale = _whitening(_curvature(model, working, start.moments))

    working = _maximise(lambda w: _working_likelihood(model, w, table), working, scale)
    # A last Newton step, for its size tells how far the search may still have been.
    curvature = _curvature(model, working, table)
    _, gradient = _working_likelihood(model, working, table)
    step = np.linalg.solve(curvature, gradient)
    if np.linalg.eigvalsh(curvature)[0] <= 0 or gradient @ step > 1e-6:
        raise ConvergenceError(
            f"the {model} model has no regular maximum near parameters "
            f"{_from_working(model, working)[0].round(3).tolist()}"
        )
    working = working + step
    params, jacobian = _from_working(model, working)
    mean, covariance, _ = mean_and_covariance(probabilities(model, params, table.z)[0], table)
    residual = table.observed - mean
    misfit = float(residual @ np.linalg.solve(covariance, residual))
    df = mean.size - params.size
    return Fit(
        model=model,
        params=params,
        covariance=jacobian @ np.linalg.inv(curvature) @ jacobian.T,
        loglik=log_likelihood(model, params, table)[0],
        expected=mean,
        J=misfit,
        df=df,
        p_value=float(chi2.sf(misfit, df)),
        moments=table,
    )


def _first_guess(model, table):
    """Working parameters of the model without slope that has about these totals."""
    totals = table.observed[: table.stages - 1]
    totals = np.append(totals, table.weights.sum() - totals.sum()) + 0.5  # none may be 0
    if model == "multinomial":
        return np.concatenate([np.log(totals[:-1] / totals[-1]), np.zeros(totals.size - 1)])
    reached = np.cumsum(totals)
    return _to_working(model, np.append(np.log(reached[:-1] / (reached[-1] - reached[:-1])), 0.0))


def _working_likelihood(model, working, table):
    params, jacobian = _from_working(model, working)
    value, gradient = log_likelihood(model, params, table)
    return value, gradient @ jacobian


def _information(model, working, table):
    """Information in the mean of the moments: positive definite wherever the search starts."""
    params, jacobian = _from_working(model, working)
    pi, d_pi = probabilities(model, params, table.z)
    _, covariance, _ = mean_and_covariance(pi, table)
    d_mean = np.einsum("mi,imp->mp", table.counted * table.weights, d_pi[:, table.stage])
    d_mean = d_mean @ jacobian
    return d_mean.T @ np.linalg.solve(covariance, d_mean)


def _curvature(model, working, table):
    """Observed information: minus the central differences of the analytic gradient."""
    width = 1e-4 * np.maximum(1.0, np.abs(working))
    rows = []
    for j, h in enumerate(width):
        ahead, behind = working.copy(), working.copy()
        ahead[j] += h
        behind[j] -= h
        rows.append(
            (_working_likelihood(model, behind, table)[1] - _working_likelihood(model, ahead, table)[1]) / (2 * h)
        )
    return (np.array(rows) + np.array(rows).T) / 2


def _whitening(information):
    """A with A A' = the inverse: coordinates in which the information is about the identity."""
    try:
        return np.linalg.inv(np.linalg.cholesky(information)).T
    except np.linalg.LinAlgError:
        raise ConvergenceError("the counts and medians do not determine the parameters") from None


def _maximise(likelihood, start, scale):
    """Argmax of ``likelihood`` (value, gradient), searched in coordinates t, start + scale @ t."""

    def negative(t):
        value, gradient = likelihood(start + scale @ t)
        return -value, -scale.T @ gradient

    with np.errstate(all="ignore"):  # trial steps may go where everything is 0 or infinite
        search = minimize(
            negative, np.zeros(start.size), jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 500}
        )
    # BFGS also stops where rounding hides any further gain; the gradient says whether that is it.
    if not (np.isfinite(search.fun) and np.abs(search.jac).max() < 1e-3):
        raise ConvergenceError(
            f"the search ended without a maximum, as where size separates the "
            f"stages: {search.message} (largest gradient "
            f"{np.abs(search.jac).max():.3g} after {search.nit} steps)"
        )
    return start + scale @ search.x


# --- what the fit says ---------------------------------------------------------------------------


def predict(fit: Fit, sizes: ArrayLike) -> np.ndarray:
    """P(stage | size), shape (len(sizes), K); ValueError for sizes that are none."""
    return probabilities(fit.model, fit.params, log_size(sizes, floor=fit.moments.floor))[0]


def band(fit: Fit, sizes: ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise interval for P(stage | size): lower and upper, each (len(sizes), K).

    Delta method on the logit of each probability, with the inverse observed information: it
    supposes that the model holds, and each point stands for itself. Raises ValueError for sizes
    that are none and a level that is not between 0 and 1.
    """
    pi, d_pi = probabilities(fit.model, fit.params, log_size(sizes, floor=fit.moments.floor))
    variance = np.einsum("ikp,pr,ikr->ik", d_pi, fit.covariance, d_pi)
    logit = np.log(pi) - np.log1p(-pi)
    reach = norm.ppf((1 + checks.level(level)) / 2) * np.sqrt(variance) / (pi * (1 - pi))
    return expit(logit - reach), expit(logit + reach)


def slope_deviance(fit: Fit, slope: float, stage: int = 1) -> float:
    """Twice the log-likelihood lost by fixing a slope: chi-square on 1 df if it is the true one.

    slope: log-odds per doubling.
    stage: which slope of a multinomial model; the ordered model has one. ValueError for a stage
        without a slope of its own.
    """
    index = _slope_index(fit, stage)
    return _deviance(fit, index, lambda free: (slope, np.zeros(free.size)))


def slope_interval(fit: Fit, stage: int = 1, level: float = 0.95) -> tuple[float, float]:
    """Profile-likelihood interval of a slope; exp of its ends is one of the odds ratio.

    stage: as for :func:`slope_deviance`.
    level: between 0 and 1, else ValueError.
    """
    index = _slope_index(fit, stage)
    return profile_interval(
        lambda slope: slope_deviance(fit, slope, stage), fit.params[index], np.sqrt(fit.covariance[index, index]), level
    )


def size_deviance(fit: Fit, size: float, probability: float = 0.5) -> float:
    """Twice the log-likelihood lost by fixing P(stage 1 | size) = probability."""
    z, cuts = float(log_size(size, floor=fit.moments.floor)), fit.moments.stages - 1
    logit = np.log(probability / (1 - probability))

    def first_cut(free):  # the one that gives the probability, and its derivative
        by_free = np.zeros(free.size)
        if fit.model == "ordered":
            by_free[-1] = -z
            return logit - free[-1] * z, by_free
        a, b = free[: cuts - 1], free[cuts:]
        others = np.append(a + b * z, 0.0)
        share = softmax(others)[:-1]
        by_free[: cuts - 1], by_free[cuts - 1], by_free[cuts:] = share, -z, share * z
        return logit + logsumexp(others) - free[cuts - 1] * z, by_free

    return _deviance(fit, 0, first_cut)


def size_at(fit: Fit, probability: float = 0.5, level: float = 0.95) -> tuple[float, float, float]:
    """Size at which P(stage 1) reaches the probability, with its profile-likelihood interval.

    The interval holds the sizes for which that value of P(stage 1 | size) is not rejected.  Sizes
    are looked for from the floor of the fit to 1,024 times the largest of the frame; an end beyond
    is 0 or inf.  Raises ValueError where the curve passes the probability never or more than once.
    """
    checks.between("probability", probability, 0, 1)
    limits = float(np.log2(fit.moments.floor)), fit.moments.z[-1] + 10

    def excess(z):
        return probabilities(fit.model, fit.params, np.atleast_1d(z))[0][:, 0] - probability

    grid = np.linspace(*limits, 1001)
    crossings = np.flatnonzero(np.diff(excess(grid) > 0))
    if crossings.size != 1:
        raise ValueError(f"probability: expected one size with P(stage 1) = {probability}, found {crossings.size}")
    z = brentq(lambda z: excess(z)[0], *grid[crossings[0] + np.arange(2)], xtol=1e-13)
    _, d_pi = probabilities(fit.model, fit.params, np.array([z - 1e-4, z, z + 1e-4]))
    steepness = (excess(z + 1e-4)[0] - excess(z - 1e-4)[0]) / 2e-4
    error = np.sqrt(d_pi[1, 0] @ fit.covariance @ d_pi[1, 0]) / abs(steepness)
    lower, upper = profile_interval(lambda z: size_deviance(fit, 2.0**z, probability), z, error, level, limits)
    return 2.0**z, 2.0**lower, 2.0**upper


def _slope_index(fit, stage):
    cuts = fit.moments.stages - 1
    if not 1 <= stage <= (1 if fit.model == "ordered" else cuts):
        raise ValueError(
            f"stage: expected one that has a slope of its own against the last, found "
            f"{stage} of {cuts + 1} in the {fit.model} model"
        )
    return cuts + stage - 1


def _deviance(fit, index, rule):
    """2 (maximum - maximum with one working parameter a function of the others).

    ``rule`` gives that parameter and its derivative by the others.
    """
    best = _to_working(fit.model, fit.params)
    start = np.delete(best, index)

    def restricted(free):
        held, by_free = rule(free)
        value, gradient = _working_likelihood(fit.model, np.insert(free, index, held), fit.moments)
        return value, np.delete(gradient, index) + gradient[index] * by_free

    # Start where the quadratic approximation at the fit has its restricted maximum.
    held, by_free = rule(start)
    along = np.insert(np.eye(start.size), index, by_free, axis=0)
    curvature = _curvature(fit.model, best, fit.moments)
    inner = along.T @ curvature @ along
    start -= np.linalg.solve(inner, along.T @ curvature[:, index] * (held - best[index]))
    free = _maximise(restricted, start, _whitening(inner))
    return 2 * (fit.loglik - restricted(free)[0])


def profile_interval(
    deviance: Callable[[float], float],
    estimate: float,
    error: float,
    level: float = 0.95,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[float, float]:
    """Where the deviance reaches the chi-square quantile on either side of the estimate.

    deviance: twice the log-likelihood that fixing the parameter at a value loses.
    error: standard error of the estimate, the scale of the search.
    level: between 0 and 1, else ValueError.
    limits: of the values to look at.

    An end that is not determined is -inf or inf: the deviance does not reach the quantile up to
    the limit, or `STEPS` steps far from the estimate.

    Source: Venzon and Moolgavkar (1988), Applied Statistics 37, 87-94.
    """
    reach = norm.ppf((1 + checks.level(level)) / 2)

    def excess(value):  # the root of the deviance is nearly linear
        return np.sqrt(max(deviance(value), 0.0)) - reach

    def end(side, limit):
        near, far = estimate, estimate + side * reach * error
        for _ in range(STEPS):
            far = limit if side * far > side * limit else far
            if excess(far) >= 0:
                return float(brentq(excess, near, far, xtol=1e-11))
            if far == limit:
                break
            near, far = far, estimate + 1.5 * (far - estimate)
        return side * np.inf

    return end(-1, limits[0]), end(1, limits[1])


# --- bodies outside the base of the medians ------------------------------------------------------


class OutsideFit(NamedTuple):
    """Fixed point of fit and outside bodies, see :func:`fixed_point_outside`."""

    outside: np.ndarray  # (K,) bodies of each stage outside the base
    fit: Fit
    expected: np.ndarray  # (K,) what the fit expects there
    visited: int  # vectors tried


def allowed_outside(
    published: ArrayLike, odd: ArrayLike | None, outside: int, least: ArrayLike | None = None
) -> np.ndarray:
    """Every possible number of outside bodies by stage, (vectors, K), in lexicographic order.

    published: shape (K,), totals of all bodies, while the medians are those of the base only.
    odd: shape (K,), whether the number of members in the base is odd; None if that is not known.
    outside: bodies outside the base, p_k of them in stage k.
    least: shape (K,), the fewest that p_k can be; 0 by default.

    At least one body of each stage is left in the base. Raises ValueError for numbers that do
    not go together.
    """
    first, last, step = _outside_limits(published, odd, outside, least)
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


def nearest_outside(
    expected: ArrayLike, published: ArrayLike, odd: ArrayLike | None, outside: int, least: ArrayLike | None = None
) -> np.ndarray:
    """The vector of :func:`allowed_outside` nearest to an expectation, in Euclidean distance.

    expected: shape (K,).

    Where two are equally near, the one with more bodies in the earlier stages. Raises ValueError
    where none is allowed.
    """
    p, last, step = _outside_limits(published, odd, outside, least)
    expected = checks.vector("expected", expected, p.size, least=0)
    # The squared distance is a sum of convex functions of one p_k each: handing the bodies out
    # step by step where they cost least, that is where most are missing, is exact.
    while p.sum() < outside and np.any(p + step <= last):
        missing = np.where(p + step <= last, expected - p, -np.inf)
        p[np.argmax(np.round(missing, 9))] += step
    if p.sum() != outside:
        raise ValueError(f"outside: expected a number that the stages can share, found {outside}")
    return p


def fixed_point_outside(
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
) -> OutsideFit:
    """Fit whose own expectation of the outside bodies is nearest to the numbers taken for them.

    sizes, weights: shape (I,), the base of the medians, as for :func:`moments`.
    published, odd, least: shape (K,), as for :func:`allowed_outside`. Without `odd` half of each
        total lies below its median, whatever its parity.
    outside_sizes: shape (O,), the bodies that the published totals also count.
    floor: smaller sizes count as this in logarithms.

    Fit, expect, take the nearest allowed vector (:func:`nearest_outside`), until it stays.
    Should the search run in a circle, the vector of the circle with the highest likelihood is
    taken. Raises as :func:`fit` and :func:`nearest_outside`.
    """
    outside_sizes = checks.vector("outside_sizes", outside_sizes, least=0)
    published = checks.whole_vector("published", published, least=1)
    middle, count = np.zeros(published.size) if odd is None else odd, outside_sizes.size
    p = nearest_outside(count * published / published.sum(), published, odd, count, least)
    tried, latest = {}, None
    while tuple(p) not in tried:
        latest = fit(model, sizes, weights, published - p, medians, middle, floor=floor, start=latest)
        expected = predict(latest, outside_sizes).sum(axis=0)
        following = nearest_outside(expected, published, odd, count, least)
        tried[tuple(p)] = OutsideFit(p, latest, expected, len(tried) + 1), tuple(following)
        p = following
    circle, at = [], tuple(p)
    while at not in circle:
        circle.append(at)
        at = tried[at][1]
    likeliest = max((tried[at][0] for at in circle), key=lambda outcome: outcome.fit.loglik)
    return likeliest._replace(visited=len(tried))


def fits_over(
    model: str,
    sizes: ArrayLike,
    weights: ArrayLike,
    published: ArrayLike,
    medians: ArrayLike,
    odd: ArrayLike | None,
    vectors: Iterable[ArrayLike],
    *,
    floor: float,
) -> Iterator[Fit]:
    """The fit for each vector of outside bodies, every one started from the one before.

    vectors: each of shape (K,), as :func:`allowed_outside` gives them.

    The other arguments and the errors are those of :func:`fixed_point_outside`.
    """
    published = checks.whole_vector("published", published, least=1)
    middle, latest = np.zeros(published.size) if odd is None else odd, None
    for p in vectors:
        latest = fit(model, sizes, weights, published - p, medians, middle, floor=floor, start=latest)
        yield latest


def _outside_limits(published, odd, outside, least):
    """Smallest and largest p (K,) and the step between allowed values."""
    published = checks.whole_vector("published", published, least=1)
    k = published.size
    checks.whole("outside", outside, 0, int(published.sum()) - 1)
    low = np.zeros(k, int) if least is None else checks.whole_vector("least", least, k)
    step = 1 if odd is None else 2
    if odd is not None:
        low = low + (published - low - checks.flags("odd", odd, k)) % 2
    if np.any(low >= published):
        raise ValueError(
            f"least: expected at least one body of each stage in the base, found "
            f"totals {published.tolist()} of which {low.tolist()} lie outside"
        )
    return low, published - 1, step
