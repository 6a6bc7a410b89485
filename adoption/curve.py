"""A curve from counts and medians: logit models fitted to what a table of groups prints.

Two models of the stage given the size are fitted to what is printed of N bodies in K ordered stages
(:mod:`adoption.moments`), with z = log2(size):

``"ordered"``
    P(stage <= k | z) = logistic(a_k + b z), k = 1..K-1: cumulative logit, one slope
    (McCullagh 1980, J. R. Stat. Soc. B 42, 109-142).  b > 0: larger bodies are further along,
    stage 1 being the furthest.  exp(b) is the odds ratio per doubling of size.
``"multinomial"``
    log(P(stage k | z) / P(stage K | z)) = a_k + b_k z, k = 1..K-1: baseline-category logit.

Parameters are always laid out as (a_1..a_{K-1}, b) or (a_1..a_{K-1}, b_1..b_{K-1}).

The likelihood. The data are the moments s = (n_1..n_{K-1}, B_1..B_K), close to normal with an exact
mean and covariance under the model. Where one member stands at the median (an odd n_k), that body
is known: it contributes log P(stage k | m_k) and leaves the frame, and the moments are those of the
other bodies, (n_k - 1) / 2 of the stage below m_k. The log-likelihood is the sum of these terms and
of the normal log-density of s, determinant included. The misfit J = (s - mean)' cov^-1 (s - mean)
is compared with chi-square on 2K - 1 - (number of parameters) degrees of freedom, the
over-identification test of Hansen (1982, Econometrica 50, 1029-1054). In simulations on a frame of
1,741 bodies the ordered slope has no visible bias and the multinomial contrast of the first and
last stage one of a quarter of its standard error (results/stored/simulation.csv).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.special import expit, logsumexp, softmax
from scipy.stats import chi2, norm

from adoption import checks
from adoption.moments import Moments, log_size, mean_and_covariance

MODELS = ("ordered", "multinomial")
STEPS = 60  # widenings of an interval by half: the last step goes 10^10 standard errors far


class ConvergenceError(RuntimeError):
    """No maximum of the likelihood was found; the message says how the search ended."""


class NoCrossing(ValueError):
    """A curve that passes a probability never, or more than once."""


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


def law(model: str, params: np.ndarray, table: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Mean (M,) and covariance (M, M) of the moments under a model, with what dependence adds."""
    mean, covariance, _ = mean_and_covariance(probabilities(model, params, table.z)[0], table)
    return mean, covariance if table.added is None else covariance + table.added(model, params, table)


def log_likelihood(model: str, params: ArrayLike, table: Moments) -> tuple[float, np.ndarray]:
    """Log-likelihood of the moments and its gradient by the parameters."""
    params = np.asarray(params, float)
    pi, d_pi = probabilities(model, params, table.z)
    mean, covariance, chance = mean_and_covariance(pi, table)
    if table.added is not None:
        covariance = covariance + table.added(model, params, table)
    sign, log_det = np.linalg.slogdet(covariance)
    if not (sign > 0 and np.isfinite(log_det)):  # probabilities that are 0 in floating point
        return -np.inf, np.zeros(params.size)
    inverse = np.linalg.inv(covariance)
    residual = table.observed - mean
    u = inverse @ residual
    value = -0.5 * (log_det + residual @ u + mean.size * np.log(2 * np.pi))

    g = 0.5 * (np.outer(u, u) - inverse)
    gradient = by_probabilities(u, g, chance, table).ravel() @ d_pi.reshape(-1, params.size)
    if table.added is not None:
        for j, step in enumerate(np.diag(1e-5 * np.maximum(1.0, np.abs(params)))):
            ahead, behind = (table.added(model, params + side * step, table) for side in (1, -1))
            gradient[j] += (g * (ahead - behind)).sum() / (2 * step[j])

    if table.middle_stage.size:
        pi, d_pi = probabilities(model, params, table.middle_z)
        at = np.arange(table.middle_stage.size), table.middle_stage
        value += np.log(pi[at]).sum()
        gradient += (d_pi[at] / pi[at][:, None]).sum(axis=0)
    return float(value), gradient


