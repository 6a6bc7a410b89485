"""The real example of "Your own survey" by another route: its exact law, without the package."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import chi2
from statsmodels.datasets import star98

from adoption import register


def number_of(chances):
    """Law of how many of independent events happen."""
    law = np.ones(1)
    for chance in chances:
        law = np.convolve(law, [1 - chance, chance])
    return law


@pytest.fixture(scope="module")
def districts():
    table = star98.load_pandas().data
    return (table["NABOVE"] + table["NBELOW"]).to_numpy(int), table["PCTYRRND"].to_numpy() > 0


def test_rates_are_counted(districts):
    pupils, year_round = districts
    half, median = year_round.sum() // 2, np.median(pupils[year_round])
    known = register.read_file()
    assert half / (pupils > median).sum() == pytest.approx(known["own-survey.rate-above"].value, rel=1e-9)
    assert half / (pupils < median).sum() == pytest.approx(known["own-survey.rate-below"].value, rel=1e-9)


def test_odds_ratio_is_that_of_the_exact_law(districts):
    """The medians cut the frame into three parts, in which the numbers of year-round districts are known.

    Below the median of the others stands half of them, one of them at it, and half of the
    year-round ones above their own.
    """
    pupils, year_round = districts
    first, second = (int(np.median(pupils[group]) + 0.5) for group in (year_round, ~year_round))
    bodies, others = year_round.sum(), (~year_round).sum()
    assert bodies % 2 == 0 and others % 2 == 1 and (pupils == second).sum() == 1
    parts = [pupils < second, (pupils > second) & (pupils < first), pupils >= first]
    known = [parts[0].sum() - others // 2, 0, bodies // 2]
    known[1] = bodies - sum(known)
    z = np.log2(pupils) - np.log2(pupils).mean()

    def loss(cut, slope):
        chance = expit(cut + slope * z)
        laws = [number_of(chance[part])[number] for part, number in zip(parts, known, strict=True)]
        return -np.log(laws).sum() - np.log(1 - chance[pupils == second][0])

    def lost(slope):
        return minimize(lambda cut: loss(cut[0], slope), [best.x[0]], method="Nelder-Mead").fun - best.fun

    best = minimize(lambda params: loss(*params), [0, 1], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    row = register.read_file()["own-survey.odds-ratio.whole"]
    assert np.exp(best.x[1]) == pytest.approx(row.value, rel=1e-3)
    ends = [brentq(lambda slope: 2 * lost(slope) - chi2.ppf(0.95, 1), best.x[1], best.x[1] + side) for side in (-1, 1)]
    # The whole interval is a little longer than that of a straight line, and never shorter.
    assert row.lower < np.exp(ends[0]) + 0.001 and np.exp(ends[1]) - 0.001 < row.upper
    assert [row.lower, row.upper] == pytest.approx(np.exp(ends), rel=0.01)
