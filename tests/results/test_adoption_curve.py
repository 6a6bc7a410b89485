"""Chapter adoption-curve: what ranges must hold, and counts of combinations by hand."""

from math import comb

import pytest
from scipy.stats import chi2

from adoption import mic, register


@pytest.mark.parametrize("t", ["ai", "rpa"])
@pytest.mark.parametrize("base", ["municipal", "other"])
@pytest.mark.parametrize("name", ["odds-ratio-per-doubling", "proportional-odds", "multinomial-fit"])
def test_ranges_over_outside_bodies_contain_the_fixed_point(t, base, name):
    """The stored extremes are those of all combinations that the parities allow."""
    span = register.get(f"{t}.{name}.{base}.outside-range")
    value = register.get(f"{t}.{name}.{base}").value
    assert span.lower <= value * (1 + 1e-6) and value <= span.upper * (1 + 1e-6)


def test_combinations_of_prefectures_by_hand():
    """Stars and bars: 47 prefectures in five stages, three (AI) or one (RPA) odd, in twos."""
    assert register.get("ai.outside-vectors.municipal").value == comb(22 + 4, 4)
    assert register.get("rpa.outside-vectors.municipal").value == comb(23 + 4, 4)
    # With at least 33 at stage 1 (32, and odd), six pairs are left beside the two odd stages.
    [known] = mic.given_known("municipal")
    assert len(known.outside_vectors()) == comb(6 + 4, 4)


def test_what_is_known_of_the_prefectures_narrows_the_ranges():
    for name in ("odds-ratio-per-doubling", "proportional-odds"):
        wide = register.get(f"ai.{name}.municipal.outside-range")
        narrow = register.get(f"ai.{name}.municipal.given-prefectures")
        assert wide.lower <= narrow.lower * (1 + 1e-6) and narrow.upper < wide.upper


QUANTITIES = ("odds-ratio-per-doubling", "half-adoption-population")


@pytest.mark.parametrize("t", ["ai", "rpa"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_whole_range_holds_every_interval_and_is_the_union_of_the_readings(t, quantity):
    whole = {base: register.get(f"{t}.{quantity}.{base}.whole") for base in (*mic.BASES, "every-base")}
    for base in mic.BASES:
        plain = register.get(f"{t}.{quantity}.{base}")
        assert whole[base].lower <= plain.lower * (1 + 1e-6) < plain.upper <= whole[base].upper * (1 + 1e-6)
    assert whole["every-base"].lower == min(whole[base].lower for base in mic.BASES)
    assert whole["every-base"].upper == max(whole[base].upper for base in mic.BASES)
    # Nobody is outside `all`: the interval is all there is.
    plain = register.get(f"{t}.{quantity}.all")
    assert (whole["all"].lower, whole["all"].upper) == pytest.approx((plain.lower, plain.upper), rel=1e-6)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_what_is_known_lies_inside_the_whole_range(quantity):
    wide, narrow = (register.get(f"ai.{quantity}.every-base.whole{end}") for end in ("", ".given-known"))
    assert wide.lower <= narrow.lower < narrow.upper <= wide.upper


def test_models_are_compared_at_the_same_numbers_outside():
    """At the ordered curve's own numbers the multinomial one fits no better than at the best of all."""
    for t in ("ai", "rpa"):
        for base in ("municipal", "other"):
            same, span = (
                register.get(f"{t}.multinomial-fit.{base}.{end}") for end in ("same-outside", "outside-range")
            )
            assert span.lower * (1 - 1e-6) <= same.value <= span.upper * (1 + 1e-6)
            assert same.p_value == pytest.approx(chi2.sf(same.value, 1), rel=1e-6)
        assert register.get(f"{t}.multinomial-fit.all.same-outside").value == pytest.approx(
            register.get(f"{t}.multinomial-fit.all").value, rel=1e-6
        )


def test_every_base_is_the_range_of_the_three_estimates():
    for t in ("ai", "rpa"):
        values = [register.get(f"{t}.odds-ratio-per-doubling.{base}").value for base in mic.BASES]
        every = register.get(f"{t}.odds-ratio-per-doubling.every-base")
        assert (every.lower, every.upper) == (min(values), max(values))


def test_p_values_are_tails_of_chi_square():
    """Nine independent facts less five parameters, or less eight."""
    for t in ("ai", "rpa"):
        for base in mic.BASES:
            for name, df in (("proportional-odds", 4), ("multinomial-fit", 1)):
                row = register.get(f"{t}.{name}.{base}")
                assert row.p_value == pytest.approx(chi2.sf(row.value, df), rel=1e-6)
