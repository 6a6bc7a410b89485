"""adoption.stress: what is drawn and printed, and what is counted, in cases small enough to see."""

import numpy as np
import pandas as pd
import pytest

from adoption import simulation, stress, validation
from adoption.stress import Case


@pytest.fixture(scope="module")
def cases():
    return validation.stress_cases()


def test_the_cases_are_those_that_the_stored_table_has(cases):
    assert tuple(cases) == validation.CASES
    for case in cases.values():
        assert (np.diff(case.sizes) >= 0).all() and case.sizes.dtype.kind == "i"
    assert len(cases["small"].sizes) == 60 and len(cases["steep"].sizes) == 3143
    assert (cases["ties"].sizes % 1000 == 0).all()
    # Every prefecture, and no town without inhabitants.
    assert np.array_equal(np.unique(cases["clusters"].cluster), np.arange(47))
    assert len(cases["clusters"].sizes) == 1737


def test_prefectures_keep_the_bodies_of_the_committed_table(cases):
    bodies = np.bincount(cases["clusters"].cluster)
    assert bodies.sum() == 1737 and bodies[0] == 179 and bodies[12] == 62  # Hokkaido, Tokyo


@pytest.mark.parametrize("name", validation.CASES)
def test_what_is_printed_is_that_of_the_bodies_drawn(cases, name):
    case, rng = cases[name], np.random.default_rng(1)
    stage, survey = stress.drawn(case, rng)
    assert survey.counts == np.bincount(stage).tolist() and survey.rounding == case.rounding
    for k, median in enumerate(survey.medians):
        assert abs(median - np.median(case.sizes[stage == k])) <= case.rounding / 2
        assert median % case.rounding == 0


def test_shares_are_those_of_the_law_whether_or_not_bodies_move_together(cases):
    """The largest quarter's share of stage 1 over 200 surveys of each."""
    rng, found = np.random.default_rng(2), {}
    for name in ("independent", "clusters"):
        case = cases[name]
        large = case.sizes >= np.quantile(case.sizes, 0.75)
        found[name] = np.array([np.mean(stress.drawn(case, rng)[0][large] == 0) for _ in range(100)])
    error = np.sqrt(sum(shares.var() / 100 for shares in found.values()))
    assert abs(found["independent"].mean() - found["clusters"].mean()) < 4 * error
    assert found["clusters"].std() > 1.2 * found["independent"].std()


def test_a_replicate_has_random_numbers_of_its_own(cases):
    assert stress.replicate("small", cases["small"], 3) == stress.replicate("small", cases["small"], 3)
    drawn = [
        stress.drawn(cases["small"], np.random.default_rng(np.random.SeedSequence(1, spawn_key=(i,))))[1].counts
        for i in range(4)
    ]
    assert len({tuple(counts) for counts in drawn}) > 1


def test_what_must_hold_is_counted_as_such():
    """Sizes 1 to 40, half of them in two stages: bounds and rates hold; a wrong allocation is noticed."""
    case = Case(np.arange(1, 41), np.array([-5.0, 1.2]), (20,), floor=1.0)
    stage, survey = stress.drawn(case, np.random.default_rng(5))
    found = stress._without_model(case, stage, survey)
    assert found["bounds_hold"] and found["facts_hold"]
    wrong = stress._without_model(case, stage[::-1], survey)
    assert not wrong["facts_hold"]


def test_a_block_adds_up_its_replicates(cases):
    row = stress.block("small", cases["small"], 1)
    outcomes = [stress.replicate("small", cases["small"], simulation.BLOCK + i) for i in range(simulation.BLOCK)]
    assert tuple(row) == stress.COLUMNS and row["replicates"] == simulation.BLOCK
    for name in stress.COUNTED:
        assert row[name] == sum(bool(one.get(name)) for one in outcomes)


@pytest.mark.parametrize("name", ["steep", "small"])
def test_stored_rows_are_found_again(cases, name):
    stored = validation.stressed()
    last = validation.STRESSED // simulation.BLOCK - 1
    again = pd.DataFrame([stress.block(name, cases[name], last)])
    kept = stored[(stored["case"] == name) & (stored["block"] == last)].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, kept, check_dtype=False)


def test_bounds_and_rates_hold_in_every_stored_survey():
    """A theorem, ties, rounding and clusters included."""
    stored = validation.stressed()
    assert (stored["bounds_hold"] == stored["replicates"]).all()
    assert (stored["facts_hold"] == stored["replicates"]).all()


def test_comparisons_by_hand():
    """Ten surveys, eight with an answer, six of them covering; errors of 1 and 3."""
    parts = ("compared", "covered", "error_sum", "error_squares")
    empty = {f"{name}_{part}": 0 for name in simulation.COMPARED for part in parts}
    filled = empty | {"slope_compared": 8, "slope_covered": 6, "slope_error_sum": 16, "slope_error_squares": 40}
    filled |= {"ordered_half_compared": 1, "ordered_5000_compared": 1, "micro_compared": 1}
    laws = pd.DataFrame([filled | {"replicates": 10}], index=["law"])
    table = validation.comparisons(laws)
    assert table.loc[("law", "slope")].tolist() == [10, 8, 6, 2, 1]
    assert [name for _, name in table.index] == ["slope", "ordered.half", "ordered.share-5000", "micro-data"]
