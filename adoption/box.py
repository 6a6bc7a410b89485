"""The likelihood of counts and of medians that lie in a cell: rounded ones, and those with ties.

A median that is printed to the thousand, or that a dozen bodies share, does not say how many
members lie below it. With B_k and A_k the members of stage k below and above the cell of its
median, all that is known is that neither is half of them,

    B_k < n_k / 2  and  A_k < n_k / 2,

so that B_k lies between n_k / 2 less the C_k members in the cell and n_k / 2. Where a median is
exact, B_k is n_k / 2, and half a body is left on either side. With the normal law of all these
numbers the log-likelihood is the log-density of the counts n and the log-probability of the box
given n, by the simulator of Geweke, Hajivassiliou and Keane on 64 Sobol points, always the same
ones (Genz and Bretz 2009, Computation of Multivariate Normal and t Probabilities). It draws the C_k
first, so that each B_k has a narrow interval: of pairs (B_k, A_k) few would hit. As numbers of bodies
are whole, each has a twelfth of a body added to its variance, which also keeps numbers apart that
would be functions of others.
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
    """Counts n_1..n_{K-1}, members in each cell, members below each median: R numbers in all."""

    table: Moments  # of these numbers
    counts: np.ndarray  # n_1..n_K
    vague: np.ndarray  # stages whose median lies in a cell
    most: np.ndarray  # (K,) members of each stage below, or above, at most
    from_moments: np.ndarray  # (R, M): about what the numbers are in terms of n_1..n_{K-1}, B_1..B_K


def _box(table):
    k, n = table.stages, table.stages - 1
    within = np.zeros_like(table.counted[n:]) if table.cells is None else table.cells
    vague = np.flatnonzero(within.any(axis=1))
    counts = np.append(table.observed[:n], table.weights.sum() - table.observed[:n].sum())
    rows = dataclasses.replace(
        table,
        stage=np.concatenate([np.arange(n), vague, np.arange(k)]),
        counted=np.vstack([table.counted[:n], within[vague], table.counted[n:] - within / 2]),
    )
    # Both middle members of an even stage are tied with the median if the cell has one size only.
    most = (counts - (within.sum(axis=1) == 1) * (counts % 2 == 0)) / 2
    eye = np.eye(2 * k - 1)
    return _Box(rows, counts, vague, most, np.vstack([eye[:n], np.zeros((vague.size, 2 * k - 1)), eye[n:]]))


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
    n, cells = table.stages - 1, box.vague.size
    residual = table.observed[:n] - mean[:n]
    try:
        root = np.linalg.cholesky(covariance[:n, :n])
        regression = np.linalg.solve(covariance[:n, :n], covariance[:n, n:])
        given = covariance[n:, n:] - covariance[n:, :n] @ regression
        factor = np.linalg.cholesky(given + np.eye(cells + n + 1) / 12)
    except np.linalg.LinAlgError:  # probabilities that are 0 in floating point
        return -np.inf
    centre = mean[n:] + residual @ regression
    scaled = np.linalg.solve(root, residual)
    value = -0.5 * (scaled @ scaled + n * np.log(2 * np.pi)) - np.log(np.diag(root)).sum()
    least, most, partner = box.counts / 2 - 0.5, box.counts / 2 + 0.5, np.full(n + 1, -1)
    least[box.vague], most[box.vague] = (box.counts - box.most)[box.vague] - centre[:cells], box.most[box.vague]
    partner[box.vague] = np.arange(cells)
    value += log_box(
        np.append((box.counts - 2 * box.most)[box.vague], least) - centre,
        np.append(np.full(cells, np.inf), most - centre[cells:]),
        factor,
        np.append(np.full(cells, -1), partner),
    )
    if table.middle_stage.size:
        at = np.arange(table.middle_stage.size), table.middle_stage
        value += np.log(probabilities(model, params, table.middle_z)[0][at]).sum()
    return float(value)


def log_box(lower: np.ndarray, upper: np.ndarray, factor: np.ndarray, partner: np.ndarray | None = None) -> float:
    """log P(lower <= X <= upper) for X normal with mean 0 and covariance factor @ factor'.

    lower, upper: shape (K,). factor: shape (K, K), lower triangular. partner: shape (K,), for each
    number an earlier one that is subtracted from its lower end, -1 for none.
    """
    partner = np.full(lower.size, -1) if partner is None else partner
    points, total = _points(lower.size), np.zeros(POINTS)
    draws = np.zeros((POINTS, lower.size))
    for k in range(lower.size):
        shift = draws[:, :k] @ factor[k, :k]
        earlier = draws @ factor[partner[k]] if partner[k] >= 0 else 0.0
        a, b = ((end - shift) / factor[k, k] for end in (lower[k] - earlier, upper[k]))
        empty = a >= b
        a, b = np.where(empty, b - 1, a), b
        flip = a > 0  # work in the lower tail, where logarithms of small probabilities are exact
        a, b = np.where(flip, -b, a), np.where(flip, -a, b)
        low, high = log_ndtr(a), log_ndtr(b)
        inside = high + np.log1p(-np.exp(low - high))
        total += np.where(empty, -np.inf, inside)
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
    # Of members above and below, each with a bound: those in a cell are the rest of the stage.
    cells, half = box.vague.size, box.counts / 2
    numbers = np.vstack([np.zeros((cells, cells + n + 1)), np.eye(n + 1, cells + n + 1, cells)])
    numbers[np.arange(cells), np.arange(cells)] = numbers[np.arange(cells), cells + box.vague] = -1
    start = np.concatenate([fit.moments.observed[:n], box.counts[box.vague], np.zeros(n + 1)])
    least, most = half - 1e-9, half + 1e-9
    least[box.vague], most[box.vague] = -np.inf, box.most[box.vague]
    found = lsq_linear(
        scale[:, n:] @ numbers,
        scale @ (mean - start),
        (np.append(np.full(cells, -np.inf), least), np.append(box.most[box.vague], most)),
    )
    return float(2 * found.cost), float(chi2.sf(2 * found.cost, fit.df))
