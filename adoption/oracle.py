"""How closely the classical pieces agree with R: the stored values of tests/fixtures.

Beside each file of values stands the R script that made it. `comparisons` recomputes every stored
value with the functions of the package.
"""

import csv
import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from adoption import HOME, curve, followup, medians, moments, simulation, tables
from adoption.language import mark

FIXTURES = HOME / "tests" / "fixtures"
FLOOR = 100.0  # of logarithms, as in the scripts


class Comparison(NamedTuple):
    """One piece: what it is, its R function, our function, stored values, largest difference.

    The difference is relative to R's value; where that is infinite, both must be (0 if so).
    """

    piece: str
    in_r: str
    here: str
    values: int
    difference: float


def relative_difference(ours, stored) -> float:
    """Largest |ours - stored| / |stored| of two arrays of one shape; absolute where stored is 0.

    Raises ValueError for different shapes.
    """
    ours, stored = np.asarray(ours, float).ravel(), np.asarray(stored, float).ravel()
    if ours.shape != stored.shape:
        raise ValueError(f"ours: expected {stored.size} values as stored, found {ours.size}")
    finite = np.isfinite(stored)
    if not (ours[~finite] == stored[~finite]).all() or not np.isfinite(ours[finite]).all():
        return np.inf
    scale = np.where(stored[finite] == 0, 1.0, np.abs(stored[finite]))
    return float((np.abs(ours[finite] - stored[finite]) / scale).max(initial=0.0))


