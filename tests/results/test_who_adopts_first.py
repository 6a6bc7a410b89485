"""Chapter who-adopts-first: exact facts and tests by hand."""

from fractions import Fraction
from math import comb

import pytest

from adoption import mic, register


def value(id):
    return register.get(id).value


def test_exact_facts_by_hand():
    """With the counts of the census: 1,473 municipalities below the AI median, 267 above."""
    assert value("ai.rate-ratio.municipal") == pytest.approx(1473 / 267, rel=1e-9)
    assert value("ai.rate-ratio.other") == pytest.approx(1473 / (267 - 20), rel=1e-9)
    assert value("ai.rate-ratio.all") == pytest.approx(1473 / (267 + 47), rel=1e-9)
    assert value("rpa.rate-ratio.municipal") == pytest.approx(1464 / 277, rel=1e-9)
    assert (value("ai.above-median.municipal"), value("ai.below-median.municipal")) == (267, 1473)
    # 296 adopters less an odd number of prefectures from 1 to 45 (stages 2 and 4 need one each).
    ai, rpa = (register.get(f"{t}.rate-above.municipal") for t in ("ai", "rpa"))
    assert (ai.lower, ai.upper) == pytest.approx((125 / 267, 147 / 267), rel=1e-9)
    assert value("ai.rate-above.all") == pytest.approx(148 / 314, rel=1e-9)
    # 370 less an even number from 0 to 46 (stage 2 needs one).
    assert (rpa.lower, rpa.upper) == pytest.approx((162 / 277, 185 / 277), rel=1e-9)
    assert value("ai.adopters.share") == pytest.approx(296 / 1788, rel=1e-9)
    assert value("rpa.no-plan.share") == pytest.approx(649 / 1788, rel=1e-9)


def test_what_is_known_of_ai_by_hand():
    """At least 32 prefectures, and an odd number: 33 to 45 of 296 are not among the municipalities.

    Without the designated cities, whose 16 adopters are known: 49 to 63, the 67 outside less three
    at stage 2 and one at stage 3 or 4; an odd number, as 296 less it is of 247 above the median.
    """
    for base, above, below, most, least in (("municipal", 267, 1473, 263, 251), ("other", 247, 1473, 247, 233)):
        row = register.get(f"ai.rate-above.{base}.given-known")
        assert (row.lower, row.upper) == pytest.approx((least // 2 / above, most // 2 / above), rel=1e-9)
        row = register.get(f"ai.rate-below.{base}.given-known")
        assert (row.lower, row.upper) == pytest.approx((least // 2 / below, most // 2 / below), rel=1e-9)
    row = register.get("ai.rate-above.every-base.given-known")
    assert (row.lower, row.upper) == pytest.approx((125 / 267, 123 / 247), rel=1e-9)
    row = register.get("ai.rate-below.every-base.given-known")
    assert (row.lower, row.upper) == pytest.approx((116 / 1473, value("ai.rate-below.all")), rel=1e-9)


def test_what_survives_all_readings_is_the_widest_range_and_the_extreme_ratio():
    for t in ("ai", "rpa"):
        for group in (t, f"{t}.no-plan"):
            ratios = [value(f"{group}.rate-ratio.{base}") for base in mic.BASES]
            assert value(f"{group}.rate-ratio.smallest") == min(ratios)
            assert value(f"{group}.rate-ratio.largest") == max(ratios)
            for side in ("above", "below"):
                ends = []
                for base in mic.BASES:
                    row = register.get(f"{group}.rate-{side}.{base}")
                    ends += [end for end in (row.value, row.lower, row.upper) if end is not None]
                every = register.get(f"{group}.rate-{side}.every-base")
                assert (every.lower, every.upper) == (min(ends), max(ends))


def test_members_have_the_parity_and_leave_room_for_the_other_stages():
    assert mic.survey("ai", "municipal").members(1) == list(range(295, 250, -2))
    assert mic.survey("ai", "all").members(1) == [296]
    # A stage with a median has a member: stage 3 counts 58, and 67 bodies lie outside `other`.
    assert min(mic.survey("ai", "other").members(3)) == 2


def test_median_test_by_counting():
    """AI, stage 3, all readings: 58 of 1,788, of which 728 are above its median and none at it."""
    total, above, n = 1788, 728, 58
    tail = sum(Fraction(comb(above, k) * comb(total - above, n - k), comb(total, n)) for k in range(n // 2, n + 1))
    row = register.get("ai.stage-3.median-test.all")
    assert row.p_value == pytest.approx(
        min(
            1.0,
            2
            * float(
                min(tail, 1 - tail + Fraction(comb(above, n // 2) * comb(total - above, n - n // 2), comb(total, n)))
            ),
        ),
        rel=1e-9,
    )


def test_holm_over_the_ten_stages():
    """The smallest of ten p-values times ten, and so on, never falling."""
    stages = [f"{t}.stage-{k}.median-test" for t in ("ai", "rpa") for k in range(1, 6)]
    worst = sorted((register.get(f"{id}.every-base").p_value, id) for id in stages)
    largest = 0.0
    for position, (p, id) in enumerate(worst):
        largest = min(1.0, max(largest, (10 - position) * p))
        assert register.get(f"{id}.holm").p_value == pytest.approx(largest, rel=1e-8)


def test_a_perfect_ranking_of_five_comes_up_once_in_sixty():
    for t in ("ai", "rpa"):
        row = register.get(f"{t}.rank-trend")
        assert row.value == -1 and row.p_value == pytest.approx(2 / 120)
