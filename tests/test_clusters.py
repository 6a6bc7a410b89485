"""adoption.clusters: against closed forms, statsmodels, a fine grid of intercepts, and known truths."""

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from drawn import FLOOR, ORDERED, frame
from scipy.integrate import trapezoid
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom, chi2, norm

from adoption import clusters, curve, moments, simulation
from adoption.clusters import Clusters


def drawn(rng, count, sd, groups=6, bodies=5, params=(-0.4, 0.8), centre=0.0):
    """Clusters of `groups` sizes each, and their adopters: data, and the single groups' adopters."""
    cluster = np.repeat(np.arange(count), groups)
    z = rng.normal(size=cluster.size)
    design = np.column_stack([np.ones(cluster.size), z + centre])
    n = rng.integers(1, 2 * bodies, cluster.size)
    y = rng.binomial(n, expit(params[0] + params[1] * z + sd * rng.normal(size=count)[cluster]))
    sums = np.zeros((count, 2))
    np.add.at(sums, cluster, y[:, None] * design)
    return Clusters(cluster, design, n, sums), y


def constant(adopters, bodies):
    """Clusters of bodies that nothing explains."""
    count = len(bodies)
    return Clusters(np.arange(count), np.ones((count, 1)), bodies, np.reshape(adopters, (count, 1)))


# --- the logit and its covariance ---------------------------------------------------------------


def test_robust_covariance_has_a_closed_form_without_explaining_variables():
    """Two clusters of 10 with 2 and 6 adopters: rate .4, scores -2 and 2, information 20 (.4) (.6)."""
    data = constant([2, 6], [10, 10])
    params = clusters.logit(data)
    assert params == pytest.approx([np.log(0.4 / 0.6)])
    assert clusters.robust_covariance(data, params) == pytest.approx(2 * (4 + 4) / 4.8**2)


@pytest.mark.parametrize("centre", [0, 30])
def test_logit_and_robust_covariance_agree_with_statsmodels(centre):
    data, y = drawn(np.random.default_rng(1), 12, 0.7, centre=centre)
    n = data.bodies.astype(int)
    rows = np.repeat(np.arange(n.size), n)
    answers = np.concatenate([np.arange(size) < found for size, found in zip(n, y, strict=True)]).astype(float)
    model = sm.GLM(answers, data.design[rows], family=sm.families.Binomial()).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": data.cluster[rows], "use_correction": False}
    )
    params = clusters.logit(data)
    np.testing.assert_allclose(params, model.params, rtol=1e-8)
    np.testing.assert_allclose(clusters.robust_covariance(data, params), model.cov_params() * 12 / 11, rtol=1e-6)


def test_expected_adopters_add_up_to_those_seen():
    data, _ = drawn(np.random.default_rng(2), 9, 0.5)
    expected, variance = data.expected(clusters.logit(data))
    assert expected.sum() == pytest.approx(data.sums[:, 0].sum())
    assert expected.shape == variance.shape == (9,)
    expected, variance = constant([1, 2], [4, 8]).expected([0.0])
    assert expected == pytest.approx([2, 4]) and variance == pytest.approx([1, 2])


def test_robust_intervals_cover_where_plain_ones_do_not():
    """400 times 40 clusters with an intercept of their own, of a size-free logit."""
    rng, truth, runs = np.random.default_rng(3), 0.3, 400
    chances = expit(truth + 0.8 * rng.normal(size=(100_000, 1))).mean()
    centre = np.log(chances / (1 - chances))  # what the logit without intercepts estimates
    robust, plain = 0, 0
    for _ in range(runs):
        n = rng.integers(20, 60, 40)
        y = rng.binomial(n, expit(truth + 0.8 * rng.normal(size=40)))
        data = constant(y, n)
        params = clusters.logit(data)
        rate = y.sum() / n.sum()
        robust += abs(params[0] - centre) < 1.96 * np.sqrt(clusters.robust_covariance(data, params)[0, 0])
        plain += abs(params[0] - centre) < 1.96 / np.sqrt(n.sum() * rate * (1 - rate))
    # three Monte Carlo errors below 95 %, with a point for the number of clusters
    assert robust / runs > 0.907 and plain / runs < 0.75, (robust / runs, plain / runs)


