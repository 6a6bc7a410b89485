"""Chapter ai-versus-rpa: differences, overlaps and tests by hand."""

from fractions import Fraction
from math import comb

import pytest

from adoption import register


def ends(id):
    row = register.get(id)
    return row.lower, row.upper


def mcnemar(only_ai, only_rpa):
    """Two-sided exact p: the smaller tail of a fair coin, doubled."""
    n = only_ai + only_rpa
    return float(min(1, 2 * Fraction(sum(comb(n, k) for k in range(min(only_ai, only_rpa) + 1)), 2**n)))


def test_difference_by_hand():
    assert register.get("ai-rpa.difference.bodies").value == 370 - 296
    assert register.get("ai-rpa.difference").value == pytest.approx(100 * 74 / 1788)


def test_overlap_by_hand():
    """Over all 1,788: 148 AI and 185 RPA adopters above 102,374, where there are 324 bodies."""
    assert ends("ai-rpa.overlap.medians.every-base") == (148 + 185 - 324, 296)
    assert ends("ai-rpa.overlap.counts") == (0, 296)
    # One AI adopter at least is a prefecture: its number is odd.
    assert ends("ai-rpa.overlap.medians.municipal")[1] == 295


def test_mcnemar_by_counting():
    """The fewest that have both make the most of the coin's tosses, and the largest p."""
    for id, both in (
        ("ai-rpa.mcnemar-p-max", 0),
        ("ai-rpa.mcnemar-p-max.every-base", 9),
        ("ai-rpa.mcnemar-p-max.medians", 33),
    ):
        row = register.get(id)
        assert row.value == row.p_value == pytest.approx(mcnemar(296 - both, 370 - both), rel=1e-9)
    assert ends("ai-rpa.overlap.medians")[0] == 33
