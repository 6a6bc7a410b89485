"""adoption/outside.py: bodies that counts include and medians do not."""

import itertools

import numpy as np
import pytest
from drawn import FLOOR, MODELS, TRUTHS, binned, draw, frame, publish

from adoption import curve, moments, outside
from adoption.survey import Frame, Survey

AI, AI_ODD = [296, 241, 58, 480, 713], [1, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "published,odd,count,least",
    [
        ([6, 3, 9], [1, 0, 1], 7, None),
        ([6, 3, 9], None, 5, None),
        ([6, 3, 9], [0, 0, 1], 9, [2, 0, 1]),
        ([2, 2, 2, 5], None, 6, None),
        ([6, 3, 9], [1, 1, 1], 2, None),
    ],
)
def test_allowed_vectors_are_all_that_a_search_finds(published, odd, count, least):
    least = [0] * len(published) if least is None else least
    found = [
        p
        for p in itertools.product(*(range(n) for n in published))
        if sum(p) == count
        and all(p[k] >= least[k] for k in range(len(p)))
        and (odd is None or all((n - x) % 2 == o for n, x, o in zip(published, p, odd)))
    ]
    vectors = outside.allowed(published, odd, count, least)
    assert [tuple(v) for v in vectors] == found
    for expected in np.random.default_rng(3).uniform(0, 5, (20, len(published))):
        if not found:
            with pytest.raises(ValueError, match="outside: expected a number that"):
                outside.nearest(expected, published, odd, count, least)
            continue
        p = outside.nearest(expected, published, odd, count, least)
        distances = ((vectors - expected) ** 2).sum(axis=1)
        assert tuple(p) == found[int(np.argmin(distances))]


def test_allowed_vectors_of_the_survey():
    vectors = outside.allowed(AI, AI_ODD, 47)
    assert vectors.shape == (14950, 5)
    assert np.all(vectors.sum(axis=1) == 47)
    assert np.all((AI - vectors) % 2 == AI_ODD)
    assert len(np.unique(vectors, axis=0)) == len(vectors)
    assert len(outside.allowed(AI, AI_ODD, 47, [32, 0, 0, 0, 0])) == np.sum(vectors[:, 0] >= 32)


def test_nearest_vector_prefers_earlier_stages_in_a_tie():
    assert outside.nearest([1, 1, 1], [9, 9, 9], None, 4).tolist() == [2, 1, 1]
    assert outside.nearest([2, 2], [10, 10], [1, 1], 4).tolist() == [3, 1]


def outside_case(model, seed):
    """A frame whose largest bodies are counted in the totals but left out of the medians."""
    sizes = frame(1500)
    pi, _ = curve.probabilities(model, TRUTHS[model], moments.log_size(sizes, floor=FLOOR))
    stage = draw(np.random.default_rng(seed), pi)
    base = np.sort(np.random.default_rng(9).permutation(sizes.size)[40:])
    rest = np.setdiff1d(np.arange(sizes.size), base)
    totals, medians, odd = publish(sizes[base], stage[base], 5)
    published = np.bincount(stage, minlength=5)
    return sizes[base], medians, odd, published, sizes[rest], totals


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("parity", [True, False])
def test_fixed_point_is_one(model, parity):
    base, medians, odd, published, beyond, totals = outside_case(model, 4)
    odd = odd if parity else None
    found = outside.fixed_point(model, *binned(base, medians), published, medians, odd, beyond, floor=FLOOR)
    assert found.outside.sum() == 40
    rest = published - found.outside, medians, odd if parity else np.zeros(5)
    again = curve.fit(model, moments.of_table(*binned(base, medians), *rest, floor=FLOOR))
    np.testing.assert_allclose(again.params, found.fit.params, rtol=1e-6)
    expected = curve.predict(again, beyond).sum(axis=0)
    np.testing.assert_allclose(expected, found.expected, rtol=1e-5)
    vectors = outside.allowed(published, odd, 40)
    nearest = vectors[np.argmin(((vectors - expected) ** 2).sum(axis=1))]
    assert nearest.tolist() == found.outside.tolist()
    # The true numbers give nearly the same slope.
    truth = curve.fit(model, moments.of_table(*binned(base, medians), totals, medians, totals % 2, floor=FLOOR))
    error = np.sqrt(truth.covariance[4, 4])
    assert abs(truth.slopes[0] - found.fit.slopes[0]) < error


