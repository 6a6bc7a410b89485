"""adoption/box.py: against integrals of the normal law, and the exact law of tied sizes."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom, multivariate_normal

from adoption import box, curve, moments, whole
from adoption.survey import Frame, Survey

SIZES, BODIES = np.array([1000.0, 2000, 4000, 8000, 16000]), np.full(5, 9)


@pytest.mark.parametrize("stages", [1, 2, 3, 5])
def test_box_has_the_probability_that_integration_finds(stages):
    rng = np.random.default_rng(stages)
    for _ in range(3):
        root = rng.normal(size=(stages, stages))
        covariance, lower = root @ root.T + 0.3 * np.eye(stages), rng.normal(size=stages) - 1
        upper = lower + rng.uniform(0.2, 2, stages)
        real = multivariate_normal.cdf(
            upper, np.zeros(stages), covariance, lower_limit=lower, maxpts=10**6, abseps=1e-9, releps=1e-5, rng=1
        )
        assert box.log_box(lower, upper, np.linalg.cholesky(covariance)) == pytest.approx(np.log(real), abs=0.02)
    far = box.log_box(np.array([40.0]), np.array([41.0]), np.eye(1))
    assert far == pytest.approx(-0.5 * 40**2 - np.log(40 * np.sqrt(2 * np.pi)), abs=1e-3)


def test_likelihood_ratios_are_near_those_of_all_allocations_of_tied_bodies():
    """45 bodies of five sizes: the chance of counts and medians is a sum over members by size."""
    totals, medians = np.array([19, 26]), np.array([8000.0, 2000.0])
    cells = np.column_stack([medians, medians + 1])
    table = moments.of_table(SIZES, BODIES, totals, medians, [0, 0], floor=1, cells=cells)
    params = np.array([-7.0, 0.6])
    width = box.width("ordered", params, table)
    assert np.all((width > 3) & (width < 9))
    np.testing.assert_allclose(box.width("ordered", np.array([-0.3, 0.0]), table), width, rtol=0.2)
    members = np.array(list(itertools.product(range(10), repeat=5)))
    members = members[members.sum(axis=1) == totals[0]]
    for k in (0, 1):
        group = members if k == 0 else 9 - members
        at = SIZES == medians[k]
        below, upto = group[:, SIZES < medians[k]].sum(axis=1), group[:, SIZES <= medians[k]].sum(axis=1)
        keep = (below < totals[k] / 2) & (upto > totals[k] / 2)
        if totals[k] % 2 == 0:  # both middle members have the size
            keep = (below < totals[k] / 2) & (upto > totals[k] / 2) & (group[:, at].sum(axis=1) > 1)
        members = members[keep]

    def exact(p):
        chances = expit(p[0] + p[1] * np.log2(SIZES))
        return np.log(binom.pmf(members, 9, chances).prod(axis=1).sum())

    centre = np.log2(SIZES).mean()
    for slope in (0.2, 0.4, 0.9, 1.1):
        other = np.array([params[0] + (params[1] - slope) * centre, slope])
        found, real = (f(other) - f(params) for f in (lambda p: box.log_likelihood("ordered", p, table)[0], exact))
        assert found == pytest.approx(real, abs=0.1 + 0.15 * abs(real))


def test_misfit_is_the_least_over_the_box():
    totals, medians = np.array([19, 26]), np.array([8000.0, 2000.0])
    table = moments.of_table(
        SIZES, BODIES, totals, medians, [0, 0], floor=1, cells=np.column_stack([medians, medians + 1])
    )
    fit = curve.fit("ordered", table)
    wrong = dataclasses.replace(fit, params=fit.params + np.array([12.5, -1.0]))
    # Counts, members below and above by hand, and the least J of those that the medians allow.
    rows = np.array([np.ones(5), SIZES < 8000, SIZES > 8000, SIZES < 2000, SIZES > 2000], float)
    stage = np.array([0, 0, 0, 1, 1])
    chances = expit(wrong.params[0] + wrong.params[1] * np.log2(SIZES))
    mean = (rows * np.where(stage[:, None] == 0, chances, 1 - chances)) @ BODIES
    sign = np.where(stage == 0, 1, -1)
    covariance = np.outer(sign, sign) * ((rows * BODIES * chances * (1 - chances)) @ rows.T)
    inverse = np.linalg.inv(covariance + 1e-9 * np.eye(5))
    least = minimize(
        lambda x: (np.append(19, x) - mean) @ inverse @ (np.append(19, x) - mean),
        [9, 5, 12, 10],
        method="L-BFGS-B",
        bounds=[(None, 9.5), (None, 9.5), (None, 12.5), (None, 12.5)],
        options={"ftol": 1e-14, "maxiter": 10000},
    )
    assert least.fun > 1
    assert box.misfit(wrong)[0] == pytest.approx(least.fun, abs=1e-3)
    assert box.misfit(fit)[0] < 0.1 < box.misfit(fit)[1]


def test_cells_side_by_side_leave_one_number_for_two():
    """Stage 1 below its cell is stage 2 above its own: one number with a bound on either side."""
    totals, medians = np.array([19, 26]), np.array([8000.0, 4000.0])
    cells = np.column_stack([medians, medians + 1])
    table = moments.of_table(SIZES, BODIES, totals, medians, [0, 0], floor=1, cells=cells)
    found = whole.slope(table)
    assert found.likelihood == "box"
    assert 0 < found.estimate < 0.8
    near, far = (box.log_likelihood("ordered", found.fit.params + step, table)[0] for step in (0, np.array([-12.0, 1])))
    assert near > far + 3


def test_few_ties_with_many_stages_change_little():
    """Of 1,848 bodies up to nine are at a median: the half-counts are known to a few members."""
    rng = np.random.default_rng(4)
    sizes = np.sort(np.exp(rng.normal(6, 0.45, 1848)).astype(int) + 30)
    up_to = expit(np.array([-1.1, 0, 1.1]) - 0.3 * (np.log2(sizes) - np.log2(sizes).mean())[:, None])
    stage = (rng.random(1848)[:, None] > up_to).sum(axis=1)
    survey = Survey(
        np.bincount(stage), [int(np.median(sizes[stage == k]) + 0.5) for k in range(4)], Frame.of_sizes(sizes), 1.0
    )
    found, normal = survey.whole_fit(), survey.fit().fit
    assert found.likelihood == "box"
    error = np.sqrt(normal.covariance[-1, -1])
    assert found.estimate == pytest.approx(normal.slopes[0], abs=0.2 * error)
    assert np.sqrt(found.fit.covariance[-1, -1]) == pytest.approx(error, rel=0.1)
    assert found.J < normal.J + 0.5


@pytest.mark.parametrize("bodies", [10**4, 10**6])
def test_frames_of_any_number_of_bodies_have_a_slope(bodies):
    rng = np.random.default_rng(bodies)
    sizes = np.sort(np.exp(rng.normal(9.4, 1.4, bodies)).astype(int) + 100)
    up_to = expit(np.array([-12.5, -11.7, -11.5, -10.3]) + 0.8 * np.log2(sizes)[:, None])
    stage = (rng.random(bodies)[:, None] > up_to).sum(axis=1)
    survey = Survey(
        np.bincount(stage), [int(np.median(sizes[stage == k]) + 0.5) for k in range(5)], Frame.of_sizes(sizes), 1.0
    )
    found = survey.whole_fit()
    assert found.lower < 0.8 < found.upper < found.lower + 40 / np.sqrt(bodies)
    assert found.p_value > 0.001
