"""adoption/saddlepoint.py: against the exact law of small frames, and the normal law of large ones."""

import dataclasses

import numpy as np
import pytest
from drawn import MODELS, TRUTHS, draw, publish, simulated_fit
from scipy.special import expit

from adoption import curve, moments, saddlepoint


def sum_law(chances):
    """Law of a sum of independent indicators."""
    law = np.ones(1)
    for chance in chances:
        law = np.convolve(law, [1 - chance, chance])
    return law


def two_stages(bodies, slope, seed):
    """Sizes and what is printed of two odd stages, with the exact log-chance of it; None if not odd."""
    sizes = np.unique(np.round(1000 * np.exp(np.linspace(0, 6, bodies))))
    z, middle = np.log2(sizes), np.log2(sizes).mean()
    pi = expit(slope * (z - middle) - 0.5)
    totals, medians, odd = publish(sizes, draw(np.random.default_rng(seed), np.column_stack([pi, 1 - pi])), 2)
    if not odd.all() or not medians[1] < medians[0]:
        return None
    last, first = np.searchsorted(sizes, medians[::-1])
    lowest = last - totals[1] // 2

    def exact(params):
        pi = expit(params[0] + params[1] * z)
        parts = [pi[first], 1 - pi[last]]
        ranges = (slice(last), lowest), (slice(last + 1, first), totals[0] // 2 - lowest)
        parts += [sum_law(pi[part])[members] for part, members in (*ranges, (slice(first + 1, None), totals[0] // 2))]
        return np.log(parts).sum()

    return moments.of_table(sizes, np.ones(sizes.size), totals, medians, odd, floor=1), exact


@pytest.mark.parametrize("bodies,slope", [(60, 0.5), (60, 1.4), (24, 0.7)])
def test_likelihood_ratios_are_the_exact_ones(bodies, slope):
    """Products of Poisson-binomial laws; the normal approximation misses them by more than one."""
    tried, worst_normal = 0, 0.0
    for seed in range(40):
        case = two_stages(bodies, slope, seed)
        if case is None:
            continue
        table, exact = case
        try:
            fit = curve.fit("ordered", table, likelihood=saddlepoint.log_likelihood)
        except curve.ConvergenceError:  # separated: the exact likelihood has no maximum either
            continue
        tried += 1
        centre = table.z.mean()
        others = [
            np.array([fit.params[0] + (1 - factor) * fit.params[1] * centre, factor * fit.params[1]])
            for factor in (0.4, 0.7, 1.4, 2)
        ]
        for likelihood, reach in ((saddlepoint.log_likelihood, 0.07), (curve.log_likelihood, np.inf)):
            best = likelihood("ordered", fit.params, table)[0] - exact(fit.params)
            errors = [likelihood("ordered", p, table)[0] - exact(p) - best for p in others]
            assert np.abs(errors).max() < reach
            worst_normal = max(worst_normal, np.abs(errors).max())
        value = saddlepoint.log_likelihood("ordered", fit.params, table)[0]
        assert value == pytest.approx(exact(fit.params), abs=0.12)
    assert tried > 4 and worst_normal > 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cells", [False, True])
def test_gradient_equals_differences(model, cells):
    fit = simulated_fit(model, TRUTHS[model], 400, seed=3)
    table, params = fit.moments, fit.params * (1 + 0.02 * np.linspace(-1, 1, fit.params.size) ** 3)
    if cells:
        inside = np.zeros((5, table.z.size))
        inside[1, 20:30] = inside[3, 40:42] = 1
        table = dataclasses.replace(table, cells=inside)
    _, gradient = saddlepoint.log_likelihood(model, params, table)
    for j, step in enumerate(np.diag(1e-5 * np.abs(params))):
        ahead, behind = (saddlepoint.log_likelihood(model, params + side * step, table)[0] for side in (1, -1))
        assert gradient[j] == pytest.approx((ahead - behind) / (2 * step[j]), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_many_bodies_are_normal(model):
    """With a hundred times the bodies both likelihoods lead to the same estimate and misfit."""
    fit = simulated_fit(model, TRUTHS[model])
    table = dataclasses.replace(fit.moments, weights=fit.moments.weights * 100, observed=fit.expected * 100)
    one, other = (
        curve.fit(model, table, likelihood=likelihood)
        for likelihood in (curve.log_likelihood, saddlepoint.log_likelihood)
    )
    errors = np.sqrt(np.diag(one.covariance))
    np.testing.assert_allclose(other.params, one.params, atol=0.1 * errors.min())
    np.testing.assert_allclose(np.sqrt(np.diag(other.covariance)), errors, rtol=0.02)
    small = curve.fit(model, fit.moments, likelihood=saddlepoint.log_likelihood)
    assert saddlepoint.misfit(small)[0] == pytest.approx(fit.J, abs=0.4)


def test_the_tilt_gives_the_moments_and_what_cannot_be_has_none():
    fit = simulated_fit("ordered", TRUTHS["ordered"], 400, seed=3)
    log_pi = np.log(curve.probabilities("ordered", fit.params, fit.moments.z)[0])
    value, t, q = saddlepoint.tilt(log_pi, fit.moments)
    np.testing.assert_allclose(moments.mean_and_covariance(q, fit.moments)[0], fit.moments.observed, atol=1e-6)
    again = saddlepoint.tilt(log_pi, fit.moments, start=t + 0.1)
    np.testing.assert_allclose(again[0], value, atol=1e-9)
    # Twice the members above the first median than there are bodies.
    above = fit.moments.weights @ (1 - fit.moments.counted[4])
    impossible = fit.moments.observed.copy()
    impossible[0], impossible[4] = 2 * above, 0
    table = dataclasses.replace(fit.moments, observed=impossible)
    assert saddlepoint.tilt(log_pi, table)[0] == -np.inf
    assert saddlepoint.log_likelihood("ordered", fit.params, table)[0] == -np.inf


@pytest.mark.parametrize("model", MODELS)
def test_closeness_is_half_the_misfit_and_has_its_gradient(model):
    fit = simulated_fit(model, TRUTHS[model], 400, seed=3)
    assert -2 * saddlepoint.closeness(model, fit.params, fit.moments)[0] == pytest.approx(saddlepoint.misfit(fit)[0])
    params = fit.params * (1 + 0.02 * np.linspace(-1, 1, fit.params.size) ** 3)
    _, gradient = saddlepoint.closeness(model, params, fit.moments)
    for j, step in enumerate(np.diag(1e-5 * np.abs(params))):
        ahead, behind = (saddlepoint.closeness(model, params + side * step, fit.moments)[0] for side in (1, -1))
        assert gradient[j] == pytest.approx((ahead - behind) / (2 * step[j]), rel=1e-5, abs=1e-4)
