"""Chapter what-is-bounded: bounds that can be worked out by hand."""

import itertools

import pytest

from adoption import census, mic, register


def ends(id):
    row = register.get(id)
    return row.lower, row.upper


def test_bounds_by_hand():
    """Half of the AI adopters below 108,174 could all be below 10,000: 147 of 512 (q = 295)."""
    assert ends("ai.adoption-bound.under-10k.free") == pytest.approx((0, 147 / 512))
    # No plan: p_5 at most 44, so at least 334 of 669 below 8,596 and one at it.
    assert ends("ai.no-plan-bound.under-10k.free")[0] == pytest.approx(335 / 512)
    assert ends("rpa.adoption-bound.over-200k.free")[0] == pytest.approx(14 / 129)
    assert ends("rpa.adoption-bound.under-10k.free") == pytest.approx((0, 185 / 512))


def test_prefectures_with_ai_by_hand():
    """68 per cent of 47, to the nearest per cent, is 32 prefectures and no other number."""
    assert [k for k in range(48) if round(100 * k / 47) == 68] == [32]
    assert register.get("ai.prefectures.introduced").value == 32 == mic.prefectures_with_ai()


def test_known_prefectures_leave_fewer_adopters():
    """32 of the 296 are prefectures, so 33 (an odd number): 263 left, 131 below the median."""
    found = ends("ai.adoption-bound.under-10k.free.given-prefectures")
    assert found == pytest.approx((0, 131 / 512))
    # Of the other 14 prefectures stages 2 and 4 have one at least: 12 at most are without a plan,
    # so of 701 municipalities 350 are below 8,596 and one at it.
    found = ends("ai.no-plan-bound.under-10k.free.given-prefectures")
    assert found[0] == pytest.approx(351 / 512)


def test_every_reading_for_the_smallest_class():
    """Introduced over all 1,788: half of 296 and of 370 could be below 10,000 people."""
    assert ends("ai.adoption-bound.under-10k.free.every-base") == pytest.approx((0, 148 / 512))
    assert ends("rpa.adoption-bound.under-10k.free.every-base") == pytest.approx((0, 185 / 512))
    # `other`: 67 bodies outside, of which 64 (AI; 713 - 64 is odd) can be without a plan, so that
    # 324 are below 8,596 and one at it; for RPA 649 - 66 = 583, hence 291 and one.
    assert ends("ai.no-plan-bound.under-10k.free.every-base")[0] == pytest.approx(325 / 512)
    assert ends("rpa.no-plan-bound.under-10k.free.every-base")[0] == pytest.approx(292 / 512)


def test_an_assumption_or_a_known_number_narrows_and_never_widens():
    for t, rate, size_class in itertools.product(("ai", "rpa"), ("adoption", "no-plan"), census.CLASS_IDS):
        name = f"{t}.{rate}-bound.{size_class}"
        pairs = [(f"{name}.free", f"{name}.monotone")]
        if t == "ai":
            pairs += [(f"{name}.{how}", f"{name}.{how}.given-prefectures") for how in ("free", "monotone")]
        for wide, narrow in pairs:
            assert ends(wide)[0] <= ends(narrow)[0] + 1e-9, narrow
            assert ends(narrow)[1] <= ends(wide)[1] + 1e-9, narrow


def test_classes_hold_all_municipalities():
    bodies = [register.get(f"frame.municipal.{name}.bodies").value for name in census.CLASS_IDS]
    assert bodies == [512, 442, 243, 262, 153, 129] and sum(bodies) == 1741