def test_normal_intervals_have_closed_forms():
    """A slope of log 2 with standard error 0.2; a root of 10 doublings known to 0.2 of one."""
    found = clusters.odds_ratio([0, np.log(2)], np.diag([0.01, 0.04]))
    assert found[:3] == pytest.approx([2, 2 * np.exp(-0.391993), 2 * np.exp(0.391993)], rel=1e-6)
    assert found.p_value == pytest.approx(2 * norm.sf(np.log(2) / 0.2))
    found = clusters.half_size([-10, 1], [[0.04, 0], [0, 0]])
    assert found[:3] == pytest.approx([1024, 1024 * 2**-0.391993, 1024 * 2**0.391993], rel=1e-6)
    # The root is a / b: with a known intercept its error is that of 1 / b.
    assert clusters.half_size([-10, 1], [[0, 0], [0, 0.0004]])[:3] == pytest.approx(found[:3])


# --- the random intercept -----------------------------------------------------------------------


def brute_force(data, params, sd):
    """Log-likelihood with each cluster's intercept integrated out on a fine grid."""
    u = np.linspace(-9 * sd, 9 * sd, 801)
    total = 0.0
    for c in range(len(data.sums)):
        rows = data.cluster == c
        at = (data.design[rows] @ params)[:, None] + u
        log = data.sums[c] @ params + u * data.sums[c, 0] - data.bodies[rows] @ np.logaddexp(0, at)
        total += np.log(trapezoid(np.exp(log) * norm.pdf(u, scale=sd), u))
    return total


def test_random_intercept_is_the_maximum_of_the_integrated_likelihood():
    data, _ = drawn(np.random.default_rng(5), 8, 1.0, groups=4)
    found = clusters.random_intercept(data)
    best = minimize(
        lambda at: -brute_force(data, at[:2], np.exp(at[2])),
        [*clusters.logit(data), 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-10},
    )
    assert found.loglik == pytest.approx(-best.fun, abs=1e-7)
    assert [*found.params, found.sd.estimate] == pytest.approx([*best.x[:2], np.exp(best.x[2])], abs=1e-4)
    for end in (found.sd.lower, found.sd.upper):
        held = minimize(lambda at: -brute_force(data, at, end), found.params, method="Nelder-Mead")
        assert 2 * (found.loglik + held.fun) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-4)
    curvature = np.zeros((3, 3))
    for i, j in np.ndindex(3, 3):  # by differences of the quadrature's value
        steps = 1e-3 * np.eye(3)
        at = np.array([*found.params, found.sd.estimate])
        curvature[i, j] = -sum(
            s * t * brute_force(data, (at + s * steps[i] + t * steps[j])[:2], (at + s * steps[i] + t * steps[j])[2])
            for s in (1, -1)
            for t in (1, -1)
        ) / (4 * 1e-3**2)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(curvature)[:2, :2], rtol=1e-3)


def test_clusters_that_are_alike_have_no_random_intercept():
    """Each cluster has 4 adopters of 10: less variation than chance gives."""
    found = clusters.random_intercept(constant([4] * 9, [10] * 9))
    assert found.sd.estimate == found.sd.lower == 0 and found.sd.p_value == 0.5
    assert 0 < found.sd.upper < 1
    assert found.params == pytest.approx([np.log(4 / 6)])
    assert found.covariance == pytest.approx(1 / (90 * 0.24))


def test_intervals_of_the_standard_deviation_cover_the_truth():
    """30 times 30 clusters with a known standard deviation, whatever the sizes' origin."""
    rng = np.random.default_rng(8)
    runs, covered, errors = 30, 0, []
    for run in range(runs):
        data, _ = drawn(rng, 30, 0.6, groups=3, bodies=8, centre=20 * (run % 2))
        found = clusters.random_intercept(data)
        covered += found.sd.lower <= 0.6 <= found.sd.upper
        errors.append(found.params[1] - 0.8)
    assert covered >= binom.ppf(0.001, runs, 0.95), covered
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(runs)