def _median_tails() -> Iterator[tuple]:
    with (FIXTURES / "medians-oracle.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def tail(row):
        total, n = int(row["total"]), int(row["n"])
        if row["law"] == "odd":
            return medians.median_tail(total, int(row["at_or_above"]), n)[0]
        return medians.median_tail_exact(7 * np.arange(1, total + 1) ** 2 // 10, n, int(row["median"]))

    for law, piece, in_r, here in (
        ("odd", mark("Median test, odd groups (log tail)"), "phyper", "medians.median_tail"),
        ("even", mark("Median test, even groups (log tail)"), "lchoose", "medians.median_tail_exact"),
    ):
        yield piece, in_r, here, [(tail(row), float(row["log_tail"])) for row in rows if row["law"] == law]


def _curves() -> Iterator[tuple]:
    stored = _stored("curve-microdata")
    z = moments.log_size(stored["size"], floor=FLOOR)
    stage = {model: np.array([int(digit) for digit in stored[f"{model}_stage"]]) - 1 for model in curve.MODELS}
    ordered, multinomial = stored["ordered"], stored["multinomial"]

    def loglik(model):
        pi = curve.probabilities(model, stored[model]["params"], z)[0]
        return np.log(pi[np.arange(z.size), stage[model]]).sum()

    pairs = [(loglik("ordered"), ordered[by]) for by in ("loglik", "polr_loglik")]
    yield mark("Ordered logit: log-likelihood at R's estimate"), "ordinal::clm, MASS::polr", "curve", pairs
    pairs = [(loglik("multinomial"), multinomial["loglik"])]
    yield mark("Multinomial logit: log-likelihood at R's estimate"), "nnet::multinom", "curve", pairs
    slope, _ = simulation.ordered_logit(stored["size"], stage["ordered"], floor=FLOOR)
    pairs = [(slope, ordered["params"][-1])]
    yield mark("Ordered logit on micro-data: slope"), "ordinal::clm", "simulation.ordered_logit", pairs
    other = OrderedModel(-stage["ordered"], z[:, None], distr="logit").fit(method="bfgs", gtol=1e-9, disp=False)
    pairs = [(other.params[0], ordered["params"][-1]), (other.llf, ordered["loglik"])]
    yield mark("The same by statsmodels, with gtol=1e-9"), "ordinal::clm", "OrderedModel", pairs


def _tables() -> Iterator[tuple]:
    stored = _stored("tables-oracle")

    def pairs(kind, keys, function):
        for entry in stored[kind]:
            yield function(entry), [float(value) for key in keys.split() for value in np.atleast_1d(entry[key])]

    found = pairs("fisher_freeman_halton", "p_value", lambda e: tables.fisher_freeman_halton(e["table"]))
    yield mark("Fisher–Freeman–Halton test"), "fisher.test", "tables.fisher_freeman_halton", found
    ends = "estimate lower upper"
    found = pairs("odds_ratio", ends, lambda e: tables.conditional_odds_ratio(e["table"], e["level"])[:3])
    yield mark("Conditional odds ratio and interval"), "dhyper, uniroot", "tables.conditional_odds_ratio", found
    for piece, method, key, in_r in (
        (mark("Proportion, Clopper–Pearson interval"), "clopper-pearson", "exact", "binom.test"),
        (mark("Proportion, Wilson interval"), "wilson", "wilson", "prop.test"),
    ):

        def proportion(e, method=method):
            return tables.proportion_interval(e["k"], e["n"], method, e["level"])[1:3]

        found = pairs("proportion", key, proportion)
        yield piece, in_r, "tables.proportion_interval", found

    def at_each_overlap(e):
        return [tables.mcnemar_range(e["n_a"], e["n_b"], e["total"], o, o).p_max for o in e["overlap"]]

    found = pairs("mcnemar", "p_value", at_each_overlap)
    yield mark("McNemar's exact test over all overlaps"), "binom.test", "tables.mcnemar_range", found
    found = pairs("pearson", "statistic p_value", lambda e: stats.chi2_contingency(e["table"], correction=False)[:2])
    yield mark("Pearson's chi-square"), "chisq.test", "scipy.stats.chi2_contingency", found


def _followup() -> Iterator[tuple]:
    stored = _stored("followup-oracle")

    def strata(case):
        _, at = np.unique(case["stratum"], return_inverse=True)
        n = np.bincount(at, case["bodies"])
        return np.bincount(at, case["people"]) / n, n, np.bincount(at, case["adopters"])

    def rows(key):
        return lambda case: [case[name] for name in (key, "marked", "bodies", "adopters")]

    at_size, within, floor = rows("size"), rows("stratum"), {"floor": FLOOR}
    logit, profile = "size_logit", "glm, uniroot"
    for piece, in_r, name, arguments, more, key in (
        (mark("Grouped logit: coefficients"), "glm", logit, strata, floor, "line"),
        (
            mark("Odds ratio per doubling, profile interval"),
            profile,
            "odds_ratio_per_doubling",
            strata,
            floor,
            "odds_ratio",
        ),
        (mark("Size at one half, profile interval"), profile, "half_size", strata, floor, "half"),
        (mark("Test of curvature"), "anova", "curvature_test", strata, floor, "curvature"),
        (
            mark("Odds ratio at equal size, profile interval"),
            profile,
            "odds_ratio_at_equal_size",
            at_size,
            floor,
            "at_equal_size",
        ),
        (mark("Odds ratio within strata"), "mantelhaen.test", "odds_ratio_within_strata", within, {}, "within_strata"),
    ):
        pairs = []
        for case in (stored[name] for name in ("invented", "ai", "rpa")):
            found = getattr(followup, name)(*arguments(case), **more)
            pairs.append((found.params if name == logit else found[: len(case[key])], case[key]))
        yield piece, in_r, f"followup.{name}", pairs


def _stored(name: str) -> dict:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def comparisons() -> list[Comparison]:
    """All pieces, in the order of the modules."""
    found = []
    for piece, in_r, here, pairs in (*_median_tails(), *_curves(), *_tables(), *_followup()):
        pairs = list(pairs)
        difference = max(relative_difference(*pair) for pair in pairs)
        found.append(Comparison(piece, in_r, here, sum(np.size(stored) for _, stored in pairs), difference))
    return found
