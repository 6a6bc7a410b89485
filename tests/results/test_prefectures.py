"""Chapters what-became-of-the-cases and prefectures: by hand, and from single answers by another route.

The official files hold each municipality's answer. From them the main numbers of both chapters are
computed again without the book's tables and functions: a logit by statsmodels on single
municipalities, all outcomes one by one, a random intercept by plain sums over a grid.
"""

import importlib
import itertools
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from adoption import clusters, data, mic, register

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def single(shared):
    """The 1,737 municipalities with inhabitants: code, size, log2 size, AI, RPA, index, prefecture."""
    sys.path.insert(0, str(ROOT / "data" / "builders"))
    try:
        sources, fiscal = (importlib.import_module(name) for name in ("sources", "build_fiscal_strength"))
    finally:
        sys.path.remove(str(ROOT / "data" / "builders"))
    census = [body for body in sources.read_census(shared / "census/001_00.csv") if body.kind != "prefecture"]
    answers = sources.read_dashboard(shared / "dashboard/municipalities.csv", census, first_cell="")
    index = fiscal.read_strength(shared / "fiscal/mic-main-fiscal-indices-municipalities-FY2019.xlsx", census)
    table = pd.DataFrame(answers).assign(index=[index[body.code] for body in census])
    table = table[table.population > 0].reset_index(drop=True)
    return table.assign(z=np.log2(table.population.clip(lower=100)), prefecture=table.code.str[:2])


@pytest.fixture(scope="module", params=["ai", "rpa"])
def fitted(request, single):
    """A technology's answers and the chances that size gives, by statsmodels."""
    y = single[request.param].astype(float)
    return request.param, y, sm.Logit(y, sm.add_constant(single.z)).fit(disp=0).predict()


def codes(case, t):
    """Codes of the municipalities of one case, by the names that the deck prints."""
    if case == "small":
        names = data.load("small-adopters").query(f"technology == '{t.upper()}'").body_ja
    else:
        names = data.load("consortium-members").query(f"consortium == '{case}'").member_ja
    return data.load("named-bodies-2023").set_index("name_ja").code[names]


def test_cases_by_hand():
    """Counted in the table of answers by eye."""
    for id, count in {"toyama.rpa": 8, "nara.ai": 2, "small.ai": 1, "small.rpa": 2}.items():
        assert register.get(f"cases.{id}").value == count
    assert register.get("cases.toyama.others.bodies").value == 15 - 8
    assert register.get("cases.toyama.others.rpa").value == 14 - 8
    assert register.get("cases.imizu.hours-before").value == 1095 + 223 + 183 + 846
    assert register.get("cases.imizu.hours-after").value == 176 + 112 + 72 + 460


@pytest.mark.parametrize("case", ["toyama", "nara", "small"])
def test_cases_from_single_answers(single, fitted, case):
    t, y, chances = fitted
    if (case, t) in (("toyama", "ai"), ("nara", "rpa")):
        return
    own = single.code.isin(codes(case, t)).to_numpy()
    found, expected = register.get(f"cases.{case}.{t}"), register.get(f"cases.{case}.{t}.expected")
    assert y[own].sum() == found.value
    assert expected.value == pytest.approx(chances[own].sum(), rel=5e-3)
    outcomes = np.array(list(itertools.product((0, 1), repeat=own.sum())))
    weights = np.prod(np.where(outcomes == 1, chances[own], 1 - chances[own]), axis=1)
    more = found.value > chances[own].sum()
    tail = outcomes.sum(axis=1) >= found.value if more else outcomes.sum(axis=1) <= found.value
    assert found.p_value == pytest.approx(weights[tail].sum(), rel=0.03)


