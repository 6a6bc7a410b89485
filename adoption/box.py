"""The likelihood of counts and of medians that lie in a cell: rounded ones, and those with ties.

A median that is printed to the thousand, or that a dozen bodies share, does not say how many
members lie below it. With B_k and A_k the members of stage k below and above the cell of its
median, all that is known is that neither is half of them,

    B_k < n_k / 2  and  A_k < n_k / 2,

so that the numbers lie in a box. Where a median is exact, B_k is n_k / 2, and half a body is left on
either side. With the normal law of counts and members the log-likelihood is the log-density of the
counts n and the log-probability of the box given n, by the simulator of Geweke, Hajivassiliou and
Keane on 64 Sobol points, always the same ones (Genz and Bretz 2009, Computation of Multivariate
Normal and t Probabilities).
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
from scipy.optimize import lsq_linear
from scipy.special import log_ndtr, ndtri_exp
from scipy.stats import chi2, qmc

from adoption import saddlepoint
from adoption.curve import Fit, probabilities
from adoption.moments import Moments, mean_and_covariance

POINTS = 64


def width(model: str, params: np.ndarray, table: Moments) -> np.ndarray:
    """Members of each stage expected in the cell of its median, given counts and half-counts: (K,).

    params: of a model near the fit; the answer hardly depends on them.
    """
    if table.cells is None:
        return np.zeros(table.stages)
    pi = probabilities(model, params, table.z)[0]
    _, _, q = saddlepoint.tilt(np.log(np.maximum(pi, saddlepoint.TINY)), table)
    return ((table.cells * table.weights) * q.T).sum(axis=1)


class _Box(NamedTuple):
    """Counts n_1..n_{K-1}, members below each median, and above it where it lies in a cell: R in all."""

    table: Moments  # of these numbers; `observed` holds the counts, and the middle of what is exact
    least: np.ndarray  # of the numbers after the counts
    most: np.ndarray
    from_moments: np.ndarray  # (R, M): about what the numbers are in terms of n_1..n_{K-1}, B_1..B_K


def _box(table):
    k, n = table.stages, table.stages - 1
    within = np.zeros_like(table.counted[n:]) if table.cells is None else table.cells
    vague = within.any(axis=1)
    below = table.counted[n:] - within / 2
    counts = np.append(table.observed[:n], table.weights.sum() - table.observed[:n].sum())
    rows = dataclasses.replace(
        table,
        stage=np.concatenate([table.stage, np.flatnonzero(vague)]),
        counted=np.vstack([table.counted[:n], below, (1 - below - within)[vague]]),
    )
    halves = table.observed[n:]
    # Both middle members of an even stage are tied with the median if the cell has one size only.
    most = (counts - (within.sum(axis=1) == 1) * (counts % 2 == 0)) / 2
    from_moments = np.eye(2 * k - 1)
    above = np.vstack([np.eye(n, 2 * k - 1), np.append(-np.ones(n), np.zeros(k))]) - from_moments[n:]
    return _Box(
        rows,
        np.concatenate([np.where(vague, -np.inf, halves - 0.5), np.full(vague.sum(), -np.inf)]),
        np.concatenate([np.where(vague, most, halves + 0.5), most[vague]]),
        np.vstack([from_moments, above[vague]]),
    )


def _law(model, params, box, table):
    """Mean (R,) and covariance (R, R)."""
    mean, covariance, _ = mean_and_covariance(probabilities(model, params, table.z)[0], box.table)
    if table.added is not None:
        covariance = covariance + box.from_moments @ table.added(model, params, table) @ box.from_moments.T
    return mean, covariance


def log_likelihood(model: str, params: np.ndarray, table: Moments) -> tuple[float, np.ndarray]:
    """Log-likelihood of counts and box, and its gradient (central differences) by the parameters.

    As :func:`adoption.curve.log_likelihood`, dependence included.
    """
    params, box = np.asarray(params, float), _box(table)
    gradient = np.zeros(params.size)
    for j, step in enumerate(np.diag(1e-5 * np.maximum(1.0, np.abs(params)))):
        ahead, behind = (_value(model, params + side * step, table, box) for side in (1, -1))
        gradient[j] = (ahead - behind) / (2 * step[j])
    return _value(model, params, table, box), gradient


def _value(model, params, table, box):
    mean, covariance = _law(model, params, box, table)
    n = table.stages - 1
    residual = table.observed[:n] - mean[:n]
    try:
        counts = np.linalg.cholesky(covariance[:n, :n])
        regression = np.linalg.solve(covariance[:n, :n], covariance[:n, n:])
        given = covariance[n:, n:] - covariance[n:, :n] @ regression
        centre = mean[n:] + residual @ regression
        kept, least, most = _distinct(given, box.least - centre, box.most - centre)
        halves = np.linalg.cholesky(given[np.ix_(kept, kept)])
    except np.linalg.LinAlgError:  # probabilities that are 0 in floating point
        return -np.inf
    scaled = np.linalg.solve(counts, residual)
    value = -0.5 * (scaled @ scaled + n * np.log(2 * np.pi)) - np.log(np.diag(counts)).sum()
    value += log_box(least, most, halves)
    if table.middle_stage.size:
        at = np.arange(table.middle_stage.size), table.middle_stage
        value += np.log(probabilities(model, params, table.middle_z)[0][at]).sum()
    return float(value)


def _distinct(covariance, lower, upper):
    """Numbers that are no copy of an earlier one, and their ends where those of copies are tighter.

    With two stages and nobody between the cells of their medians, the members of one above its
    cell are the others above the cell of the other.
    """
    scale = np.sqrt(np.diag(covariance))
    alike = covariance / np.outer(scale, scale)
    kept, lower, upper = [], lower.copy(), upper.copy()
    for j in range(scale.size):
        copy = next((i for i in kept if abs(alike[i, j]) > 1 - 1e-9), None)
        if copy is None:
            kept.append(j)
            continue
        ends = sorted(np.sign(alike[copy, j]) * scale[copy] / scale[j] * np.array([lower[j], upper[j]]))
        lower[copy], upper[copy] = max(lower[copy], ends[0]), min(upper[copy], ends[1])
    return kept, lower[kept], upper[kept]


def log_box(lower: np.ndarray, upper: np.ndarray, factor: np.ndarray) -> float:
    """log P(lower <= X <= upper) for X normal with mean 0 and covariance factor @ factor'.

    lower, upper: shape (K,). factor: shape (K, K), lower triangular.
    """
    if np.any(lower >= upper):
        return -np.inf
    points, total = _points(lower.size), np.zeros(POINTS)
    draws = np.zeros((POINTS, lower.size))
    for k in range(lower.size):
        shift = draws[:, :k] @ factor[k, :k]
        a, b = ((end - shift) / factor[k, k] for end in (lower[k], upper[k]))
        flip = a > 0  # work in the lower tail, where logarithms of small probabilities are exact
        a, b = np.where(flip, -b, a), np.where(flip, -a, b)
        low, high = log_ndtr(a), log_ndtr(b)
        inside = high + np.log1p(-np.exp(low - high))
        total += inside
        if k < lower.size - 1:
            u = np.where(flip, 1 - points[:, k], points[:, k])
            draws[:, k] = ndtri_exp(np.logaddexp(low, np.log(u) + inside)) * np.where(flip, -1, 1)
    best = total.max()
    return float(best + np.log(np.mean(np.exp(total - best)))) if np.isfinite(best) else -np.inf


@functools.cache
def _points(stages):
    return qmc.Sobol(max(stages - 1, 1), rng=0).random(POINTS)


def misfit(fit: Fit) -> tuple[float, float]:
    """Least J over the box at the fit, and its p-value: as the misfit of a fit."""
    box, n = _box(fit.moments), fit.moments.stages - 1
    mean, covariance = _law(fit.model, fit.params, box, fit.moments)
    scale = np.linalg.inv(np.linalg.cholesky(covariance + np.diag(1e-9 * np.diag(covariance) + 1e-9)))
    exact = np.isfinite(box.least)
    least, most = (
        np.where(exact, (box.least + box.most) / 2 + side * 1e-9, end) for side, end in ((-1, box.least), (1, box.most))
    )
    found = lsq_linear(scale[:, n:], scale @ mean - scale[:, :n] @ fit.moments.observed[:n], (least, most))
    return float(2 * found.cost), float(chi2.sf(2 * found.cost, fit.df))