def by_probabilities(by_mean: np.ndarray, by_covariance: np.ndarray, chance: np.ndarray, table: Moments) -> np.ndarray:
    """Derivative by the probabilities (I, K) of what depends on the moments' mean and covariance.

    by_mean, by_covariance: its derivatives by mean (M,) and by covariance (M, M).
    chance: as :func:`adoption.moments.mean_and_covariance` gives it.

    The covariance is made of means and of products of chances; collected, this is a coefficient
    for each moment and size.
    """
    alike = table.stage[:, None] == table.stage
    by_chance = by_mean[:, None] + (by_covariance * alike) @ table.counted - 2 * by_covariance @ chance
    by_chance *= table.counted * table.weights
    by_pi = np.zeros((table.stages, table.z.size))
    np.add.at(by_pi, table.stage, by_chance)
    return by_pi.T


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
    likelihood: Callable  # (model, params, moments) -> value and gradient

    @property
    def slopes(self) -> np.ndarray:
        """(1,) for "ordered", (K-1,) for "multinomial": stage k against the last."""
        return self.params[self.moments.stages - 1 :]


def fit(model: str, table: Moments, start: Fit | None = None, likelihood: Callable = log_likelihood) -> Fit:
    """Maximum of a likelihood of moments, by default :func:`log_likelihood`.

    model: "ordered" or "multinomial". table: of :func:`adoption.moments.of_table`.
    start: an earlier fit of the same model to a similar table, which saves time.
    likelihood: function of model, parameters and moments that returns the log-likelihood and its
        gradient by the parameters.

    Raises ValueError for bad input, ConvergenceError where no maximum is found (for instance where
    size separates the stages completely).
    """
    checks.one_of("model", model, MODELS)
    if start is not None and start.model != model:
        raise ValueError(f"start: expected a fit of the {model} model, found {start.model}")
    if start is None and likelihood is not log_likelihood:
        with suppress(ConvergenceError):  # with a million bodies, no slope at all is too far away
            start = fit(model, table)
    if start is None:
        working = _to_working(model, without_slope(model, table))
        scale = _whitening(_information(model, working, table))
    else:
        working = _to_working(model, start.params)
        scale = _whitening(_curvature(start.likelihood, model, working, start.moments))

    working = _maximise(lambda w: _working_likelihood(likelihood, model, w, table), working, scale)
    # A last Newton step, for its size tells how far the search may still have been.
    curvature = _curvature(likelihood, model, working, table)
    _, gradient = _working_likelihood(likelihood, model, working, table)
    step = np.linalg.solve(curvature, gradient)
    if np.linalg.eigvalsh(curvature)[0] <= 0 or gradient @ step > 1e-6:
        raise ConvergenceError(
            f"the {model} model has no regular maximum near parameters "
            f"{_from_working(model, working)[0].round(3).tolist()}"
        )
    working = working + step
    params, jacobian = _from_working(model, working)
    mean, covariance = law(model, params, table)
    residual = table.observed - mean
    misfit = float(residual @ np.linalg.solve(covariance, residual))
    df = mean.size - params.size
    return Fit(
        model=model,
        params=params,
        covariance=jacobian @ np.linalg.inv(curvature) @ jacobian.T,
        loglik=likelihood(model, params, table)[0],
        expected=mean,
        J=misfit,
        df=df,
        p_value=float(chi2.sf(misfit, df)),
        moments=table,
        likelihood=likelihood,
    )


def without_slope(model: str, table: Moments) -> np.ndarray:
    """Parameters (P,) of the model without slope that has about these totals."""
    totals = table.observed[: table.stages - 1]
    totals = np.append(totals, table.weights.sum() - totals.sum()) + 0.5  # none may be 0
    if model == "multinomial":
        return np.concatenate([np.log(totals[:-1] / totals[-1]), np.zeros(totals.size - 1)])
    reached = np.cumsum(totals)
    return np.append(np.log(reached[:-1] / (reached[-1] - reached[:-1])), 0.0)


def _working_likelihood(likelihood, model, working, table):
    params, jacobian = _from_working(model, working)
    value, gradient = likelihood(model, params, table)
    return value, gradient @ jacobian


def _information(model, working, table):
    """Information in the mean of the moments: positive definite wherever the search starts."""
    params, jacobian = _from_working(model, working)
    _, d_pi = probabilities(model, params, table.z)
    _, covariance = law(model, params, table)
    d_mean = np.einsum("mi,imp->mp", table.counted * table.weights, d_pi[:, table.stage])
    d_mean = d_mean @ jacobian
    return d_mean.T @ np.linalg.solve(covariance, d_mean)


