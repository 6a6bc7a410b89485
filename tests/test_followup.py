"""adoption.followup: against R, against its own score equations, and against single bodies."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, xlogy
from scipy.stats import chi2

from adoption import clusters, followup, mic, register

ROOT = Path(__file__).resolve().parents[1]
ORACLE = json.loads((ROOT / "tests/fixtures/followup-oracle.json").read_text(encoding="utf-8"))
CASES = ("invented", "ai", "rpa")
LIMIT = chi2.ppf(0.95, 1)
FLOOR = 100.0  # as in the scripts


class Groups:
    """One case of the oracle: by stratum and mark, and added up by stratum."""

    def __init__(self, stored):
        self.stored = stored
        self.stratum, self.size, self.marked, self.bodies, self.adopters, people = (
            np.array(stored[name]) for name in ("stratum", "size", "marked", "bodies", "adopters", "people")
        )
        _, at = np.unique(self.stratum, return_inverse=True)
        n = np.bincount(at, self.bodies)
        self.by_stratum = np.bincount(at, people) / n, n, np.bincount(at, self.adopters)


@pytest.fixture(params=CASES)
def groups(request):
    return Groups(ORACLE[request.param])


# --- against R -------------------------------------------------------------------------------


def test_size_logit_agrees_with_r(groups):
    fit = followup.size_logit(*groups.by_stratum, floor=FLOOR)
    np.testing.assert_allclose(fit.params, groups.stored["line"], rtol=1e-8)
    np.testing.assert_allclose(fit.covariance, groups.stored["covariance"], rtol=1e-6)
    assert fit.deviance == pytest.approx(groups.stored["deviance"], rel=1e-9)
    assert fit.df == groups.by_stratum[0].size - 2
    np.testing.assert_allclose(followup.predict(fit, [1000, 20_000, 300_000]), groups.stored["band"], rtol=1e-6)


def test_intervals_agree_with_r(groups):
    stored = groups.stored
    found = followup.odds_ratio_per_doubling(*groups.by_stratum, floor=FLOOR)
    np.testing.assert_allclose(found[:3], stored["odds_ratio"], rtol=1e-7)
    # MASS reads the ends off a spline through the profile.
    np.testing.assert_allclose(found[1:3], stored["confint_mass"], rtol=1e-5)
    np.testing.assert_allclose(followup.half_size(*groups.by_stratum, floor=FLOOR)[:3], stored["half"], rtol=1e-7)
    found = followup.odds_ratio_at_equal_size(groups.size, groups.marked, groups.bodies, groups.adopters, floor=FLOOR)
    np.testing.assert_allclose(found[:3], stored["at_equal_size"], rtol=1e-7)


def test_tests_and_mantel_haenszel_agree_with_r(groups):
    stored = groups.stored
    np.testing.assert_allclose(followup.curvature_test(*groups.by_stratum, floor=FLOOR), stored["curvature"], rtol=1e-7)
    arguments = groups.marked, groups.bodies, groups.adopters
    np.testing.assert_allclose(
        followup.equal_size_test(groups.size, *arguments, floor=FLOOR), stored["equal_size_test"], rtol=1e-7
    )
    found = followup.odds_ratio_within_strata(groups.stratum, *arguments)
    np.testing.assert_allclose(found[:3], stored["within_strata"], rtol=1e-7)


# --- what a maximum of the likelihood is --------------------------------------------------------


def minus_twice_loglik(logits, n, y):
    p = expit(logits)
    return -2 * np.sum(xlogy(y, p) + xlogy(n - y, 1 - p))


def test_score_equations_hold_at_the_estimate(groups):
    """Expected equals observed: number of adopters, and their summed log2 size."""
    sizes, n, y = groups.by_stratum
    a, b = followup.size_logit(sizes, n, y, floor=FLOOR).params
    z = np.log2(np.maximum(sizes, FLOOR))
    expected = n * expit(a + b * z)
    assert expected.sum() == pytest.approx(y.sum(), rel=1e-9)
    assert expected @ z == pytest.approx(y @ z, rel=1e-9)


def test_ends_of_the_half_size_are_where_the_likelihood_has_fallen_enough(groups):
    """By a search over slopes through the fixed root, without any fitting routine."""
    from scipy.optimize import minimize_scalar

    sizes, n, y = groups.by_stratum
    z = np.log2(np.maximum(sizes, FLOOR))
    a, b = followup.size_logit(sizes, n, y, floor=FLOOR).params
    best = minus_twice_loglik(a + b * z, n, y)
    half = followup.half_size(sizes, n, y, floor=FLOOR)
    assert expit(a + b * np.log2(half.estimate)) == pytest.approx(0.5, abs=1e-9)
    for end in (half.lower, half.upper):
        fixed = minimize_scalar(lambda slope: minus_twice_loglik(slope * (z - np.log2(end)), n, y), (0.1, 2), tol=1e-12)
        assert fixed.fun - best == pytest.approx(LIMIT, abs=1e-6)


def test_two_sizes_have_a_closed_form():
    """10 of 40 adopt at size 1,000 and 30 of 40 at 4,000, two doublings apart."""
    sizes, n, y = [1000, 4000, 2000, 2000], [40] * 4, [10, 30, 20, 20]
    slope = followup.odds_ratio_per_doubling(sizes, n, y, floor=FLOOR)
    assert slope.estimate == pytest.approx(3, rel=1e-9)
    assert followup.half_size(sizes, n, y, floor=FLOOR).estimate == pytest.approx(2000, rel=1e-9)
    assert followup.size_logit(sizes, n, y, floor=FLOOR).deviance == pytest.approx(0, abs=1e-9)
    marked = followup.odds_ratio_at_equal_size(
        [1000, 1000, 4000, 4000], [0, 1, 0, 1], [40] * 4, [10, 20, 20, 30], floor=FLOOR
    )
    assert marked.estimate == pytest.approx(3, rel=1e-9)
    both = followup.odds_ratio_within_strata([1, 1, 2, 2], [0, 1, 0, 1], [40] * 4, [10, 20, 20, 30])
    assert both.estimate == pytest.approx((20 * 30 + 30 * 20) / (20 * 10 + 10 * 20))


def test_a_logit_with_a_mark_agrees_with_the_odds_ratio_at_equal_size(groups):
    fit = followup.size_logit(groups.size, groups.bodies, groups.adopters, floor=FLOOR, marked=groups.marked)
    assert np.exp(fit.params[2]) == pytest.approx(groups.stored["at_equal_size"][0], rel=1e-7)
    assert fit.covariance.shape == (3, 3) and fit.df == groups.size.size - 3


def test_sizes_below_the_floor_count_as_the_floor():
    counts = [50, 50, 50], [5, 20, 45]
    assert followup.odds_ratio_per_doubling([3, 1000, 9000], *counts, floor=FLOOR) == followup.odds_ratio_per_doubling(
        [FLOOR, 1000, 9000], *counts, floor=FLOOR
    )


def test_the_unit_of_size_does_not_matter(groups):
    sizes, n, y = groups.by_stratum
    for function, unit in ((followup.odds_ratio_per_doubling, 1), (followup.half_size, 1000)):
        people = function(sizes, n, y, floor=FLOOR)
        other = function(sizes * 1000, n, y, floor=FLOOR * 1000)
        np.testing.assert_allclose(other[:3], unit * np.array(people[:3]), rtol=1e-8)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """120 surveys of 16 groups with a known slope, half size and mark."""
    rng = np.random.default_rng(20231231)
    sizes = np.repeat(1000 * 2 ** np.arange(8.0), 2)
    marked, n = np.tile([0, 1], 8), np.full(16, 40)
    truth = expit(0.9 * (np.log2(sizes) - np.log2(12_000)) + 0.4 * (marked - 0.5))
    plain = expit(0.9 * (np.log2(sizes) - np.log2(12_000)))
    covered = np.zeros(3)
    runs = 120
    for _ in range(runs):
        y = rng.binomial(n, plain)
        slope, half = (f(sizes, n, y, floor=FLOOR) for f in (followup.odds_ratio_per_doubling, followup.half_size))
        mark = followup.odds_ratio_at_equal_size(sizes, marked, n, rng.binomial(n, truth), floor=FLOOR)
        covered += [
            slope.lower <= np.exp(0.9) <= slope.upper,
            half.lower <= 12_000 <= half.upper,
            mark.lower <= np.exp(0.4) <= mark.upper,
        ]
    # Three standard errors of a share of 120 around 95 %.
    assert (np.abs(covered / runs - 0.95) < 0.06).all(), covered / runs


# --- grouped counts against single bodies -------------------------------------------------------


@pytest.fixture(scope="module")
def bodies_of_2023(shared):
    """The official files, read as the builders read them."""
    sys.path.insert(0, str(ROOT / "data" / "builders"))
    try:
        sources = importlib.import_module("sources")
    finally:
        sys.path.remove(str(ROOT / "data" / "builders"))
    census = [body for body in sources.read_census(shared / "census/001_00.csv") if body.kind != "prefecture"]
    bodies = sources.read_dashboard(shared / "dashboard/municipalities.csv", census, first_cell="")
    return [body for body in bodies if body.population > 0]


@pytest.mark.parametrize("technology, single", [("ai", 2.627), ("rpa", 2.672)])
def test_intervals_lose_little_against_single_bodies(bodies_of_2023, technology, single):
    sizes = [body.population for body in bodies_of_2023]
    ones, adopted = [1] * len(sizes), [getattr(body, technology) for body in bodies_of_2023]
    grouped = mic.answers_2023()
    counts = grouped["mean_size"], grouped["bodies"], grouped[technology]
    assert len(sizes) == grouped["bodies"].sum() == 1737
    slope = followup.odds_ratio_per_doubling(sizes, ones, adopted, floor=FLOOR)
    assert slope.estimate == pytest.approx(single, abs=0.0005)
    for f in (followup.odds_ratio_per_doubling, followup.half_size):
        np.testing.assert_allclose(f(*counts, floor=FLOOR)[:3], f(sizes, ones, adopted, floor=FLOOR)[:3], rtol=0.005)


@pytest.mark.parametrize("technology", ["ai", "rpa"])
def test_external_staff_from_single_bodies(bodies_of_2023, technology):
    asked = [body for body in bodies_of_2023 if body.external_staff != "not_surveyed"]
    single = followup.odds_ratio_at_equal_size(
        [body.population for body in asked],
        [body.external_staff == "yes" for body in asked],
        [1] * len(asked),
        [getattr(body, technology) for body in asked],
        floor=FLOOR,
    )
    table = mic.answers_2023(by_staff=True)
    table = table[table["external_staff"] != "not_surveyed"]
    grouped = followup.odds_ratio_at_equal_size(
        table["mean_size"], table["external_staff"] == "yes", table["bodies"], table[technology], floor=FLOOR
    )
    np.testing.assert_allclose(grouped[:3], single[:3], rtol=0.01)


def single_clusters(bodies, technology, *extra):
    """Single bodies by prefecture: clusters of the logit on log2(size) and extra columns."""
    design = np.column_stack([np.ones(len(bodies)), np.log2([max(b.population, FLOOR) for b in bodies]), *extra])
    cluster = np.array([int(body.code[:2]) - 1 for body in bodies])
    adopted = np.array([getattr(body, technology) for body in bodies], float)
    sums = np.zeros((47, design.shape[1]))
    np.add.at(sums, cluster, adopted[:, None] * design)
    return clusters.Clusters(cluster, design, np.ones(len(bodies)), sums)


@pytest.mark.parametrize("technology", ["ai", "rpa"])
def test_tables_by_prefecture_lose_little_against_single_bodies(bodies_of_2023, technology):
    """Standard errors, the intercepts' spread and its interval within 0.3 %; heterogeneity too."""
    single, table = single_clusters(bodies_of_2023, technology), mic.prefectures_2023(technology)
    params = clusters.logit(single)
    errors = [np.sqrt(np.diag(clusters.robust_covariance(data, params))) for data in (single, table)]
    np.testing.assert_allclose(errors[1], errors[0], rtol=0.003)
    spreads = [clusters.random_intercept(data).sd[:3] for data in (single, table)]
    np.testing.assert_allclose(spreads[1], spreads[0], rtol=0.003)
    statistics = [clusters.heterogeneity(data, replicates=1).statistic for data in (single, table)]
    assert statistics[1] == pytest.approx(statistics[0], rel=0.003)


