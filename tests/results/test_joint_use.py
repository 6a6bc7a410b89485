"""Chapter joint-use: cross products, inclusion counts and exact tests with the printed numbers."""

import json
from math import comb

import numpy as np
import pytest
from scipy.stats import beta, gamma

from adoption import HOME, register
from adoption.register import get


def test_tables_as_printed():
    printed = {
        "prefecture": (0, 39, 8),
        "designated-city": (0, 19, 1),
        "other-municipality": (11, 1620, 90),
        "total": (11, 1678, 99),
    }
    for kind, counts in printed.items():
        found = [get(f"joint.rpa.{kind}.{answer}").value for answer in ("implementing", "no-plan", "considering")]
        assert found == list(counts)
    forms = {
        "prefecture": (1, 0, 0),
        "designated-city": (2, 1, 4),
        "other-municipality": (7, 20, 15),
        "total": (10, 21, 19),
    }
    for kind, counts in forms.items():
        found = [
            get(f"joint.ai.{kind}.{form}").value
            for form in ("jointly-built-system", "jointly-contracted-service", "other")
        ]
        assert found == list(counts)
    assert get("joint.ai.total.answers").value == 50
    assert get("joint.rpa.no-plan-share").value == pytest.approx(1678 / 1788, rel=1e-9)


def test_interest_of_the_prefectures():
    interest = get("joint.rpa.prefecture-interest")
    # The conditional estimate is a little nearer to 1 than the cross product.
    assert 0.98 < interest.value / ((8 / 39) / (91 / 1650)) < 1
    assert interest.lower < interest.value < interest.upper
    # Fisher's p, summed anew: tables no likelier than 8 of the 47 among the 99 who consider.
    chance = [comb(99, k) * comb(1689, 47 - k) for k in range(48)]
    assert interest.p_value == pytest.approx(sum(c for c in chance if c <= chance[8]) / comb(1788, 47), rel=1e-9)


def test_exact_tests_are_those_of_r():
    assert get("joint.rpa.status-by-type").p_value == pytest.approx(0.0382128548, rel=1e-8)
    assert get("joint.ai.form-by-type").p_value == pytest.approx(0.1014689779, rel=1e-8)


@pytest.mark.parametrize("question", ["rpa.status", "ai.form"])
def test_pearson_is_that_of_r(question):
    stored = json.loads((HOME / "tests" / "fixtures" / "tables-oracle.json").read_text(encoding="utf-8"))["pearson"]
    entry = stored[["rpa.status", "ai.form"].index(question)]
    found, expected = get(f"joint.{question}-by-type.pearson"), np.array(entry["expected"], float)
    r = [float(entry[name]) for name in ("statistic", "p_value")]
    assert (found.value, found.p_value) == pytest.approx(r, rel=1e-9)
    assert get(f"joint.{question}-by-type.smallest-expected").value == pytest.approx(expected.min(), rel=1e-9)
    below = get(f"joint.{question}-by-type.share-expecting-below-five").value
    assert below == pytest.approx((expected < 5).mean(), rel=1e-9)


def test_expected_counts_by_hand():
    """Row total times column total over the sum of the table."""
    for question, expected in (
        ("rpa.status", 20 * 11 / 1788),
        ("rpa.considering", 20 * 99 / 1788),
        ("rpa.implementing", 20 * 11 / 1788),
        ("ai.form", 1 * 10 / 50),
    ):
        assert get(f"joint.{question}-by-type.smallest-expected").value == pytest.approx(expected, rel=1e-9)
    # Of nine cells, four expect fewer than five: 47 and 20 times 11, 20 times 99, and 47 times 99.
    below = [r * c / 1788 < 5 for r in (47, 20, 1721) for c in (11, 1678, 99)]
    assert get("joint.rpa.status-by-type.share-expecting-below-five").value == pytest.approx(sum(below) / 9)


def test_chance_of_none_by_counting():
    for kind, bodies in (("prefecture", 47), ("designated-city", 20)):
        assert get(f"joint.rpa.{kind}.chance-of-none").value == pytest.approx(
            comb(1788 - bodies, 11) / comb(1788, 11), rel=1e-9
        )


def test_shares_and_their_intervals():
    """Clopper and Pearson's ends are quantiles of beta distributions."""
    share = get("joint.rpa.share-of-adopters")
    assert share.value == pytest.approx(11 / 370, rel=1e-9)
    assert (share.lower, share.upper) == pytest.approx((beta.ppf(0.025, 11, 360), beta.ppf(0.975, 12, 359)), rel=1e-8)
    ai = get("joint.ai.share-of-adopters")
    assert ai.value is None
    assert (ai.lower, ai.upper) == pytest.approx((beta.ppf(0.025, 25, 272), beta.ppf(0.975, 51, 246)), rel=1e-8)
    none = get("joint.rpa.prefecture.implementing-share")
    assert (none.value, none.lower) == (0, 0)
    assert none.upper == pytest.approx(1 - 0.025 ** (1 / 47), rel=1e-8)


def test_eight_who_decided_once():
    assert get("joint.rpa.decisions").value == 4
    decided = get("joint.rpa.other-municipality.implementing-share.decisions")
    assert decided.value == pytest.approx(4 / 1714, rel=1e-9)
    ends = beta.ppf(0.025, 4, 1711), beta.ppf(0.975, 5, 1710)
    assert (decided.lower, decided.upper) == pytest.approx(ends, rel=1e-8)
    assert get("joint.rpa.share-of-adopters.decisions").value == pytest.approx(4 / 363, rel=1e-9)
    # Fay and Feuer: three decisions of one body and one of eight have mean 11 and variance 67.
    clustered = get("joint.rpa.share-of-adopters.clustered")
    assert clustered.value == pytest.approx(11 / 370, rel=1e-9)
    assert clustered.lower == pytest.approx(gamma.ppf(0.025, 11**2 / 67, scale=67 / 11) / 370, rel=1e-8)


def test_bodies_behind_the_answers():
    for kind, ends in (
        ("", (25, 50)),
        ("prefecture.", (1, 1)),
        ("designated-city.", (4, 7)),
        ("other-municipality.", (20, 42)),
    ):
        row = get(f"joint.ai.{kind}bodies")
        assert (row.lower, row.upper) == ends
    share = get("joint.ai.share-range")
    assert (share.lower, share.upper) == pytest.approx((25 / 296, 50 / 296), rel=1e-9)
    # The fewest designated cities against the most others.
    assert get("joint.ai.designated-city-use").value == pytest.approx((4 / 16) / (42 / 1679), rel=0.02)


def test_all_answers_of_the_two_tables_are_there():
    rows = register.read().query("chapter == 'joint-use'")
    assert (
        rows.index.str.fullmatch(
            r"joint\.(rpa|ai)\.(\w|-)+\.(implementing|considering|no-plan|"
            r"jointly-(\w|-)+|other)"
        )
    ).sum() == 24