def test_fixed_point_in_a_circle_takes_the_likeliest(monkeypatch):
    base, medians, odd, published, beyond, _ = outside_case("ordered", 4)
    seen = []

    def swing(fit, sizes):  # never expects the same twice running
        seen.append(fit)
        return np.tile([0.6, 0.1, 0, 0.2, 0.1] if len(seen) % 2 else [0.1, 0.1, 0, 0.2, 0.6], (len(sizes), 1))

    monkeypatch.setattr(outside, "predict", swing)
    found = outside.fixed_point("ordered", *binned(base, medians), published, medians, odd, beyond, floor=FLOOR)
    assert len(seen) == 3
    likelihoods = [fit.loglik for fit in seen[-2:]]
    assert abs(np.diff(likelihoods)[0]) > 0.1
    assert found.fit.loglik == max(likelihoods)


def test_fits_over_vectors_equal_single_fits():
    base, medians, odd, published, beyond, _ = outside_case("multinomial", 6)
    vectors = outside.allowed(published, odd, 40)[::1500][:6]
    survey = Survey(published, medians, Frame.of_sizes(base), FLOOR, outside=beyond, odd=odd)
    found = list(survey._refits("multinomial", vectors))
    assert len(found) == len(vectors) > 2
    for p, warm in zip(vectors, found):
        cold = curve.fit(
            "multinomial", moments.of_table(*binned(base, medians), published - p, medians, odd, floor=FLOOR)
        )
        np.testing.assert_allclose(warm.params, cold.params, rtol=1e-6)


def test_numbers_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="odd: expected 5 numbers, found 3"):
        outside.allowed(AI, [1, 0, 0], 47)
    with pytest.raises(ValueError, match="outside: .*from 0 to 1787, found"):
        outside.allowed(AI, AI_ODD, 1788)
    with pytest.raises(ValueError, match="outside: .*from 0 to 1787, found"):
        outside.allowed(AI, AI_ODD, 2.5)
    with pytest.raises(ValueError, match="least: expected 5 numbers, found 1"):
        outside.allowed(AI, AI_ODD, 47, [32])
    with pytest.raises(ValueError, match="at least one body of each stage"):
        outside.allowed([3, 1], [1, 0], 2)
    with pytest.raises(ValueError, match="expected: expected 5 numbers, found 2"):
        outside.nearest([1, 2], AI, AI_ODD, 47)


def test_what_is_handed_in_stays_as_it_was():
    least = np.array([1, 0, 0])
    outside.nearest([1, 1, 1], [9, 9, 9], None, 4, least)
    assert least.tolist() == [1, 0, 0]


def test_no_vector_leaves_more_in_a_stage_than_there_is_room_for():
    """Stage 1 has its median at the 33rd of 41 bodies: eight above it, so 17 inside at most."""
    sizes, medians, odd = np.arange(1000.0, 1041), [1032.0, 1020.5], [1, 0]
    published, refused = np.array([27, 34]), []
    for p in outside.allowed(published, odd, 20):
        try:
            moments.of_table(sizes, np.ones(41), published - p, medians, odd, floor=1)
        except ValueError as error:
            assert "room for half" in str(error)
            refused.append(int(p[0]))
    assert refused == [0, 2, 4, 6, 8]
    assert outside._fewest(sizes, np.ones(41), published, np.array(medians), odd).tolist() == [10, 0]
    # The shares of all bodies would leave 19 of stage 1 inside.
    assert outside.nearest(20 * published / 61, published, odd, 20).tolist() == [8, 12]
    found = outside.fixed_point(
        "ordered", sizes, np.ones(41), published, medians, odd, np.linspace(1035, 1060, 20), floor=1
    )
    assert found.outside[0] >= 10


def test_a_usage_error_is_not_taken_for_a_search_that_failed():
    base, medians, odd, published, beyond, _ = outside_case("ordered", 4)
    with pytest.raises(ValueError, match="floor: expected a number between 0"):
        outside.fixed_point("ordered", *binned(base, medians), published, medians, odd, beyond, floor=-1)


def test_a_search_that_fails_begins_again_from_the_first_stage(monkeypatch):
    base, medians, odd, published, beyond, _ = outside_case("ordered", 4)
    real, starts = outside.fit, []

    def unlucky(*arguments, **named):
        starts.append(published[0] - arguments[1].observed[0])  # of the first stage, outside
        if len(starts) == 1:
            raise curve.ConvergenceError("no maximum")
        return real(*arguments, **named)

    monkeypatch.setattr(outside, "fit", unlucky)
    found = outside.fixed_point("ordered", *binned(base, medians), published, medians, odd, beyond, floor=FLOOR)
    assert starts[1] > 30 > starts[0]
    monkeypatch.undo()
    again = outside.fixed_point("ordered", *binned(base, medians), published, medians, odd, beyond, floor=FLOOR)
    assert again.fit.params == pytest.approx(found.fit.params, rel=0.02)