def _curvature(likelihood, model, working, table):
    """Observed information of the working parameters."""
    steps = 1e-4 * np.maximum(1.0, np.abs(working))
    return curvature(lambda at: _working_likelihood(likelihood, model, at, table)[1], working, steps)


def curvature(gradient: Callable, at: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Minus the central differences of a gradient at a point, symmetric: (P, P)."""
    rows = np.array([(gradient(at - step) - gradient(at + step)) / (2 * step.max()) for step in np.diag(steps)])
    return (rows + rows.T) / 2


def _whitening(information):
    """A with A A' = the inverse: coordinates in which the information is about the identity."""
    try:
        return np.linalg.inv(np.linalg.cholesky(information)).T
    except np.linalg.LinAlgError:
        raise ConvergenceError("the counts and medians do not determine the parameters") from None


def _maximise(likelihood, start, scale, near=1e-5):
    """Argmax of ``likelihood`` (value, gradient), searched in coordinates t, start + scale @ t.

    In these the curvature is about 1, so that the value found is short of the largest by about half
    the square of the largest gradient left. Gradients of :mod:`adoption.box` are rounded at 1e-6.
    """

    def negative(t):
        value, gradient = likelihood(start + scale @ t)
        return -value, -scale.T @ gradient

    with np.errstate(all="ignore"):  # trial steps may go where everything is 0 or infinite
        search = minimize(
            negative, np.zeros(start.size), jac=True, method="BFGS", options={"gtol": near, "maxiter": 500}
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


def projected_slope(fit: Fit) -> float:
    """Slope of the ordered model nearest to a fit of any model: of the least Kullback-Leibler distance.

    That is where an ordered logit of the answers of all bodies would settle (White 1982,
    Econometrica 50, 1-25). Log-odds per doubling.
    """
    share = probabilities(fit.model, fit.params, fit.moments.z)[0] * fit.moments.weights[:, None]

    def nearness(working):
        params, jacobian = _from_working("ordered", working)
        pi, d_pi = probabilities("ordered", params, fit.moments.z)
        pi = np.maximum(pi, 1e-300)
        return (share * np.log(pi)).sum(), (share / pi).ravel() @ d_pi.reshape(-1, params.size) @ jacobian

    start = _to_working("ordered", without_slope("ordered", fit.moments))
    scale = _whitening(_information("ordered", start, fit.moments))
    return float(_from_working("ordered", _maximise(nearness, start, scale, 1e-6))[0][-1])


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
    is 0 or inf.  Raises NoCrossing, a ValueError, where the curve passes the probability never or more than once.
    """
    z, error = log_size_at(fit, probability)
    lower, upper = profile_interval(
        lambda z: size_deviance(fit, 2.0**z, probability), z, error, level, _sizes_looked_at(fit)
    )
    return 2.0**z, 2.0**lower, 2.0**upper


def log_size_at(fit: Fit, probability: float = 0.5) -> tuple[float, float]:
    """log2 of :func:`size_at` and its standard error by the delta method; the same errors."""
    checks.between("probability", probability, 0, 1)

    def excess(z):
        return probabilities(fit.model, fit.params, np.atleast_1d(z))[0][:, 0] - probability

    grid = np.linspace(*_sizes_looked_at(fit), 1001)
    crossings = np.flatnonzero(np.diff(excess(grid) > 0))
    if crossings.size != 1:
        raise NoCrossing(f"probability: expected one size with P(stage 1) = {probability}, found {crossings.size}")
    z = brentq(lambda z: excess(z)[0], *grid[crossings[0] + np.arange(2)], xtol=1e-13)
    _, d_pi = probabilities(fit.model, fit.params, np.array([z]))
    steepness = (excess(z + 1e-4)[0] - excess(z - 1e-4)[0]) / 2e-4
    return z, np.sqrt(d_pi[0, 0] @ fit.covariance @ d_pi[0, 0]) / abs(steepness)


def _sizes_looked_at(fit):
    return float(np.log2(fit.moments.floor)), fit.moments.z[-1] + 10


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
        value, gradient = _working_likelihood(fit.likelihood, fit.model, np.insert(free, index, held), fit.moments)
        return value, np.delete(gradient, index) + gradient[index] * by_free

    # Start where the quadratic approximation at the fit has its restricted maximum.
    held, by_free = rule(start)
    along = np.insert(np.eye(start.size), index, by_free, axis=0)
    jacobian = _from_working(fit.model, best)[1]
    curvature = jacobian.T @ np.linalg.inv(fit.covariance) @ jacobian
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
