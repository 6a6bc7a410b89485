"""An allowance for curves that are not straight: how much wider is an interval, as the misfit teaches.

A logit model of :mod:`adoption.curve` is never quite true. Let the log-odds of its cut k at
z = log2(size) deviate from the line by delta_k(z), independent Gaussian processes with standard
deviation tau and correlation exp(-(z - z')^2 / (2 l^2)), l half the standard deviation of z among
the bodies. Around a fit, what the moments s differ from their mean is about

    s - mean = D theta + G delta + e,    Cov(e) = V + diag(C^2 / 12),

D and G the derivatives of the mean by parameters and deviations, V the moments' covariance and C
the width of a box (:mod:`adoption.box`). So what one wants to know, an effect of theta and delta,
has the mean and the error of universal kriging for each tau (Stein 1999, Interpolation of Spatial
Data). tau is not known; its values are weighted by their restricted likelihoods (Patterson and
Thompson 1971, Biometrika 58, 545-554): a misfit that sampling explains leaves little room for
deviations, a large one much.

The slope that is wanted is b + c'delta: where a fit of the same model to the answers of all bodies
would settle, to first order in delta.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from adoption.curve import Fit, law, probabilities

TAUS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # logits
STRAIGHT = 1e-6  # a tau that leaves the line as it is


class Allowance(NamedTuple):
    """An estimate and its interval: with a straight line, and with deviations from it."""

    straight: tuple[float, float]  # mean and standard error
    mixed: tuple[float, float, float]  # mean, lower and upper end


class _Target(NamedTuple):
    """What is wanted, as the moments are: by parameters (P,), by deviations (K-1, I), error."""

    by_params: np.ndarray
    by_deviations: np.ndarray
    with_moments: np.ndarray  # (M,) covariance of its error with that of the moments
    variance: float


def settling(fit: Fit) -> np.ndarray:
    """How far deviations (in logits, of cut k at size i) move the slope that all answers would give.

    Shape ((K-1) I,), cut by cut: c above.
    """
    table, cuts = fit.moments, fit.moments.stages - 1
    pi, d_pi = probabilities(fit.model, fit.params, table.z)
    by_eta = d_pi[:, :, :cuts]
    information = np.einsum("i,ikc,ikd->icd", table.weights, by_eta / np.maximum(pi, 1e-300)[:, :, None], by_eta)
    line = np.concatenate([np.tile(np.eye(cuts), (table.z.size, 1, 1)), np.tile(table.z, (cuts, 1)).T[:, :, None]], 2)
    score = np.einsum("icp,icd->pdi", line, information)
    return np.linalg.solve(np.einsum("pdi,idq->pq", score, line), score.reshape(cuts + 1, -1))[-1]


def slope(fit: Fit, width: np.ndarray, level: float = 0.95) -> Allowance:
    """Slope of an ordered fit (log-odds per doubling) that the answers of all bodies would give.

    width: shape (K,), as of :func:`adoption.box.width`.
    """
    table, cuts = fit.moments, fit.moments.stages - 1
    by_params = np.zeros(cuts + 1)
    by_params[-1] = 1
    c = settling(fit).reshape(cuts, -1)
    return _allowance(fit, width, float(fit.slopes[0]), _Target(by_params, c, np.zeros(table.stage.size), 0.0), level)


def difference(fit: Fit, width: np.ndarray, cut: float, level: float = 0.95) -> Allowance:
    """Share of stage 1 among the bodies from a log2 size on, less that among the smaller ones.

    Of the bodies that there are, not of what the curve expects of them. width: as for :func:`slope`.
    """
    table, cuts = fit.moments, fit.moments.stages - 1
    pi, d_pi = probabilities(fit.model, fit.params, table.z)
    top, top_middle = table.z >= cut, table.middle_z >= cut
    sides = [table.weights[side].sum() + middle.sum() for side, middle in ((top, top_middle), (~top, ~top_middle))]
    share, middle = np.where(top, 1 / sides[0], -1 / sides[1]), np.where(top_middle, 1 / sides[0], -1 / sides[1])
    weight, first = table.weights * share, pi[:, 0]
    own = (table.stage == 0)[:, None] * first
    target = _Target(
        weight @ d_pi[:, 0],
        (weight[:, None] * d_pi[:, 0, :cuts]).T,
        (table.counted * (own - first * pi.T[table.stage])) @ weight,
        float((weight * share) @ (first * (1 - first))),
    )
    return _allowance(fit, width, float(weight @ first + middle[table.middle_stage == 0].sum()), target, level)


def _allowance(fit, width, estimate, target, level):
    table, cuts = fit.moments, fit.moments.stages - 1
    d_pi = probabilities(fit.model, fit.params, table.z)[1]
    mean, covariance = law(fit.model, fit.params, table)
    at = np.arange(cuts, 2 * cuts + 1)
    covariance[at, at] += width**2 / 12
    by_each = (table.counted * table.weights)[:, :, None] * d_pi.transpose(1, 0, 2)[table.stage]  # (M, I, P)
    d, g = by_each.sum(axis=1), by_each[:, :, :cuts].transpose(2, 0, 1)
    weights = table.weights / table.weights.sum()
    spread = np.sqrt(weights @ (table.z - weights @ table.z) ** 2)
    alike = np.exp(-2 * ((table.z[:, None] - table.z) / spread) ** 2)
    spread_g, spread_t = g @ alike, target.by_deviations @ alike
    added = np.einsum("cmi,cni->mn", spread_g, g)
    shared = np.einsum("ci,cmi->m", spread_t, g)
    own = (spread_t * target.by_deviations).sum()

    def at(tau):
        """Mean, standard error, and restricted log-likelihood of tau."""
        omega = covariance + tau**2 * added
        inverse = np.linalg.inv(omega)
        known = np.linalg.inv(d.T @ inverse @ d)
        residual = table.observed - mean
        theta = known @ d.T @ inverse @ residual
        left = residual - d @ theta
        weight = inverse @ (target.with_moments + tau**2 * shared)
        loose = target.by_params - d.T @ weight
        variance = target.variance + tau**2 * own - weight @ omega @ weight + loose @ known @ loose
        restricted = np.linalg.slogdet(known)[1] - np.linalg.slogdet(omega)[1] - left @ inverse @ left
        return target.by_params @ theta + weight @ left, np.sqrt(max(variance, 1e-300)), restricted / 2

    means, errors, restricted = np.array([at(tau) for tau in TAUS]).T
    weights = np.exp(restricted - restricted.max())
    weights /= weights.sum()

    def end(chance):
        ends = means + norm.ppf(chance) * errors
        if np.ptp(ends) < 1e-12:
            return ends[0]
        return brentq(lambda x: weights @ norm.cdf((x - means) / errors) - chance, ends.min(), ends.max())

    low, high = end((1 - level) / 2), end((1 + level) / 2)
    centre, error, _ = at(STRAIGHT)
    return Allowance(
        (estimate + centre, float(error)),
        (float(estimate + weights @ means), float(estimate + low), float(estimate + high)),
    )