@pytest.mark.parametrize("sd, ratio", [(0, 1), (0.5, 1.611), (1, 2.596)])
def test_median_odds_ratio(sd, ratio):
    """The median of the absolute difference of two draws; 0.954 standard deviations."""
    assert clusters.median_odds_ratio(sd) == pytest.approx(ratio, abs=0.0005)
    pairs = sd * np.random.default_rng(4).normal(size=(2, 200_001))
    assert np.exp(np.median(np.abs(pairs[0] - pairs[1]))) == pytest.approx(ratio, rel=0.01)


# --- heterogeneity ------------------------------------------------------------------------------


def test_heterogeneity_without_explaining_variables_is_pearsons_chi_square():
    data = constant([12, 20, 25, 14, 30], [40, 40, 50, 45, 60])
    found = clusters.heterogeneity(data, replicates=4000)
    y, n = data.sums[:, 0], data.bodies
    rate = y.sum() / n.sum()
    assert found.statistic == pytest.approx(np.sum((y - n * rate) ** 2 / (n * rate * (1 - rate))))
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 4), abs=0.02)
    assert found == clusters.heterogeneity(data, replicates=4000)  # seeded


def test_heterogeneity_rejects_as_often_as_it_says():
    """200 tables without clusters at 10 %: within three Monte Carlo errors."""
    rng, runs = np.random.default_rng(6), 200
    rejected = sum(
        clusters.heterogeneity(drawn(rng, 8, 0, groups=2)[0], replicates=199, seed=run).p_value <= 0.1
        for run in range(runs)
    )
    assert abs(rejected / runs - 0.1) < 3 * np.sqrt(0.09 / runs), rejected
    assert clusters.heterogeneity(drawn(rng, 20, 1.5)[0], replicates=199).p_value == 1 / 200


# --- cells with three sums ----------------------------------------------------------------------


def cell_sums(cells):
    return [
        [np.sum(part(np.array(cell, float))) for cell in cells]
        for part in (np.ones_like, np.array, np.log2, lambda sizes: np.log2(sizes) ** 2)
    ]


def test_two_points_keep_the_sums_of_a_cell_and_nearly_a_curves_sum():
    cells = [[1000], [900, 5000], [10_000, 12_000, 400_000], [3000, 40_000, 45_000, 48_000]]
    sums = cell_sums(cells)
    z, bodies = clusters.two_points(*sums)
    assert z.shape == bodies.shape == (2, 4)
    for found, aim in zip(((bodies).sum(0), (bodies * 2**z).sum(0), (bodies * z).sum(0), (bodies * z**2).sum(0)), sums):
        np.testing.assert_allclose(found, aim, rtol=1e-9)
    np.testing.assert_allclose(np.sort(2 ** z[:, 1]), [900, 5000])  # two bodies are found
    curve_sum = [expit(np.log2(cell) - 14.5).sum() for cell in cells]
    np.testing.assert_allclose((bodies * expit(z - 14.5)).sum(0), curve_sum, rtol=0.01)


def test_two_points_without_a_skew_that_fits_are_symmetric():
    """A floor for logarithms can make the mean size impossible."""
    z, bodies = clusters.two_points([2], [2000], [13.0], [85.0])
    assert bodies[:, 0].tolist() == [1, 1] and z[:, 0] == pytest.approx([6.5 + 0.5, 6.5 - 0.5])


# --- counts and medians -------------------------------------------------------------------------


