import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from drawn import FLOOR, MODELS, ORDERED, TRUTHS, binned, draw, frame, publish, simulated_fit
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2, norm

from adoption import curve, moments


@pytest.fixture(scope="module")
def fits():
    return {model: simulated_fit(model, TRUTHS[model]) for model in MODELS}


@pytest.fixture(scope="module")
def oracle():
    stored = json.loads((Path(__file__).parent / "fixtures/curve-microdata.json").read_text())
    for model in MODELS:
        stored[f"{model}_stage"] = np.array([int(c) for c in stored[f"{model}_stage"]]) - 1
    return stored


# --- the pieces against enumeration and differences ----------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stages", [2, 3, 5])
def test_gradient_equals_differences(model, stages):
    rng = np.random.default_rng(stages)
    truth = TRUTHS[model]
    if model == "ordered":
        truth = np.append(truth[: stages - 1], truth[-1])
    else:
        truth = np.concatenate([truth[: stages - 1], truth[4 : 4 + stages - 1]])
    table = simulated_fit(model, truth, 400, seed=3).moments
    for _ in range(3):
        params = truth * (1 + 0.03 * rng.standard_normal(truth.size))
        if model == "ordered":
            params[:-1] = np.sort(params[:-1])
        value, gradient = curve.log_likelihood(model, params, table)
        for j, step in enumerate(np.diag(1e-6 * np.abs(params))):
            ahead, _ = curve.log_likelihood(model, params + step, table)
            behind, _ = curve.log_likelihood(model, params - step, table)
            slope = (ahead - behind) / (2 * step[j])
            assert gradient[j] == pytest.approx(slope, rel=1e-5, abs=1e-4)


def twice(model, params, table):
    """An added covariance: as much again as independent bodies have, and more where the slope is steep."""
    pi = curve.probabilities(model, params, table.z)[0]
    return (1 + params[-1] ** 2) * moments.mean_and_covariance(pi, table)[1]


@pytest.mark.parametrize("model", MODELS)
def test_added_covariance_widens_and_has_its_gradient(model, fits):
    plain = fits[model]
    table = dataclasses.replace(plain.moments, added=twice)
    value, gradient = curve.log_likelihood(model, plain.params, table)
    factor, size = 2 + plain.params[-1] ** 2, plain.expected.size
    middle = plain.loglik + plain.J / 2 * (1 - 1 / factor) - size / 2 * np.log(factor)
    assert value == pytest.approx(middle, abs=1e-6)
    for j, step in enumerate(np.diag(1e-5 * np.abs(plain.params))):
        ahead, behind = (curve.log_likelihood(model, plain.params + side * step, table)[0] for side in (1, -1))
        assert gradient[j] == pytest.approx((ahead - behind) / (2 * step[j]), rel=1e-4, abs=1e-3)
    wide = curve.fit(model, table)
    assert wide.J < plain.J
    assert np.sqrt(wide.covariance[4, 4] / plain.covariance[4, 4]) > 1.3


@pytest.mark.parametrize("model", MODELS)
def test_working_parameters_lead_back_and_have_their_derivative(model):
    params = TRUTHS[model]
    working = curve._to_working(model, params)
    back, jacobian = curve._from_working(model, working)
    np.testing.assert_allclose(back, params, rtol=1e-13)
    for j, step in enumerate(1e-6 * np.eye(params.size)):
        slope = (curve._from_working(model, working + step)[0] - curve._from_working(model, working - step)[0]) / 2e-6
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-8)


