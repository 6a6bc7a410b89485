"""A slope with its whole uncertainty: likelihood as the data need it, and a curve that may bend.

The ordered slope (log-odds per doubling) is fitted by the saddlepoint likelihood of
:mod:`adoption.saddlepoint`, or by that of a box (:mod:`adoption.box`) where more than two members
are expected in the cell of some median or where bodies are not independent. Each side of its
profile interval is then stretched as far as the allowance of :mod:`adoption.wiggle` asks for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2, norm

from adoption import box, checks, curve, saddlepoint, wiggle
from adoption.moments import Moments

CROWDED = 2  # more members than this expected in the cell of a median: its half-count is an interval
STEEP = 20  # logits per standard deviation of log size: a maximum beyond may be one of rounding
STEEPEST = 100  # as good as infinite


class WholeSlope(NamedTuple):
    """Slopes in log-odds per doubling; what the data do not determine is not a number."""

    estimate: float
    lower: float
    upper: float
    likelihood: str  # "saddlepoint" or "box"
    stretch_lower: float  # how often longer the allowance makes each side
    stretch_upper: float
    J: float  # misfit of the ordered model
    p_value: float
    fit: curve.Fit | None
    width: np.ndarray  # (K,) members of each stage expected in the cell of its median


def slope(table: Moments, level: float = 0.95) -> WholeSlope:
    """The ordered slope of a table, its whole interval and its misfit.

    level: of the interval, between 0 and 1, else ValueError.
    """
    checks.level(level)
    guess = curve.without_slope("ordered", table)
    width = box.width("ordered", guess, table)
    crowded = width.max() > CROWDED or table.added is not None
    name, likelihood = ("box", box.log_likelihood) if crowded else ("saddlepoint", saddlepoint.log_likelihood)
    try:
        fit = curve.fit("ordered", table, likelihood=likelihood)
        if abs(fit.slopes[0]) * _spread(table) > STEEP:
            raise curve.ConvergenceError("the stages are all but separated")
        ends = curve.slope_interval(fit, level=level)
    except curve.ConvergenceError:
        if not crowded:
            likelihood = saddlepoint.closeness
        return WholeSlope(*_profile(table, likelihood, level), name, *[np.nan] * 4, None, width)
    estimate, allowed = float(fit.slopes[0]), wiggle.slope(fit, width, level)
    centre, reach = allowed.straight[0], norm.ppf((1 + level) / 2) * allowed.straight[1]
    stretch = [max(1.0, (centre - allowed.mixed[1]) / reach), max(1.0, (allowed.mixed[2] - centre) / reach)]
    whole = [estimate + factor * (end - estimate) for factor, end in zip(stretch, ends, strict=True)]
    misfit = box.misfit(fit) if crowded else saddlepoint.misfit(fit)
    return WholeSlope(
        estimate, *(end if np.isfinite(end) else np.nan for end in whole), name, *stretch, *misfit, fit, width
    )


def _spread(table):
    """Standard deviation of log size among the bodies."""
    return np.sqrt(np.cov(table.z, fweights=table.weights.astype(int), ddof=0))


def _profile(table, likelihood, level):
    """Estimate and ends from the likelihood's profile where it has no regular maximum.

    An estimate or end that lies beyond `STEEPEST` is not a number.
    """
    centre, unit = np.average(table.z, weights=table.weights), 1 / _spread(table)
    guess = curve.without_slope("ordered", table)
    steps = np.append(guess[0], np.log(np.diff(guess[:-1])))
    found = {}

    def highest(slope):
        if slope not in found:
            nearest = min(found, key=lambda other: abs(other - slope), default=None)

            def negative(free):
                cuts = free[0] + np.append(0, np.cumsum(np.exp(free[1:])))
                value, by_params = likelihood("ordered", np.append(cuts - slope * centre, slope), table)
                by_cuts = np.cumsum(by_params[:-1][::-1])[::-1]
                return -value, -by_cuts * np.append(1, np.exp(free[1:]))

            start = steps if nearest is None else found[nearest][1]
            if nearest and abs(nearest) > unit:  # of steep curves the places of the cuts stay, not the cuts
                start = np.append(start[0] * slope / nearest, start[1:] + np.log(slope / nearest))
            with np.errstate(all="ignore"):
                best = minimize(negative, start, jac=True, method="BFGS")
                if np.abs(best.jac).max() > 1e-3:
                    best = minimize(lambda free: negative(free)[0], best.x, method="Nelder-Mead")
            found[slope] = -best.fun, best.x
        return found[slope][0]

    grid = unit * np.geomspace(0.1, STEEPEST, 30)
    for slope in (0.0, *grid):
        highest(slope)
    for slope in -grid:
        highest(slope)
    grid = np.concatenate([-grid[::-1], [0], grid])
    values = np.array([highest(slope) for slope in grid])
    # Of values that rounding makes equal the outermost: an end of the grid, if it is among them.
    equal = np.flatnonzero(values >= values.max() - 1e-4)
    top = int(max(equal, key=lambda i: abs(grid[i])))
    # Where every answer is forced its chance has to be the tail, as in Clopper and Pearson (1934,
    # Biometrika 26, 404-413): a chi-square would be too narrow.
    estimate, most, reach = np.nan, values[top], -np.log((1 - level) / 2)
    if 0 < top < grid.size - 1:
        peak = minimize_scalar(lambda b: -highest(b), bounds=(grid[top - 1], grid[top + 1]), method="bounded")
        estimate, most, reach = float(peak.x), -peak.fun, chi2.ppf(level, 1) / 2

    def end(side):
        beyond = [i for i in (range(top, grid.size) if side > 0 else range(top, -1, -1)) if values[i] < most - reach]
        if not beyond:
            return np.nan
        return float(brentq(lambda b: highest(b) - most + reach, grid[beyond[0] - side], grid[beyond[0]], xtol=1e-6))

    return estimate, end(-1), end(1)
