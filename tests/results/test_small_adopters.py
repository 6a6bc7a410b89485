"""Chapter small-adopters: seven municipalities and two consortia, by hand and from the census."""

import math

import numpy as np
import pytest

from adoption import mic, register

NARA = [87050, 31105, 31691, 23025, 33487]
TOYAMA = [92308, 42935, 32755, 40991, 20930, 26317, 25335, 2982]


def value(id):
    return register.get(id).value


def test_seven_municipalities_by_hand():
    counts = {
        "bodies": 7,
        "above-median-municipality": 2,
        "below-no-plan-median": 2,
        "in-a-consortium": 2,
        "joint-use-or-member": 5,
        "not-alone": 6,
        "driver.joint-use": 4,
        "driver.prefecture-led": 2,
        "driver.national-subsidy": 1,
        "phase.trial": 4,
        "phase.operation": 3,
    }
    for key, count in counts.items():
        assert value(f"small-adopters.{key}") == count, key


def test_consortia_by_hand():
    for name, members, median in (("nara", NARA, 108174), ("toyama", TOYAMA, 102374)):
        of = f"consortium.{name}"
        assert value(f"{of}.members") == len(members)
        assert value(f"{of}.population") == sum(members)
        assert value(f"{of}.ratio-to-adopters-median") == pytest.approx(sum(members) / median, rel=1e-9)
        assert value(f"{of}.ratio-to-median-member") == pytest.approx(sum(members) / np.median(members), rel=1e-9)
        assert value(f"{of}.members-above-adopters-median") == 0
        assert value(f"{of}.members-below-50k") == len(members) - 1
        assert value(f"{of}.population-without-largest") == sum(sorted(members)[:-1])
    assert value("consortium.nara.prefecture-share-below-50k") == pytest.approx(31 / 39, rel=1e-9)


def test_places_in_the_distribution_equal_the_census(people):
    """Percentiles, the median municipality and the class below 50,000."""
    ids = [id for id in register.read().index if id.startswith("small-adopters.") and id.endswith(".percentile")]
    assert len(ids) == 7
    for id in ids:
        own = value(id.replace("percentile", "population"))
        assert value(id) == pytest.approx(sum(p < own for p in people) / 1741, rel=1e-9)
    for name in ("nara", "toyama"):
        row, pooled = (register.get(f"consortium.{name}.{key}") for key in ("percentile", "population"))
        assert row.lower <= sum(p < pooled.value for p in people) / 1741 <= row.upper
    row = register.get("frame.municipal.median-population")
    assert row.lower <= sorted(people)[870] <= row.upper
    assert value("frame.municipal.below-50k.share") == pytest.approx(sum(p < 50_000 for p in people) / 1741, rel=1e-9)


def test_curve_at_the_pooled_size_by_its_formula():
    """The share on the curve, from the fitted parameters by hand."""
    a, b = np.split(mic.survey("rpa", "municipal").fit("multinomial").fit.params, 2)
    scores = np.exp(a + b * math.log2(284553))
    row = register.get("consortium.toyama.curve-at-pooled.municipal")
    assert row.value == pytest.approx(scores[0] / (1 + scores.sum()), rel=1e-6)
    assert row.lower < row.value < row.upper
    for name in ("nara", "toyama"):
        for at in ("pooled", "median-member"):
            of = f"consortium.{name}.curve-at-{at}"
            estimates = [value(f"{of}.{base}") for base in mic.BASES]
            every = register.get(f"{of}.every-base")
            assert (every.lower, every.upper) == (min(estimates), max(estimates))
    pooled, single = (register.get(f"consortium.toyama.curve-at-{at}.every-base") for at in ("pooled", "median-member"))
    assert single.upper < pooled.lower