@pytest.mark.parametrize("adopters", [[3, 6, 8, 9, 11, 12, 14], [2, 5, 7, 9, 10, 12, 13, 15]])
def test_estimate_is_near_that_of_the_exact_likelihood(adopters):
    """Sixteen bodies, two stages: P(printed table) is a sum over all 65,536 allocations."""
    sizes = np.round(1000 * 1.5 ** np.arange(16))
    stage = np.ones(16, int)
    stage[adopters] = 0
    totals, medians, odd = publish(sizes, stage, 2)
    assert odd.tolist() == [len(adopters) % 2] * 2
    member = np.array(list(itertools.product([True, False], repeat=16)))
    printed = [np.where(group, sizes, np.nan) for group in (member, ~member)]
    with np.errstate(all="ignore"):
        keep = member.sum(axis=1) == totals[0]
        for k in (0, 1):
            keep &= np.array([g.any() for g in np.isfinite(printed[k])])
            middle = np.full(len(member), np.nan)
            middle[keep] = np.nanmedian(printed[k][keep], axis=1)
            keep &= np.floor(middle + 0.5) == medians[k]
    member = member[keep]
    assert 1 < len(member) < 65536

    def minus_log_chance(params):
        pi = expit(params[0] + params[1] * np.log2(sizes))
        return -np.log(np.exp(np.where(member, np.log(pi), np.log1p(-pi)).sum(axis=1)).sum())

    fit = curve.fit("ordered", moments.of_table(sizes, np.ones(16), totals, medians, odd, floor=FLOOR))
    exact = minimize(minus_log_chance, fit.params, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10}).x
    error = np.sqrt(fit.covariance[1, 1])
    assert abs(fit.params[1] - exact[1]) < 0.25 * error


def sum_law(chances):
    """Law of a sum of independent indicators."""
    law = np.ones(1)
    for chance in chances:
        law = np.convolve(law, [1 - chance, chance])
    return law