def test_prefectures_from_single_answers(single, fitted):
    """Heterogeneity and the extremes; simulated counts stand for the exact tail."""
    t, y, chances = fitted
    by = single.prefecture
    count, expected, variance = (pd.Series(part).groupby(by).sum() for part in (y, chances, chances * (1 - chances)))
    statistic = ((count - expected) ** 2 / variance).sum()
    found = register.get(f"since-2020.{t}.prefecture-heterogeneity")
    assert found.value == pytest.approx(statistic, rel=5e-3) and found.p_value < 0.001
    for code, name in (("12", "chiba"), ("16", "toyama"), ("21", "gifu"), ("29", "nara")):
        row = register.get(f"prefectures.{t}.{name}")
        assert row.value == count[code]
        assert register.get(f"prefectures.{t}.{name}.expected").value == pytest.approx(expected[code], abs=0.03)
        rng, own = np.random.default_rng(1), chances[by == code]
        drawn = (rng.random((20_000, own.size)) < own).sum(axis=1)
        tail = min((drawn >= count[code]).mean(), (drawn <= count[code]).mean())
        assert row.p_value == pytest.approx(min(2 * tail, 1), abs=0.02)


def test_spread_of_prefectures_from_single_answers(single, fitted):
    """A normal intercept for each prefecture, integrated by a sum over a grid of 121 points."""
    t, y, _ = fitted
    member = pd.get_dummies(single.prefecture).to_numpy(float).T
    u = np.linspace(-6, 6, 121)
    weights = -(u**2) / 2 - np.log(np.exp(-(u**2) / 2).sum())
    z = single.z.to_numpy() - single.z.mean()

    def negative(params):
        logits = params[0] + params[1] * z[:, None] + np.exp(params[2]) * u
        each = member @ (y.to_numpy()[:, None] * logits - np.logaddexp(0, logits))
        return -logsumexp(each + weights, axis=1).sum()

    best = minimize(negative, [0, 1, -0.7], method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-5})
    assert register.get(f"since-2020.{t}.prefecture-sd").value == pytest.approx(np.exp(best.x[2]), rel=5e-3)


def test_fiscal_strength_from_single_answers(single, fitted):
    """A logit by statsmodels with clustered errors; the table of sums loses a twentieth of the interval."""
    t, y, _ = fitted
    design = sm.add_constant(single[["z", "index"]])
    fit = sm.Logit(y, design).fit(disp=0, cov_type="cluster", cov_kwds={"groups": single.prefecture.astype(int)})
    found = register.get(f"since-2020.{t}.fiscal-strength")
    ends = np.exp(0.1 * (fit.params["index"] + np.array([0, -1.96, 1.96]) * fit.bse["index"]))
    assert (found.value, found.lower, found.upper) == pytest.approx(tuple(ends), abs=0.004)
    assert found.p_value == pytest.approx(fit.pvalues["index"], abs=0.02)
    size = register.get(f"since-2020.{t}.odds-ratio-per-doubling.given-fiscal-strength")
    assert size.value == pytest.approx(np.exp(fit.params["z"]), rel=5e-3)


def test_money_among_the_small_from_single_answers(single, fitted):
    t, y, _ = fitted
    small = single.assign(adopter=y == 1, strong=single["index"] >= 0.4)
    tables = []
    for low, high in ((1, 5_000), (5_000, 10_000)):
        own = small[(small.population >= low) & (small.population < high)]
        tables.append(
            [
                [float(((own.strong == side) & (own.adopter == yes)).sum()) for yes in (True, False)]
                for side in (True, False)
            ]
        )
    pooled = sm.stats.StratifiedTable([np.array(table) for table in tables])
    found = register.get(f"since-2020.{t}.fiscal-strength.under-10k")
    assert found.value == pytest.approx(pooled.oddsratio_pooled, rel=1e-9)


def test_a_chance_shared_within_a_prefecture():
    """Toyama's eight by plain simulation of prefectures."""
    row, sd = register.get("cases.toyama.rpa.alike"), register.get("since-2020.rpa.prefecture-sd").value
    assert register.get("cases.toyama.rpa").p_value < row.p_value < 0.01
    named = data.load("named-bodies-2023").set_index("code").loc[codes("toyama", "rpa")]
    params = clusters.random_intercept(mic.prefectures_2023("rpa")).params
    u = np.random.default_rng(3).normal(scale=sd, size=400_000)
    logits = params[0] + params[1] * np.log2(named.population.to_numpy()) + u[:, None]
    assert row.p_value == pytest.approx(expit(logits).prod(axis=1).mean(), rel=0.03)