@pytest.mark.parametrize("technology, p_value", [("ai", 0.1131), ("rpa", 0.02586)])
def test_external_staff_by_prefecture_loses_little_against_single_bodies(bodies_of_2023, technology, p_value):
    asked = [body for body in bodies_of_2023 if body.external_staff != "not_surveyed"]
    single = single_clusters(asked, technology, [body.external_staff == "yes" for body in asked])
    params = clusters.logit(single)
    truth = clusters.odds_ratio(params, clusters.robust_covariance(single, params))
    assert truth.p_value == pytest.approx(p_value, rel=0.001)
    found = clusters.robust_covariance(mic.prefectures_2023(technology, by_staff=True), params)[-1, -1]
    assert found == pytest.approx(clusters.robust_covariance(single, params)[-1, -1], rel=0.02)


@pytest.mark.parametrize("technology, median", [("ai", 108_174), ("rpa", 102_374)])
@pytest.mark.parametrize("base, kinds", [("municipal", 2), ("other", 1)])
def test_rates_of_2023_stand_at_the_line_of_2020(bodies_of_2023, technology, median, base, kinds):
    """The table is cut at the medians of 2020: its rates are those of the single answers."""
    chosen = [body for body in bodies_of_2023 if kinds == 2 or body.kind == "other_municipality"]
    above, below = (
        [getattr(body, technology) for body in chosen if side(body.population)]
        for side in (median.__lt__, median.__gt__)
    )
    below += [False] * 3 + [technology == "rpa"]  # the four towns without inhabitants, one of which uses RPA
    stated = {
        side: register.get(f"since-2020.{technology}.rate-{side}-2020-median.{base}").value
        for side in ("above", "below")
    }
    assert stated["above"] == pytest.approx(np.mean(above), rel=1e-9)
    assert stated["below"] == pytest.approx(np.mean(below), rel=1e-9)
    difference = register.get(f"since-2020.{technology}.rate-difference-2020-median.{base}").value
    assert difference == pytest.approx(100 * (np.mean(above) - np.mean(below)), rel=1e-9)
    assert difference > register.get(f"since-2020.{technology}.rate-difference-2020-median.{base}.in-2020").upper
    # So many municipalities on trial would undo the growth, and one fewer would not.
    needed = int(register.get(f"since-2020.{technology}.trials-to-undo.{base}").value)
    largest = register.get(f"since-2020.{technology}.rate-difference-2020-median.{base}.in-2020").upper / 100
    assert np.mean(above) - (np.sum(below) + needed) / len(below) <= largest + 1e-12
    assert np.mean(above) - (np.sum(below) + needed - 1) / len(below) > largest


