"""adoption.simulation: laws, drawing, printing, invented micro-data, and its table."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from adoption import bounds, census, curve, medians, mic, moments, outside, simulation
from adoption.frame import Frame

ORACLE = json.loads((Path(__file__).parent / "fixtures/curve-microdata.json").read_text())
LIMITS = census.CLASS_LIMITS


@pytest.fixture(scope="module")
def frame():
    grid = census.frame("municipal")
    return simulation.Bodies(
        simulation.scatter(grid.lower, grid.upper, grid.bodies), np.sort(mic.survey("ai", "municipal").outside)
    )


def survey(frame, law="ordered", seed=0):
    """Stages inside and outside, and what is printed."""
    rng, truth = np.random.default_rng(seed), simulation.TRUTHS[law]
    inside, beyond = (simulation.draw(rng, simulation.probabilities(truth, sizes)) for sizes in frame)
    return inside, beyond, simulation.publish(frame, inside, beyond, truth.stages)


# --- laws --------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", simulation.TRUTHS)
def test_a_law_has_probabilities_and_the_log_odds_that_it_states(law):
    truth, sizes = simulation.TRUTHS[law], np.array([2e3, 4e3, 2e5, 4e5])
    pi = simulation.probabilities(truth, sizes)
    assert pi.shape == (4, 5) and (pi > 0).all()
    np.testing.assert_allclose(pi.sum(axis=1), 1, atol=1e-12)
    if truth.slope is not None:
        for k in range(1, 5):
            reached = pi[:, :k].sum(axis=1)
            logit = np.log(reached / (1 - reached))
            np.testing.assert_allclose([logit[1] - logit[0], logit[3] - logit[2]], truth.slope, atol=1e-9)
    if truth.contrast is not None:
        logit = np.log(pi[:, 0] / pi[:, -1])
        np.testing.assert_allclose([logit[1] - logit[0], logit[3] - logit[2]], truth.contrast, atol=1e-9)


def test_laws_are_what_their_names_say():
    sizes = np.geomspace(1000, 2e6, 60)
    at = {law: simulation.probabilities(truth, sizes) for law, truth in simulation.TRUTHS.items()}
    first = at["hump"][:, 0]
    top = first.argmax()
    assert 40_000 < sizes[top] < 90_000
    assert (np.diff(first[: top + 1]) > 0).all() and (np.diff(first[top:]) < 0).all()
    np.testing.assert_allclose(at["null"], at["null"][:1].repeat(60, axis=0))
    # Stages 2 to 5 keep their proportions where size matters for stage 1 only.
    rest = at["non-proportional"][:, 1:]
    np.testing.assert_allclose(rest / rest[:, -1:], (rest / rest[:, -1:])[:1].repeat(60, axis=0))


def test_the_first_two_laws_are_near_the_fits_to_2020():
    fit = mic.survey("ai", "municipal").fit("ordered").fit
    np.testing.assert_allclose(simulation.TRUTHS["ordered"].params, fit.params, atol=0.05)
    fit = mic.survey("rpa", "municipal").fit("multinomial").fit
    np.testing.assert_allclose(
        simulation.probabilities(simulation.TRUTHS["multinomial"], [5e3, 5e4, 5e5]),
        curve.predict(fit, [5e3, 5e4, 5e5]),
        atol=0.03,
    )


@pytest.mark.parametrize("law,expected", [("ordered", 2 ** (13 / 0.725)), ("null", None), ("hump", None)])
def test_half_size(law, expected):
    truth = simulation.TRUTHS[law]
    found = simulation.half_size(truth)
    assert found == (expected and pytest.approx(expected, rel=1e-9))
    for law in ("multinomial", "non-proportional"):
        truth = simulation.TRUTHS[law]
        half = simulation.half_size(truth)
        assert simulation.probabilities(truth, [half])[0, 0] == pytest.approx(0.5, abs=1e-9)


def test_draw_follows_the_probabilities():
    pi = np.tile([0.1, 0.2, 0.3, 0.4], (40_000, 1))
    share = np.bincount(simulation.draw(np.random.default_rng(1), pi)) / 40_000
    assert np.all(abs(share - pi[0]) < 4 * np.sqrt(pi[0] * (1 - pi[0]) / 40_000))


# --- frame and print ---------------------------------------------------------------------------


def test_scattered_sizes_have_the_counts_of_the_table(frame):
    grid = census.frame("municipal")
    found = np.histogram(frame.inside, np.append(grid.lower, grid.upper.iloc[-1]))[0]
    assert found.tolist() == grid.bodies.tolist()
    assert (np.diff(frame.inside) >= 0).all() and (frame.inside % 1 == 0).all()
    # Four towns had nobody; all other sizes differ.
    assert np.unique(frame.inside).size == frame.inside.size - 3
    assert frame.inside.sum() == pytest.approx(grid.population.sum(), rel=0.005)
    assert frame.outside.size == 47


def test_printed_counts_and_medians(frame):
    inside, outside, published = survey(frame)
    for k in range(5):
        members = frame.inside[inside == k]
        assert published.totals[k] == members.size + (outside == k).sum()
        assert published.medians[k] == np.floor(np.median(members) + 0.5)
        assert published.odd[k] == members.size % 2
        if published.odd[k]:
            assert published.on_a_body[k]
    assert published.totals.sum() == 1788


# --- micro-data --------------------------------------------------------------------------------


def test_ordered_logit_is_that_of_r():
    stage = np.array([int(digit) for digit in ORACLE["ordered_stage"]]) - 1
    slope, error = simulation.ordered_logit(ORACLE["size"], stage, floor=100)
    assert slope == pytest.approx(ORACLE["ordered"]["params"][-1], rel=1e-8)
    # R takes the observed information, we the expected one.
    assert error == pytest.approx(ORACLE["ordered"]["slope_error"], rel=0.02)


def test_ordered_logit_of_two_sizes_has_a_closed_form():
    """A quarter of the small and three quarters of the large, two doublings apart."""
    slope, error = simulation.ordered_logit(
        np.repeat([1000.0, 4000.0], 40), np.repeat([0, 1, 0, 1], [10, 30, 30, 10]), floor=1
    )
    assert slope == pytest.approx(np.log(9) / 2, rel=1e-8)
    assert error == pytest.approx(np.sqrt(2 / 7.5) / 2, rel=1e-8)


def test_ordered_logit_that_does_not_settle_is_refused():
    with pytest.raises((curve.ConvergenceError, np.linalg.LinAlgError)):
        with np.errstate(all="ignore"):
            simulation.ordered_logit(np.geomspace(1e3, 1e6, 40), np.repeat([1, 0], 20), floor=1)


def test_ordered_logit_refuses_a_stage_without_bodies():
    with pytest.raises(ValueError, match="bodies of each stage: .* found 0 at position 1"):
        simulation.ordered_logit([1000, 2000, 4000], [0, 2, 2], floor=1)


def test_inventions_fit_counts_and_medians(frame):
    inside, _, published = survey(frame)
    rng = np.random.default_rng(2)
    rows, stage = simulation.invented_apart(rng, frame.inside, published)
    assert np.bincount(stage).tolist() == published.totals.tolist()
    for k in range(5):
        below = (rows[stage == k] < published.medians[k]).sum()
        assert below == published.totals[k] // 2
    counts = np.bincount(inside)
    draws = [simulation.invented_together(rng, frame.inside, counts, published.medians) for _ in range(60)]
    for k in range(5):
        size = np.array([(stage == k).sum() for stage in draws])
        below = np.array([(frame.inside[stage == k] < published.medians[k]).sum() for stage in draws])
        # Sixty draws: means within four standard errors.
        assert abs(size.mean() - counts[k]) < 4 * np.sqrt(counts[k] / 60)
        assert abs(below.mean() - counts[k] / 2) < 4 * np.sqrt(counts[k] / 2 / 60)


def test_invented_stages_have_equal_chances_between_medians():
    """Two stages, one median at the top quarter: the rest follows by hand."""
    sizes = np.arange(1, 401.0)
    draws = np.array(
        [simulation.invented_together(np.random.default_rng(i), sizes, [100, 300], [301, 151]) for i in range(300)]
    )
    share = (draws == 0).mean(axis=0)
    # Stage 0: 50 of 300 below 301 and 50 of 100 above; stage 1: 150 of 150 below 151.
    for part, expected in ((slice(0, 150), 0.0), (slice(150, 300), 1 / 3), (slice(300, 400), 0.5)):
        assert share[part].mean() == pytest.approx(expected, abs=0.02)


# --- replicates --------------------------------------------------------------------------------


def test_worst_case_of_the_test_is_the_smallest_number_of_members(frame):
    for law, seed in (("null", 3), ("ordered", 4)):
        inside, _, published = survey(frame, law, seed)
        for stage in (0, 4):
            split = Frame.of_sizes(frame.inside).split(published.medians[stage])
            numbers = simulation._inside_sizes(published, stage, 47, 2 * min(split.below, split.above) + 1)
            assert (inside == stage).sum() in numbers
            assert {n % 2 for n in numbers} == {int(published.odd[stage])}
            p = [medians.median_test(n, *split).p_upper for n in numbers]
            assert p[0] == max(p)


def test_bounds_are_compared_with_the_allocation_that_was_drawn(frame):
    inside, _, published = survey(frame)
    found = simulation._bounds(frame, inside, published, LIMITS)
    assert found["free_contains"] and not found["free_impossible"]
    # A survey that was never drawn: all of stage 1 among the smallest bodies.
    wrong = np.full(inside.size, 4)
    wrong[: (inside == 0).sum()] = 0
    assert not simulation._bounds(frame, wrong, published, LIMITS)["free_contains"]


def test_facts_notice_a_wrong_allocation(frame):
    inside, _, published = survey(frame, seed=1)
    assert simulation._facts_and_tests(frame, inside, published)["facts_within_a_body"]
    wrong = inside.copy()
    wrong[np.flatnonzero(inside == 0)[:6]] = 3
    found = simulation._facts_and_tests(frame, wrong, published)
    assert not found["facts_within_a_body"] and not found["facts_exact"]


def test_a_replicate_has_random_numbers_of_its_own(frame):
    one, again, other = (simulation.replicate("null", i, frame, LIMITS) for i in (7, 7, 8))
    assert one == again
    assert one["slope_error"] != other["slope_error"]
    # Not the same numbers under another law either.
    assert simulation.replicate("ordered", 7, frame, LIMITS)["micro_error"] != one["micro_error"]


@pytest.mark.parametrize("cuts", [[-7.5], [-7.5, -6.5, -5.5]])
def test_a_law_may_have_any_number_of_stages(frame, cuts, monkeypatch):
    law = simulation.Truth(params=np.array([*cuts, 0.5]), slope=0.5)
    k = len(cuts) + 1
    monkeypatch.setitem(simulation.TRUTHS, "another", law)
    assert law.stages == k
    outcome = simulation.replicate("another", 0, frame, LIMITS)
    assert not outcome["ordered_failed"] and abs(outcome["slope_error"]) < 0.2
    assert outcome["free_contains"] and outcome["facts_within_a_body"]
    assert f"test_{k}_rejected" in outcome


def test_errors_are_estimate_less_truth(frame):
    """The replicate's slope, found again from its own random numbers."""
    law, number = "ordered", 3
    truth = simulation.TRUTHS[law]
    rng = np.random.default_rng(np.random.SeedSequence(simulation.SEED, spawn_key=(0, number)))
    inside, beyond = (simulation.draw(rng, simulation.probabilities(truth, sizes)) for sizes in frame)
    published = simulation.publish(frame, inside, beyond, truth.stages)
    binned = moments.bin_sizes(frame.inside, moments.bin_edges(0, frame.inside[-1], published.medians, floor=100))
    fit = outside.fixed_point(
        "ordered", *binned, published.totals, published.medians, published.odd, frame.outside, floor=100
    ).fit
    low, high = curve.slope_interval(fit)
    found = simulation.replicate(law, number, frame, LIMITS)
    assert found["slope_error"] == pytest.approx(fit.slopes[0] - 0.725, abs=1e-9)
    assert found["slope_covered"] == (low <= 0.725 <= high)
    size, low, high = curve.size_at(fit)
    half = 2 ** (13 / 0.725)
    assert found["ordered_half_error"] == pytest.approx(np.log2(size / half), abs=1e-6)
    assert found["ordered_half_covered"] == (low <= half <= high)
    share = expit(-13 + 0.725 * np.log2(30_000))
    assert found["ordered_30000_error"] == pytest.approx(curve.predict(fit, [30_000])[0, 0] - share, abs=1e-9)


