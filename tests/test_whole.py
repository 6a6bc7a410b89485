"""adoption/whole.py and wiggle.py: a slope with its whole uncertainty."""

import dataclasses

import numpy as np
import pytest
from drawn import FLOOR, ORDERED, draw, frame, publish, simulated_fit
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from adoption import curve, moments, saddlepoint, whole, wiggle

NONE = np.zeros(5)


@pytest.fixture(scope="module")
def fit():
    plain = simulated_fit("ordered", ORDERED)
    return curve.fit("ordered", plain.moments, likelihood=saddlepoint.log_likelihood)


def test_without_misfit_the_interval_is_that_of_the_likelihood_nearly(fit):
    found = whole.slope(fit.moments)
    assert found.likelihood == "saddlepoint"
    lower, upper = curve.slope_interval(fit)
    assert found.estimate == pytest.approx(fit.slopes[0])
    assert found.lower <= lower < upper <= found.upper
    assert found.upper - found.lower < 1.1 * (upper - lower)
    assert found.J == pytest.approx(saddlepoint.misfit(fit)[0])


def test_misfit_stretches_the_interval(fit):
    shifted = fit.moments.observed + np.array([0, 0, 0, 0, -18.0, 9, 0, 18, -9])
    found = whole.slope(dataclasses.replace(fit.moments, observed=shifted))
    assert found.p_value < 0.001
    assert max(found.stretch_lower, found.stretch_upper) > 1.3


def test_straight_allowance_is_generalised_least_squares(fit):
    """At tau near 0: the estimate's error is that of the information, its step that of Gauss and Newton."""
    allowed = wiggle.slope(fit, NONE)
    mean, covariance = curve.law("ordered", fit.params, fit.moments)
    _, d_pi = curve.probabilities("ordered", fit.params, fit.moments.z)
    derivative = np.einsum("mi,imp->mp", fit.moments.counted * fit.moments.weights, d_pi[:, fit.moments.stage])
    known = np.linalg.inv(derivative.T @ np.linalg.solve(covariance, derivative))
    step = known @ derivative.T @ np.linalg.solve(covariance, fit.moments.observed - mean)
    assert allowed.straight[0] == pytest.approx(fit.slopes[0] + step[-1], abs=1e-6)
    assert allowed.straight[1] == pytest.approx(np.sqrt(known[-1, -1]), rel=1e-5)


def test_target_is_where_the_answers_of_all_bodies_settle(fit):
    """The projection of a deviation, to first order, against the nearest ordered model itself."""
    z, bump = fit.moments.z, 0.05 * np.cos(fit.moments.z - 14)

    def settled(side):
        bent = [np.append(fit.params[:-1] + side * one, fit.params[-1]) for one in bump]
        share = [curve.probabilities("ordered", params, z[i : i + 1])[0][0] for i, params in enumerate(bent)]
        share = np.array(share) * fit.moments.weights[:, None]

        def negative(params):
            return -(share * np.log(curve.probabilities("ordered", params, z)[0])).sum()

        return minimize(negative, fit.params, method="BFGS", options={"gtol": 1e-7}).x[-1]

    shift = (settled(1) - settled(-1)) / 2
    assert abs(shift) > 0.002
    assert wiggle.settling(fit) @ np.tile(bump, 4) == pytest.approx(shift, rel=0.03)


def test_projected_slope_of_an_ordered_model_is_its_own(fit):
    assert curve.projected_slope(fit) == pytest.approx(fit.slopes[0], abs=1e-5)


def test_difference_of_halves_covers_the_truth():
    sizes, rng, inside, straight = frame(400), np.random.default_rng(11), 0, 0
    pi = curve.probabilities("ordered", ORDERED, moments.log_size(sizes, floor=FLOOR))[0]
    cut, replicates = float(np.log2(np.median(sizes))), 40
    for _ in range(replicates):
        stage = draw(rng, pi)
        table = moments.of_table(sizes, np.ones(sizes.size), *publish(sizes, stage, 5), floor=FLOOR)
        fit = curve.fit("ordered", table, likelihood=saddlepoint.log_likelihood)
        top = np.log2(np.maximum(sizes, FLOOR)) >= cut
        real = (stage[top] == 0).mean() - (stage[~top] == 0).mean()
        allowed = wiggle.difference(fit, NONE, cut)
        inside += allowed.mixed[1] <= real <= allowed.mixed[2]
        straight += abs(real - allowed.straight[0]) < norm.ppf(0.975) * allowed.straight[1]
    assert straight >= 0.95 * replicates - 3 * np.sqrt(0.95 * 0.05 * replicates)
    assert inside >= straight


def test_separation_leaves_one_end():
    sizes = np.round(1000 * 1.3 ** np.arange(20))
    medians = [(sizes[14] + sizes[15]) / 2, (sizes[4] + sizes[5]) / 2]
    table = moments.of_table(sizes, np.ones(20), [10, 10], medians, [0, 0], floor=FLOOR)
    found = whole.slope(table)
    assert np.isnan([found.estimate, found.upper]).all() and found.fit is None
    # By hand: at the lower end the five on either side are where they have to be with a chance of 2.5 %.
    chance = expit(found.lower * (np.log2(sizes) - np.log2(sizes).mean()))
    forced = np.log1p(-chance[:5]).sum() + np.log(chance[15:]).sum()
    assert forced == pytest.approx(np.log(0.025), abs=0.03)
    # Mirrored, the other end.
    mirrored = moments.of_table(sizes, np.ones(20), [10, 10], medians[::-1], [0, 0], floor=FLOOR)
    other = whole.slope(mirrored)
    assert np.isnan(other.lower) and other.upper == pytest.approx(-found.lower, rel=0.02)


def test_profile_without_a_fit_agrees_with_that_of_one(fit):
    """The slow way that is used where there is no regular maximum."""
    estimate, lower, upper = whole._profile(fit.moments, saddlepoint.log_likelihood, 0.95)
    assert estimate == pytest.approx(fit.slopes[0], abs=1e-3)
    np.testing.assert_allclose((lower, upper), curve.slope_interval(fit), atol=2e-3)