# --- bad input ---------------------------------------------------------------------------------


GOOD = {"sizes": [500, 2000, 9000], "bodies": [20, 20, 20], "adopters": [3, 9, 16], "floor": FLOOR}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"adopters": [3, 9, 21]}, "adopters: expected at most 20 at position 2, found 21"),
        ({"adopters": [3, 9]}, "adopters: expected 3 numbers, found 2"),
        ({"adopters": [3, 9.5, 16]}, "whole numbers of at least 0, found 9.5 at position 1"),
        ({"adopters": [3, np.nan, 16]}, "found nan at position 1"),
        ({"bodies": [20, 0, 20], "adopters": [3, 0, 16]}, "bodies: .*found 0 at position 1"),
        ({"bodies": [[20, 20, 20]]}, r"found shape \(1, 3\)"),
        ({"sizes": [500, -1, 9000]}, "at least 0, found -1 at position 1"),
        ({"sizes": [500, np.inf, 9000]}, "found inf at position 1"),
        ({"sizes": [500, 2000]}, "sizes: expected 3 numbers, found 2"),
        ({"adopters": [0, 0, 20]}, "separate"),
        ({"adopters": [0, 0, 0]}, "separate"),
    ],
)
@pytest.mark.parametrize("function", [followup.size_logit, followup.odds_ratio_per_doubling, followup.half_size])
def test_bad_input_is_refused(function, change, message):
    with pytest.raises(ValueError, match=message):
        function(**(GOOD | change))