@pytest.mark.parametrize("model, params", [("ordered", [-7.0, -6.0, 0.6]), ("multinomial", [-9.0, -5.0, 0.8, 0.5])])
def test_added_covariance_is_that_of_all_allocations_less_that_of_independent_bodies(model, params):
    """Three clusters of 1, 2 and 3 bodies, three stages, every allocation, a fine grid of intercepts."""
    sizes, cluster = np.array([900, 2000, 2000, 4100, 9000, 30000.0]), np.array([0, 1, 2, 2, 1, 2])
    medians, sd = np.array([9500.0, 4100.0, 950.0]), 0.8
    u = np.linspace(-8, 8, 1601)
    chance_of_u = norm.pdf(u) / norm.pdf(u).sum()
    share = curve.probabilities(model, np.array(params), moments.log_size(sizes, floor=FLOOR))[0]
    reached = np.cumsum(share, axis=1)[:, :-1]
    logits = np.sqrt(1 + 0.346 * sd**2) * np.log(reached / (1 - reached))
    given = np.diff(expit(logits + sd * u[:, None, None]), axis=2, prepend=0, append=1)  # (U, R, K)

    def covariance(bodies, chances):
        values = np.array(
            [
                [np.sum(s == 0), np.sum(s == 1)] + [np.sum((s == k) & (sizes[bodies] < medians[k])) for k in range(3)]
                for s in map(np.array, itertools.product(range(3), repeat=len(bodies)))
            ]
        )
        deviations = values - chances @ values
        return (deviations * chances[:, None]).T @ deviations

    expected = np.zeros((5, 5))
    for c in range(3):
        bodies = np.flatnonzero(cluster == c)
        allocations = list(itertools.product(range(3), repeat=bodies.size))
        together = [chance_of_u @ np.prod([given[:, b, k] for b, k in zip(bodies, s)], axis=0) for s in allocations]
        apart = [np.prod([chance_of_u @ given[:, b, k] for b, k in zip(bodies, s)]) for s in allocations]
        expected += covariance(bodies, np.array(together)) - covariance(bodies, np.array(apart))
    arguments = model, params, cluster, sizes, np.ones(6), medians
    found = clusters.added_covariance(*arguments, sd, floor=FLOOR)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(clusters.added_covariance(*arguments, 0, floor=FLOOR), 0, atol=1e-12)
    # Bodies of one cluster and size may be given as one row.
    together = clusters.added_covariance(
        model, params, [0, 1, 1], [900, 2000, 9000.0], [2, 3, 1], medians, sd, floor=FLOOR
    )
    single = clusters.added_covariance(
        model, params, [0, 0, 1, 1, 1, 1], [900, 900, 2000, 2000, 2000, 9000.0], np.ones(6), medians, sd, floor=FLOOR
    )
    np.testing.assert_allclose(together, single, atol=1e-12)