def test_a_fit_that_fails_is_counted(frame, monkeypatch):
    def no_fit(*arguments, **named):
        raise curve.ConvergenceError("no")

    monkeypatch.setattr(outside, "fixed_point", no_fit)
    monkeypatch.setattr(bounds, "stage_bounds", lambda *a: np.tile([0.0, 1.0], (6, 1)))
    row = simulation.block("ordered", 0, frame, LIMITS)
    assert row["ordered_failed"] == row["multinomial_failed"] == simulation.BLOCK
    assert row["slope_compared"] == row["slope_covered"] == 0
    assert row["micro_compared"] == simulation.BLOCK


# --- the table -----------------------------------------------------------------------------------


def test_a_block_adds_up_its_replicates(frame):
    row = simulation.block("null", 2, frame, LIMITS)
    assert tuple(row) == simulation.COLUMNS
    found = [simulation.replicate("null", 10 + i, frame, LIMITS) for i in range(simulation.BLOCK)]
    errors = np.array([one["slope_error"] for one in found])
    assert row["slope_error_sum"] == pytest.approx(errors.sum(), rel=1e-12)
    assert row["slope_error_squares"] == pytest.approx((errors**2).sum(), rel=1e-12)
    assert row["slope_covered"] == sum(one["slope_covered"] for one in found)
    assert row["free_contains"] == sum(one["free_contains"] for one in found)
    assert row["contrast_compared"] == simulation.BLOCK and row["ordered_half_compared"] == 0