def test_likelihood_approaches_the_exact_one():
    """Two odd stages: P(printed table) is the chance of the two known bodies and of three sums."""
    losses = {}
    for bodies in (200, 800):
        sizes = np.round(1000 * np.exp(np.linspace(0, 6, bodies)))
        z, found = np.log2(sizes), []
        for seed in range(6):
            stage = draw(np.random.default_rng(seed), curve.probabilities("ordered", np.array([-7.0, 0.5]), z)[0])
            totals, medians, odd = publish(sizes, stage, 2)
            if not odd.all():
                continue
            assert medians[1] < medians[0]
            last, first = np.searchsorted(sizes, medians[::-1])  # places of the two medians
            lowest = last - totals[1] // 2  # members of stage 1 below both medians

            def log_chance(params):
                pi = expit(params[0] + params[1] * z)
                return (
                    np.log(pi[first])
                    + np.log1p(-pi[last])
                    + np.log(sum_law(pi[:last])[lowest])
                    + np.log(sum_law(pi[last + 1 : first])[totals[0] // 2 - lowest])
                    + np.log(sum_law(pi[first + 1 :])[totals[0] // 2])
                )

            fit = curve.fit("ordered", moments.of_table(sizes, np.ones(bodies), totals, medians, odd, floor=FLOOR))
            exact = minimize(
                lambda p: -log_chance(p), fit.params, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-8}
            ).x
            error = np.sqrt(fit.covariance[1, 1])
            found.append((abs(fit.loglik - log_chance(fit.params)), abs(fit.params[1] - exact[1]) / error))
        assert len(found) > 1
        losses[bodies] = np.max(found, axis=0)
    assert losses[200][0] < 0.1 and losses[800][0] < 0.03
    assert losses[200][1] < 0.25 and losses[800][1] < 0.12


# --- against closed forms and R ------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_probabilities_reproduce_the_log_likelihood_of_r(model, oracle):
    z, stage = moments.log_size(oracle["size"], floor=FLOOR), oracle[f"{model}_stage"]
    params = np.array(oracle[model]["params"])
    pi, d_pi = curve.probabilities(model, params, z)
    np.testing.assert_allclose(pi.sum(axis=1), 1, atol=1e-14)
    at = np.arange(z.size), stage
    assert np.log(pi[at]).sum() == pytest.approx(oracle[model]["loglik"], abs=1e-6)
    if model == "ordered":
        assert np.log(pi[at]).sum() == pytest.approx(oracle[model]["polr_loglik"], abs=1e-6)
    # R's estimate is where the score of the micro-data vanishes (in units of its spread).
    by_body = d_pi[at] / pi[at][:, None]
    step = np.linalg.solve(by_body.T @ by_body, by_body.sum(axis=0))
    assert by_body.sum(axis=0) @ step < 1e-6


@pytest.mark.parametrize("model", MODELS)
def test_estimate_from_medians_is_near_the_estimate_of_r_from_micro_data(model, oracle):
    """Hausman (1978): efficient and inefficient estimates differ by the difference of variances."""
    sizes, stage = np.array(oracle["size"], float), oracle[f"{model}_stage"]
    table = publish(sizes, stage, 5)
    fit = curve.fit(model, moments.of_table(*binned(sizes, table[1]), *table, floor=FLOOR))
    at = slice(4, None)
    errors = np.sqrt(np.diag(fit.covariance))[at]
    efficient = np.atleast_1d(oracle[model]["slope_error"])
    assert np.all(errors > 0.98 * efficient)  # counts and medians cannot beat the micro-data
    spread = np.sqrt(np.maximum(errors**2 - efficient**2, (0.2 * efficient) ** 2))
    assert np.all(np.abs(fit.slopes - oracle[model]["params"][at]) < 3 * spread)
    assert fit.p_value > 0.001


@pytest.mark.parametrize("model", MODELS)
def test_sufficient_moments_give_the_maximum_likelihood_estimate(model):
    """Three sizes and two stages: the moments are the micro-data, with odds 1:3, 1:1 and 3:1.

    The binomial estimate is the slope log 3 whatever the number of bodies; the normal
    approximation must approach it as fast as 1 / bodies.
    """
    sizes, medians, distances = np.array([1024.0, 2048.0, 4096.0]), [3000, 1500], []
    for bodies in (4 * 10**2, 4 * 10**3, 4 * 10**6):
        fit = curve.fit(
            model, moments.of_table(sizes, np.full(3, bodies), [1.5 * bodies] * 2, medians, [0, 0], floor=FLOOR)
        )
        distances.append(abs(fit.slopes[0] - np.log(3)) * bodies)
        assert fit.J == pytest.approx(0, abs=20 / bodies)
        assert fit.expected[0] == pytest.approx(1.5 * bodies, rel=1e-6)
    assert fit.slopes[0] == pytest.approx(np.log(3), abs=1e-6)
    assert max(distances) < 5
    # The information of the micro-data: sum of w pi (1 - pi) (z - 11)^2.
    assert fit.covariance[1, 1] == pytest.approx(1 / (bodies * 2 * 3 / 16), rel=1e-4)


def test_two_stages_are_one_model(fits):
    sizes = frame(500)
    pi, _ = curve.probabilities("ordered", np.array([-8.0, 0.5]), moments.log_size(sizes, floor=FLOOR))
    table = publish(sizes, draw(np.random.default_rng(5), pi), 2)
    ordered, multinomial = (
        curve.fit(m, moments.of_table(*binned(sizes, table[1]), *table, floor=FLOOR))
        for m in ("ordered", "multinomial")
    )
    np.testing.assert_allclose(ordered.params, multinomial.params, rtol=1e-7)
    np.testing.assert_allclose(ordered.covariance, multinomial.covariance, rtol=1e-5)
    assert ordered.df == multinomial.df == 1
    assert ordered.J == pytest.approx(multinomial.J, rel=1e-6)
    np.testing.assert_allclose(curve.slope_interval(ordered), curve.slope_interval(multinomial), rtol=1e-6)
    np.testing.assert_allclose(curve.size_at(ordered), curve.size_at(multinomial), rtol=1e-6)


# --- simulation with known truth -----------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_bias_coverage_and_size_under_the_truth(model):
    replicates, truth, sizes = 200, TRUTHS[model], frame(1500)
    rng = np.random.default_rng(42)
    pi, _ = curve.probabilities(model, truth, moments.log_size(sizes, floor=FLOOR))
    slopes, errors, deviances, half, misfits, start = [], [], [], [], [], None
    true_half = 2 ** -(truth[0] / truth[-1]) if model == "ordered" else None
    for _ in range(replicates):
        table = publish(sizes, draw(rng, pi), 5)
        start = fit = curve.fit(model, moments.of_table(*binned(sizes, table[1]), *table, floor=FLOOR), start=start)
        slopes.append(fit.slopes[0])
        errors.append(np.sqrt(fit.covariance[4, 4]))
        deviances.append(curve.slope_deviance(fit, truth[4]))
        misfits.append(fit.J)
        if true_half:
            half.append(curve.size_deviance(fit, true_half))
    spread = np.std(slopes)
    # Bias: at most a quarter of a standard error, beyond what chance makes of the mean.
    assert abs(np.mean(slopes) - truth[4]) < (0.25 + 3 / np.sqrt(replicates)) * spread
    assert np.mean(errors) == pytest.approx(spread, rel=3 / np.sqrt(2 * replicates))
    reach = 3 * np.sqrt(0.95 * 0.05 / replicates)
    assert np.mean(np.array(deviances) < chi2.ppf(0.95, 1)) == pytest.approx(0.95, abs=reach)
    assert np.mean(np.array(misfits) < chi2.ppf(0.95, fit.df)) == pytest.approx(0.95, abs=reach)
    assert np.mean(misfits) == pytest.approx(fit.df, abs=3 * np.sqrt(2 * fit.df / replicates))
    if half:
        assert np.mean(np.array(half) < chi2.ppf(0.95, 1)) == pytest.approx(0.95, abs=reach)


def test_misfit_finds_odds_that_are_not_proportional():
    """Stages 2 and 3 are those of the largest bodies, stage 1 comes before."""
    sizes, rng, rejected = frame(1500), np.random.default_rng(7), 0
    truth = np.array([-11.0, -13.5, -14.0, -4.4, 0.65, 0.85, 0.85, 0.3])
    pi, _ = curve.probabilities("multinomial", truth, moments.log_size(sizes, floor=FLOOR))
    for _ in range(40):
        table = publish(sizes, draw(rng, pi), 5)
        rejected += curve.fit("ordered", moments.of_table(*binned(sizes, table[1]), *table, floor=FLOOR)).p_value < 0.05
    assert rejected > 20


# --- intervals -----------------------------------------------------------------------------------


def best_with(fit, constraint):
    """Maximum under a constraint by another optimiser, from the likelihood's value alone."""
    scale = np.sqrt(np.diag(fit.covariance))
    centre = np.linalg.cholesky(fit.covariance)

    def negative(t):
        params = fit.params + centre @ t
        if fit.model == "ordered" and np.any(np.diff(params[:-1]) <= 0):
            return 1e6
        return -curve.log_likelihood(fit.model, params, fit.moments)[0]

    found = minimize(
        negative,
        np.zeros(scale.size),
        method="SLSQP",
        constraints={"type": "eq", "fun": lambda t: constraint(fit.params + centre @ t)},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success, found.message
    return -found.fun


@pytest.mark.parametrize("model,stage", [("ordered", 1), ("multinomial", 1), ("multinomial", 3)])
def test_slope_interval_ends_where_another_optimiser_loses_as_much(fits, model, stage):
    fit = fits[model]
    lower, upper = curve.slope_interval(fit, stage)
    assert lower < fit.slopes[stage - 1] < upper
    for end in (lower, upper):
        loss = 2 * (fit.loglik - best_with(fit, lambda p: p[4 + stage - 1] - end))
        assert loss == pytest.approx(chi2.ppf(0.95, 1), abs=1e-4)
    error = np.sqrt(fit.covariance[3 + stage, 3 + stage])
    assert upper - lower == pytest.approx(2 * norm.ppf(0.975) * error, rel=0.1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("probability", [0.2, 0.5])
def test_size_at_a_probability(fits, model, probability):
    fit = fits[model]
    size, lower, upper = curve.size_at(fit, probability)
    assert curve.predict(fit, [size])[0, 0] == pytest.approx(probability, abs=1e-10)
    assert lower < size < upper
    for end in (lower, upper):

        def constraint(params, end=end):
            pi, _ = curve.probabilities(model, params, moments.log_size([end], floor=FLOOR))
            return np.log(pi[0, 0] / (1 - pi[0, 0])) - np.log(probability / (1 - probability))

        loss = 2 * (fit.loglik - best_with(fit, constraint))
        assert loss == pytest.approx(chi2.ppf(0.95, 1), abs=1e-4)
    wider = curve.size_at(fit, probability, level=0.99)
    assert wider[1] < lower and upper < wider[2]


def test_size_at_a_probability_that_is_not_passed_or_not_bounded():
    flat = simulated_fit("ordered", np.append(ORDERED[:-1] + 8.3, 0.03), 300, seed=2)
    size = curve.size_at(flat, float(curve.predict(flat, [20000])[0, 0]))
    assert size[0] == pytest.approx(20000)
    assert size[1:] == (0.0, np.inf)
    with pytest.raises(ValueError, match="found 0"):
        curve.size_at(flat, 0.9999)


def test_band_of_a_linear_logit_is_exact_and_others_agree_with_draws(fits):
    sizes = np.array([50, 100, 3000, 30000, 300000.0])
    z = moments.log_size(sizes, floor=FLOOR)
    fit = fits["ordered"]
    lower, upper = curve.band(fit, sizes)
    logit, x = fit.params[0] + fit.params[-1] * z, np.zeros((5, 5))
    x[:, 0], x[:, -1] = 1, z
    reach = norm.ppf(0.975) * np.sqrt(np.einsum("ip,pr,ir->i", x, fit.covariance, x))
    np.testing.assert_allclose(lower[:, 0], expit(logit - reach), rtol=1e-9)
    np.testing.assert_allclose(upper[:, 0], expit(logit + reach), rtol=1e-9)
    np.testing.assert_array_equal(lower[0], lower[1])  # the floor

    fit = fits["multinomial"]
    draws = np.random.default_rng(2).multivariate_normal(fit.params, fit.covariance / 100, 4000)
    pi = np.array([curve.probabilities("multinomial", p, z)[0] for p in draws])
    spread = 10 * np.std(np.log(pi / (1 - pi)), axis=0)
    lower, upper = curve.band(fit, sizes)
    inside = curve.predict(fit, sizes)
    assert np.all((lower < inside) & (inside < upper))
    width = np.log(upper / (1 - upper)) - np.log(lower / (1 - lower))
    np.testing.assert_allclose(width, 2 * norm.ppf(0.975) * spread, rtol=0.06)


def test_an_interval_that_the_data_do_not_end_ends_at_infinity():
    """A deviance that stays below the quantile, and one that reaches it on one side only."""
    assert curve.profile_interval(lambda x: 1 - np.exp(-(x**2)), 0, 1) == (-np.inf, np.inf)
    lower, upper = curve.profile_interval(lambda x: x**2 if x > 0 else 0.0, 0, 1)
    assert lower == -np.inf and upper == pytest.approx(norm.ppf(0.975))
    # Within limits: the deviance is not looked at beyond them.
    looked_at = []
    ends = curve.profile_interval(lambda x: looked_at.append(x) or x**2, 0, 1, 0.95, (-1, 3))
    assert ends == (-np.inf, pytest.approx(norm.ppf(0.975)))
    assert min(looked_at) == -1 and max(looked_at) <= 3


@pytest.mark.parametrize("model", MODELS)
def test_the_unit_of_size_does_not_matter(model):
    """Sizes, floor and medians in thousandths of a body's unit, binned anew."""
    sizes = frame(600)
    pi, _ = curve.probabilities(model, TRUTHS[model], moments.log_size(sizes, floor=FLOOR))
    totals, medians, odd = publish(sizes, draw(np.random.default_rng(8), pi), 5)
    one, other = (
        curve.fit(
            model,
            moments.of_table(
                *moments.bin_sizes(
                    unit * sizes,
                    moments.bin_edges(unit * sizes[0], unit * sizes[-1], unit * medians, floor=unit * FLOOR),
                ),
                totals,
                unit * medians,
                odd,
                floor=unit * FLOOR,
            ),
        )
        for unit in (1, 1000)
    )
    np.testing.assert_allclose(other.slopes, one.slopes, rtol=1e-7)
    assert other.J == pytest.approx(one.J, rel=1e-6)
    np.testing.assert_allclose(curve.predict(other, [5e6, 1e8]), curve.predict(one, [5e3, 1e5]), rtol=1e-6)
    np.testing.assert_allclose(curve.slope_interval(other), curve.slope_interval(one), rtol=1e-6)
    half = [curve.size_at(fit, 0.2) for fit in (one, other)]
    np.testing.assert_allclose(half[1], np.multiply(half[0], 1000), rtol=1e-6)


# --- frame and search ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_bins_hardly_move_the_estimate_and_weights_are_bodies(model, fits):
    sizes = frame(900)
    pi, _ = curve.probabilities(model, TRUTHS[model], moments.log_size(sizes, floor=FLOOR))
    table = publish(sizes, draw(np.random.default_rng(0), pi), 5)
    single = curve.fit(model, moments.of_table(sizes, np.ones(sizes.size), *table, floor=FLOOR))
    error = np.sqrt(np.diag(single.covariance))
    assert np.all(np.abs(single.params - fits[model].params) < 0.03 * error)
    assert single.J == pytest.approx(fits[model].J, abs=0.02)
    means, weights = binned(sizes, table[1])
    repeated = curve.fit(
        model, moments.of_table(np.repeat(means, weights.astype(int)), np.ones(sizes.size), *table, floor=FLOOR)
    )
    np.testing.assert_allclose(repeated.params, fits[model].params, rtol=1e-7)


@pytest.mark.parametrize("model", MODELS)
def test_every_start_leads_to_the_same_maximum(model, fits):
    fit, sizes = fits[model], frame(900)
    pi, _ = curve.probabilities(model, TRUTHS[model], moments.log_size(sizes, floor=FLOOR))
    table = publish(sizes, draw(np.random.default_rng(0), pi), 5)
    for seed in (1, 2, 3):
        start = simulated_fit(model, TRUTHS[model], 600, seed)
        again = curve.fit(model, moments.of_table(*binned(sizes, table[1]), *table, floor=FLOOR), start=start)
        np.testing.assert_allclose(again.params, fit.params, rtol=1e-7)
        assert again.loglik == pytest.approx(fit.loglik, abs=1e-9)


def test_slope_of_ten_million_bodies():
    """Numbers expected under the truth give its slope, to the standard error of so many bodies."""
    sizes = frame(900)
    weights = np.full(sizes.size, 10_000)
    pi, _ = curve.probabilities("ordered", ORDERED, moments.log_size(sizes, floor=FLOOR))
    members = np.round(pi * 10_000)
    members[:, -1] = 10_000 - members[:, :-1].sum(axis=1)
    totals = members.sum(axis=0)
    medians = [sizes[np.searchsorted(np.cumsum(column), column.sum() / 2)] + 0.5 for column in members.T]
    below = [members[sizes < m, k].sum() for k, m in enumerate(medians)]
    assert np.abs(np.array(below) / totals - 0.5).max() < 0.01
    table = moments.of_table(sizes, weights, totals, medians, np.zeros(5), floor=FLOOR)
    exact = moments.Moments(**{**vars(table), "observed": np.concatenate([totals[:-1], below])})
    fit = curve.fit("ordered", exact)
    assert fit.slopes[0] == pytest.approx(0.62, abs=np.sqrt(fit.covariance[-1, -1]))
    assert np.sqrt(fit.covariance[-1, -1]) < 0.0006


def test_complete_separation_is_no_fit():
    sizes = np.round(1000 * 1.3 ** np.arange(20))
    medians = [(sizes[14] + sizes[15]) / 2, (sizes[4] + sizes[5]) / 2]
    with pytest.raises(curve.ConvergenceError):
        curve.fit("ordered", moments.of_table(sizes, np.ones(20), [10, 10], medians, [0, 0], floor=FLOOR))


# --- bad input -----------------------------------------------------------------------------------

GOOD = dict(
    sizes=[1000, 2000, 4000, 8000, 16000, 32000],
    weights=[2, 2, 2, 2, 2, 2],
    totals=[5, 4, 3],
    medians=[8000, 5000, 2000],
    odd=[1, 0, 1],
    floor=100,
)


@pytest.mark.parametrize(
    "change,message",
    [
        (dict(sizes=[1000, 2000, np.nan, 8000, 16000, 32000]), "sizes.*found nan at position 2"),
        (dict(sizes=[-1, 2000, 4000, 8000, 16000, 32000]), "sizes.*at least 0, found -1"),
        (dict(sizes=[1000, 4000, 2000, 8000, 16000, 32000]), "ascending order, found 2000 after 4000"),
        (dict(sizes=[[1000, 2000]]), "sizes: expected a non-empty vector, found shape"),
        (dict(floor=32000), "sizes: expected sizes that differ above the floor 32000"),
        (dict(floor=0), "floor: expected a number between 0 and inf, found 0"),
        (dict(weights=[2, 2, 2, 2, 4]), "weights: expected 6 numbers, found 5"),
        (dict(weights=[2, 2, 2, 2, 2, 2.5]), "weights.*whole numbers of at least 1, found 2.5"),
        (dict(totals=[5, 4, 4]), "totals: expected a sum of the 12 bodies of the frame, found 13"),
        (dict(totals=[12, 4, 3]), "totals: expected a sum of the 12 bodies of the frame, found 19"),
        (dict(totals=[5.5, 3.5, 3]), "totals.*whole numbers"),
        (dict(totals=[9, 0, 3]), "totals.*at least 1, found 0"),
        (dict(totals=[12], medians=[8000], odd=[0]), "two or more stages, found 1"),
        (dict(medians=[8000, 5000]), "medians: expected 3 numbers, found 2"),
        (dict(medians=[8000, 64000, 2000]), "stage 2: expected a median above.*found 64000"),
        (dict(medians=[8000, 500, 2000]), "stage 2: expected a median above.*found 500"),
        (dict(medians=[8000, np.inf, 2000]), "medians.*found inf"),
        (dict(odd=[1, 1, 1]), "stage 2: expected an odd total.*found 4"),
        (dict(odd=[1, 0, 2]), "odd: expected 0 or 1, found 2"),
        (dict(medians=[8500, 5000, 2000]), "stage 1: expected a body at the median .*found 8500"),
        (dict(medians=[32000, 5000, 2000]), "room for half of each stage"),
        (dict(medians=[5000, 5000, 5000], odd=[0, 0, 0]), "medians: expected some that differ"),
        (
            dict(weights=[2, 4, 4, 1, 2, 1], totals=[5, 5, 4], medians=[8000, 8000, 2500], odd=[1, 1, 0]),
            "too few of size 8000",
        ),
    ],
)
def test_bad_tables_are_refused(change, message):
    moments.of_table(**GOOD)
    with pytest.raises(ValueError, match=message):
        moments.of_table(**{**GOOD, **change})


def test_other_bad_input_is_refused(fits):
    fit = fits["ordered"]
    with pytest.raises(ValueError, match="model: .*multinomial, found 'probit'"):
        curve.fit("probit", moments.of_table(**GOOD))
    with pytest.raises(ValueError, match="start: .*multinomial model, found ordered"):
        curve.fit("multinomial", moments.of_table(**GOOD), start=fit)
    with pytest.raises(ValueError, match="slope of its own"):
        curve.slope_interval(fit, stage=2)
    with pytest.raises(ValueError, match="slope of its own"):
        curve.slope_interval(fits["multinomial"], stage=5)
    for bad in (0, 1, np.nan):
        with pytest.raises(ValueError, match="probability: expected a number between 0 and 1"):
            curve.size_at(fit, bad)
        with pytest.raises(ValueError, match="level: expected a number between 0 and 1"):
            curve.slope_interval(fit, level=bad)
    with pytest.raises(ValueError, match="sizes.*found -5"):
        curve.predict(fit, [-5])
