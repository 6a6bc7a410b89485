"""The saddlepoint likelihood of counts and medians, for curves that are steep and frames that are small.

The moments s of :mod:`adoption.moments` are sums over independent bodies, body i adding v_ik to
them if it is in stage k, so that their cumulant generating function is exact:

    K(t) = sum_i log sum_k P(stage k | z_i) exp(t'v_ik).

The tilt t solves K'(t) = s, and the saddlepoint approximation of log P(s) is, up to a constant,

    K(t) - t's - 1/2 log det(K''(t) + G / 6)

(Daniels 1954, Ann. Math. Stat. 25, 631-650; Butler 2007, Saddlepoint Approximations). Where most
bodies of a size are in one stage, sums are close to Poisson and a normal law is not close to them;
this is. The sixth of a body comes from n! = sqrt(2 pi (n + 1/6)) (n / e)^n, which is right to two
per cent even for n = 0; G is the identity for the members above and below their median.

Under the tilt the bodies have the probabilities q_ik of the stages given the published numbers.
Bodies that a cell of :func:`adoption.moments.of_table` holds count half, and that the median lies
among them is as probable as members are expected there: log sum q_ik over the cell is added.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from scipy.stats import chi2

from adoption.curve import Fit, by_probabilities, probabilities
from adoption.moments import Moments, mean_and_covariance

STEPS = 100  # of Newton's method: one suffices for 1/e of what is left even where a tilt is infinite
TINY = 1e-300  # no probability is taken to be smaller


def tilt(log_pi: np.ndarray, table: Moments, start: np.ndarray | None = None) -> tuple[float, np.ndarray, np.ndarray]:
    """K(t) - t's at its least value, the tilt t (M,) there, and the tilted probabilities (I, K).

    log_pi: shape (I, K), logarithms of the probabilities of the stages.
    start: a tilt to begin with.

    The value is -inf where no allocation of the bodies has these moments: then there is no tilt.
    """

    def at(t):
        u = log_pi + _added_up(t, table)
        level = logsumexp(u, axis=1)
        return level @ table.weights - t @ table.observed, np.exp(u - level[:, None])

    t = np.zeros(table.observed.size) if start is None else start
    value, q = at(t)
    for _ in range(STEPS):
        mean, covariance, _ = mean_and_covariance(q, table)
        step = np.linalg.solve(_regular(covariance), table.observed - mean)
        gain = (table.observed - mean) @ step
        if gain < 1e-10:
            return value, t, q
        length = min(1.0, 20 / np.abs(step).max())
        ahead = at(t + length * step)
        while not ahead[0] <= value - 1e-4 * length * gain and length > 1e-8:
            length /= 2
            ahead = at(t + length * step)
        if length <= 1e-8:  # rounding hides any further gain, unless there is no least value
            return value if gain < 1e-3 else -np.inf, t, q
        t, (value, q) = t + length * step, ahead
    return -np.inf, t, q


def _regular(covariance):
    """A covariance that can be inverted although some moment hardly varies."""
    return covariance + np.diag(1e-10 * np.diag(covariance) + 1e-12)


def _added_up(t, table):
    """t'v_ik, shape (I, K)."""
    by_stage = t[table.stages - 1 :, None] * table.counted[table.stages - 1 :]
    by_stage[:-1] += t[: table.stages - 1, None]
    return by_stage.T


def _sixths(covariance):
    """G / 6: identity for the members above and below each median but those that vary most.

    They are one more than the moments, as their sum is fixed; for the largest the sixth is nothing.
    """
    k = (covariance.shape[0] + 1) // 2
    below = np.eye(k, 2 * k - 1, k - 1)
    members = np.vstack([np.eye(k - 1, 2 * k - 1), np.append(-np.ones(k - 1), np.zeros(k))])
    groups = np.vstack([members - below, below])
    varies = np.einsum("gm,mn,gn->g", groups, covariance, groups)
    back = np.linalg.inv(np.delete(groups, np.argmax(varies), axis=0))
    return back @ back.T / 6


def log_likelihood(model: str, params: np.ndarray, table: Moments) -> tuple[float, np.ndarray]:
    """Saddlepoint log-likelihood of the moments and its gradient by the parameters.

    As :func:`adoption.curve.log_likelihood`, of independent bodies only.
    """
    params = np.asarray(params, float)
    pi, d_pi = probabilities(model, params, table.z)
    pi = np.maximum(pi, TINY)
    value, t, q = tilt(np.log(pi), table)
    if value == -np.inf:
        return -np.inf, np.zeros(params.size)
    mean, covariance, chance = mean_and_covariance(q, table)
    widened = covariance + _sixths(covariance)
    value -= 0.5 * np.linalg.slogdet(widened)[1] + mean.size / 2 * np.log(2 * np.pi)

    # Derivative by the tilted probabilities q, then by their logarithms before they are scaled.
    by_q = by_probabilities(np.zeros(mean.size), -0.5 * np.linalg.inv(widened), chance, table)
    if table.cells is not None:
        inside = table.cells * table.weights
        members = np.maximum((inside * q.T).sum(axis=1), TINY)
        some = table.cells.any(axis=1)
        value += np.log(members[some]).sum()
        by_q = by_q + np.where(some[:, None], inside / members[:, None], 0).T
    by_log = q * (by_q - (q * by_q).sum(axis=1, keepdims=True))
    # The tilt moves with the parameters so that K'(t) stays s; K(t) - t's does not feel it.
    by_t = _by_tilt(by_log, table)
    a = _added_up(np.linalg.solve(_regular(covariance), by_t), table)
    by_log += table.weights[:, None] * q * (1 - a + (q * a).sum(axis=1, keepdims=True))
    gradient = (by_log / pi).ravel() @ d_pi.reshape(-1, params.size)

    if table.middle_stage.size:
        pi, d_pi = probabilities(model, params, table.middle_z)
        at = np.arange(table.middle_stage.size), table.middle_stage
        value += np.log(np.maximum(pi[at], TINY)).sum()
        gradient += (d_pi[at] / np.maximum(pi[at], TINY)[:, None]).sum(axis=0)
    return float(value), gradient


def closeness(model: str, params: np.ndarray, table: Moments) -> tuple[float, np.ndarray]:
    """K(t) - t's alone, minus half the misfit of parameters, and its gradient by them.

    It takes the place of the likelihood where stages are separated: there the chance of a table goes
    to 1 and that of no other does, so that ratios of chances to it are no chi-square.
    """
    pi, d_pi = probabilities(model, params, table.z)
    pi = np.maximum(pi, TINY)
    value, _, q = tilt(np.log(pi), table)
    if value == -np.inf:
        return value, np.zeros(len(params))
    return value, (table.weights[:, None] * q / pi).ravel() @ d_pi.reshape(-1, len(params))


def _by_tilt(by_log, table):
    """Derivative by the tilt (M,) of what has this derivative by log q (I, K)."""
    return (table.counted * by_log.T[table.stage]).sum(axis=1)


def misfit(fit: Fit) -> tuple[float, float]:
    """Misfit of the moments at a fit and its p-value: twice what the best tilt gains over none.

    That is the likelihood-ratio statistic against any other law of the moments of this family,
    close to the J of :mod:`adoption.curve` where they are nearly normal; chi-square on its degrees
    of freedom.
    """
    pi = probabilities(fit.model, fit.params, fit.moments.z)[0]
    statistic = -2 * tilt(np.log(np.maximum(pi, TINY)), fit.moments)[0]
    return float(statistic), float(chi2.sf(statistic, fit.df))