@pytest.mark.parametrize("sizes, found", [([1000, 1000], "only 1000"), ([3, 70], "only 100"), ([5000], "only 5000")])
def test_one_size_says_nothing_about_size(sizes, found):
    """Two groups of one size, two below the floor, one group: refused, and never a search."""
    counts = [5, 5][: len(sizes)], [1, 4][: len(sizes)]
    for function in (followup.size_logit, followup.odds_ratio_per_doubling, followup.half_size):
        with pytest.raises(ValueError, match=f"sizes: expected 2 or more .*found {found}"):
            function(sizes, *counts, floor=FLOOR)
    with pytest.raises(ValueError, match="sizes: expected 3 or more .*found only 1000, 4000"):
        followup.curvature_test([1000, 4000, 1000], [9, 9, 9], [1, 4, 2], floor=FLOOR)


@pytest.mark.parametrize("marked", [[0, 0, 0], [1, 1, 1], [0, 0, 1]])
def test_marks_that_size_determines_are_refused(marked):
    for function in (followup.odds_ratio_at_equal_size, followup.equal_size_test):
        with pytest.raises(ValueError, match="marked: expected marks that vary"):
            function([1000, 1000, 4000], marked, [9, 9, 9], [2, 3, 5], floor=FLOOR)


def test_half_size_is_refused_where_none_is_ruled_out():
    with pytest.raises(ValueError, match="adoption related to size"):
        followup.half_size([500, 2000, 9000], [20, 20, 20], [10, 9, 11], floor=FLOOR)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_level_is_a_probability(level):
    with pytest.raises(ValueError, match=f"level: .*between 0 and 1, found {level}"):
        followup.odds_ratio_per_doubling(**GOOD, level=level)


def test_marks_are_zero_or_one_and_strata_must_say_something():
    with pytest.raises(ValueError, match="marked: expected 0 or 1, found 2"):
        followup.odds_ratio_at_equal_size(GOOD["sizes"], [0, 2, 1], GOOD["bodies"], GOOD["adopters"], floor=FLOOR)
    with pytest.raises(ValueError, match="found none"):
        followup.odds_ratio_within_strata([1, 2, 3], [0, 1, 1], GOOD["bodies"], GOOD["adopters"])
    with pytest.raises(ValueError, match="strata: expected one for each of 3 groups, found 2"):
        followup.odds_ratio_within_strata([1, 2], [0, 1, 1], GOOD["bodies"], GOOD["adopters"])