def test_clustered_intervals_of_a_slope_cover_where_plain_ones_do_not():
    """50 surveys of 900 bodies in 15 clusters that differ in size too."""
    sizes = frame(900)
    places = np.argsort(np.argsort(np.arange(sizes.size) + np.random.default_rng(9).normal(scale=300, size=sizes.size)))
    found = simulation.clustered_coverage(ORDERED, places * 15 // sizes.size, sizes, 0.7, floor=FLOOR, replicates=50)
    assert found["plain"].estimate <= 0.8 and found["clustered"].estimate >= binom.ppf(0.001, 50, 0.95) / 50


@pytest.mark.parametrize("sd", [0.5, 0.8])
def test_shares_over_all_clusters_are_nearly_those_given(sd):
    shares = np.array([[0.02, 0.5, 0.48], [0.3, 0.3, 0.4], [0.9, 0.07, 0.03]])
    u = sd * np.random.default_rng(2).normal(size=(20_000, 1))
    within = clusters.within_clusters(shares, np.concatenate([u, -u]), sd)
    np.testing.assert_allclose(within.sum(axis=2), 1)
    np.testing.assert_allclose(within.mean(axis=0), shares, atol=0.01 * sd)
    np.testing.assert_allclose(clusters.within_clusters(shares, np.zeros(3), 0), shares)


def test_median_tests_hold_their_level_without_clusters_only():
    cluster, bodies = np.tile(np.arange(10), 20), np.full(200, 3)
    cluster = np.sort(cluster)[np.argsort(np.arange(200) + np.random.default_rng(0).normal(scale=40, size=200))]
    alone = clusters.median_test_size(cluster, bodies, 150, 0.0, replicates=800)
    assert alone.lower < 0.05 and alone.estimate > 0.02  # exact tests may reject a little too seldom
    together = clusters.median_test_size(cluster, bodies, 150, 1.0, replicates=200)
    assert together.lower > 0.2
    assert together == clusters.median_test_size(cluster, bodies, 150, 1.0, replicates=200)  # seeded


# --- bad input ----------------------------------------------------------------------------------

GOOD = {
    "cluster": [0, 0, 1, 1],
    "design": [[1, 2.0], [1, 3.0], [1, 2.5], [1, 4.0]],
    "bodies": [5, 6, 7, 8],
    "sums": [[4, 10.0], [6, 20.0]],
}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"sums": [[4, 10.0]]}, r"sums: .*two or more clusters, found shape \(1, 2\)"),
        ({"sums": [[12, 10.0], [6, 20.0]]}, "sums: expected 0 to 11 adopters in cluster 0, found 12"),
        ({"sums": [[4, np.nan], [6, 20.0]]}, "sums: .*found nan at position 0, 1"),
        ({"cluster": [0, 0, 2, 2]}, r"cluster: expected each of 0 to 1, found \[0, 2\]"),
        ({"cluster": [0, 0, 1]}, r"design: expected shape \(3, 2\), found \(4, 2\)"),
        ({"bodies": [5, 6, -7, 8]}, "bodies: .*at least 0, found -7 at position 2"),
        ({"design": [[1, 2.0], [1, 3.0], [2, 2.5], [1, 4.0]]}, "design: expected 1 in the first column, found 2"),
        ({"design": [[1, 2.0]] * 4}, "design: expected columns that do not determine each other"),
    ],
)
def test_bad_clusters_are_refused(change, message):
    Clusters(**GOOD)
    with pytest.raises(ValueError, match=message):
        Clusters(**(GOOD | change))


def test_what_is_not_finite_is_refused():
    """All adopters are the largest of their clusters: no slope is steep enough."""
    design = np.array([[1, 1.0], [1, 5.0]] * 2)
    data = Clusters([0, 0, 1, 1], design, [3, 3, 3, 3], [[3, 15], [3, 15]])
    for function in (clusters.logit, clusters.random_intercept, clusters.heterogeneity):
        with pytest.raises(ValueError, match="not finite"):
            function(data)
    with pytest.raises(ValueError, match="not finite"):
        clusters.logit(constant([0, 0], [3, 3]))


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="bodies: expected whole numbers"):
        clusters.heterogeneity(Clusters(**(GOOD | {"bodies": [5, 6, 7.5, 8]})))
    with pytest.raises(ValueError, match="params: expected 2 numbers, found 1"):
        clusters.robust_covariance(Clusters(**GOOD), [1.0])
    with pytest.raises(ValueError, match="level"):
        clusters.random_intercept(Clusters(**GOOD), level=95)
    with pytest.raises(ValueError, match="sd: .*found -1"):
        clusters.median_odds_ratio(-1)
    table = "ordered", [-7.0, -6.0, 0.6], [0, 0, 1], [900, 2000, 9000.0], [1, 1, 1]
    with pytest.raises(ValueError, match="medians: expected 3, one for each stage, found 2"):
        clusters.added_covariance(*table, [2000.0, 4000.0], 0.5, floor=FLOOR)
    with pytest.raises(ValueError, match="sd: expected a number from 0 to inf, found -1"):
        clusters.added_covariance(*table, [2000.0, 4000.0, 5000.0], -1, floor=FLOOR)
    with pytest.raises(ValueError, match="members: .*from 1 to 2, found 3"):
        clusters.median_test_size([0, 0, 1], [1, 1, 1], 3, 0.5)
