"""What the page "my town" says: against the tables themselves, the register, and in words."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from adoption import census, data, mic, my_town, register

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_ext"))
import town_form  # noqa: E402


def test_rank_of_every_possible_body_holds_the_truth():
    """Whatever the sizes within the intervals are, each body's true rank lies in its range."""
    grid = census.frame("municipal")
    rng = np.random.default_rng(1)
    sizes = np.concatenate([rng.integers(row.lower, row.upper, row.bodies) for row in grid.itertuples()])
    for population in rng.choice(sizes, 200):
        first, last = my_town.rank(int(population))
        assert first <= (sizes > population).sum() + 1 <= last
    grid = grid[grid.bodies > 0]
    assert my_town.rank(0) == (1738, 1738)  # the four empty towns share it
    assert my_town.rank(int(grid.upper.max()) - 1) == (1, 1)


def test_rank_agrees_with_the_share_of_smaller_municipalities():
    """census.percentile counts from the other end, where the intervals are cut at the size."""
    for _, population in my_town.examples():
        low, high = census.percentile(population)
        assert low == high
        first, last = my_town.rank(population)
        assert 1741 * low <= 1741 - first + 1e-9 and first <= 1741 * (1 - low) + 1e-9 <= last + 1


def test_ranks_fall_as_the_population_rises():
    ranks = [my_town.rank(p) for p in np.unique(np.geomspace(1, 3_000_000, 400).astype(int))]
    assert all(a[0] >= b[0] and a[1] >= b[1] for a, b in zip(ranks, ranks[1:]))
    assert all(1 <= first <= last <= 1741 for first, last in ranks)


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_side_of_the_median_and_size_class(t):
    median = int(register.get(f"{t}.stage-1.median-population").value)
    below, at, above = (getattr(my_town.answer(median + step), t) for step in (-1, 0, 1))
    assert [town.side for town in (below, at, above)] == ["below", "at", "above"]
    for town in (below, above):
        rate = register.get(f"{t}.rate-{town.side}.every-base")
        assert town.rate == pytest.approx((rate.lower, rate.upper), rel=1e-9)
    assert at.rate is None
    assert below.missing == 1 and below.together == 2
    assert at.missing == above.missing == 0 and at.together == 1
    assert my_town.answer(9_999).size_class == "under 10,000 people"
    assert my_town.answer(10_000).size_class == "10,000 to 30,000 people"


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_size_classes_are_those_of_the_register(t):
    for name, population in zip(census.CLASS_IDS, (0, *census.CLASS_LIMITS)):
        town = getattr(my_town.answer(population), t)
        for how in ("free", "monotone"):
            bound = register.get(f"{t}.adoption-bound.{name}.{how}")
            assert getattr(town, how) == pytest.approx((bound.lower, bound.upper), abs=1e-9)
        assert town.class_2023 == pytest.approx(register.get(f"since-2020.{t}.adoption.{name}").value, rel=1e-9)


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_curves_pass_through_the_registers_half(t):
    for half, year in (
        (register.get(f"{t}.half-adoption-population.municipal").value, "2020"),
        (register.get(f"since-2020.{t}.half-adoption-population").value, "2023"),
    ):
        share, low, high = getattr(getattr(my_town.answer(round(half)), t), f"curve_{year}")
        assert share == pytest.approx(0.5, abs=1e-4) and low < share < high


def test_below_the_floor_the_curves_are_level():
    assert my_town.answer(0).ai.curve_2020 == my_town.answer(int(mic.FLOOR)).ai.curve_2020
    assert my_town.answer(0).ai.together is None


@pytest.mark.parametrize("wrong", [-1, 1.5, "24622", True, 10**8, None])
def test_other_things_than_a_population_are_refused(wrong):
    with pytest.raises(ValueError, match="expected a whole number from 0 to"):
        my_town.answer(wrong)


def test_examples_are_the_bodies_of_the_deck_once_each():
    bodies = {*data.load("small-adopters")["body_ja"], *data.load("consortium-members")["member_ja"]}
    names = [name for name, _ in my_town.examples()]
    assert len(names) == len(bodies) and all(any(b in name for name in names) for b in bodies)


def test_payload_is_plain_json():
    assert json.loads(json.dumps(my_town.payload()))["bodies"] == 1741


def test_the_form_offers_the_examples():
    html = town_form.form([("A & B", 9_557), ("C", 24_622)])
    assert re.findall(r"<option value=\"(\d+)\">([^<]*)<", html) == [
        ("9557", "A &amp; B: 9,557"),
        ("24622", "C: 24,622"),
    ]
    assert html.count('src="../_static/my-town.js"') == 1 and "{" not in html
