"""How closely the classical pieces agree with R: the stored values of tests/fixtures.

Beside each file of values stands the R script that made it. `comparisons` recomputes every stored
value with the functions of the package.
"""

import csv
import json
from collections.abc import Callable, Iterator
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


def _compare(piece: str, in_r: str, here: str, pairs) -> Comparison:
    pairs = list(pairs)
    return Comparison(
        piece,
        in_r,
        here,
        sum(np.size(stored) for _, stored in pairs),
        max(relative_difference(*pair) for pair in pairs),
    )


def _median_tails() -> Iterator[Comparison]:
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
        yield _compare(piece, in_r, here, [(tail(row), float(row["log_tail"])) for row in rows if row["law"] == law])


def _curves() -> Iterator[Comparison]:
    stored = json.loads((FIXTURES / "curve-microdata.json").read_text(encoding="utf-8"))
    z = moments.log_size(stored["size"], floor=FLOOR)

    def loglik(model, stage):
        pi = curve.probabilities(model, stored[model]["params"], z)[0]
        return np.log(pi[np.arange(z.size), stage]).sum()

    stage = {model: np.array([int(digit) for digit in stored[f"{model}_stage"]]) - 1 for model in curve.MODELS}
    ordered, multinomial = (loglik(model, stage[model]) for model in curve.MODELS)
    yield _compare(
        mark("Ordered logit: log-likelihood at R's estimate"),
        "ordinal::clm, MASS::polr",
        "curve",
        [([ordered, ordered], [stored["ordered"]["loglik"], stored["ordered"]["polr_loglik"]])],
    )
    yield _compare(
        mark("Multinomial logit: log-likelihood at R's estimate"),
        "nnet::multinom",
        "curve",
        [(multinomial, stored["multinomial"]["loglik"])],
    )
    slope, _ = simulation.ordered_logit(stored["size"], stage["ordered"], floor=FLOOR)
    yield _compare(
        mark("Ordered logit on micro-data: slope"),
        "ordinal::clm",
        "simulation.ordered_logit",
        [(slope, stored["ordered"]["params"][-1])],
    )
    statsmodels = OrderedModel(-stage["ordered"], z[:, None], distr="logit").fit(method="bfgs", gtol=1e-9, disp=False)
    yield _compare(
        mark("The same by statsmodels, with gtol=1e-9"),
        "ordinal::clm",
        "OrderedModel",
        [([statsmodels.params[0], statsmodels.llf], [stored["ordered"]["params"][-1], stored["ordered"]["loglik"]])],
    )


def _tables() -> Iterator[Comparison]:
    stored = json.loads((FIXTURES / "tables-oracle.json").read_text(encoding="utf-8"))

    def compare(piece, in_r, function: Callable, kind, here, keys):
        return _compare(
            piece,
            in_r,
            f"tables.{here}",
            [
                (function(entry), [float(value) for key in keys for value in np.atleast_1d(entry[key])])
                for entry in stored[kind]
            ],
        )

    yield compare(
        mark("Fisher–Freeman–Halton test"),
        "fisher.test",
        lambda e: tables.fisher_freeman_halton(e["table"]),
        "fisher_freeman_halton",
        "fisher_freeman_halton",
        ["p_value"],
    )
    yield compare(
        mark("Conditional odds ratio and interval"),
        "dhyper, uniroot",
        lambda e: tables.conditional_odds_ratio(e["table"], e["level"])[:3],
        "odds_ratio",
        "conditional_odds_ratio",
        ["estimate", "lower", "upper"],
    )
    for name, method, key, in_r in (
        (mark("Proportion, Clopper–Pearson interval"), "clopper-pearson", "exact", "binom.test"),
        (mark("Proportion, Wilson interval"), "wilson", "wilson", "prop.test"),
    ):
        yield compare(
            name,
            in_r,
            lambda e, method=method: tables.proportion_interval(e["k"], e["n"], method, e["level"])[1:3],
            "proportion",
            "proportion_interval",
            [key],
        )
    yield compare(
        mark("McNemar's exact test over all overlaps"),
        "binom.test",
        lambda e: [tables.mcnemar_range(e["n_a"], e["n_b"], e["total"], o, o).p_max for o in e["overlap"]],
        "mcnemar",
        "mcnemar_range",
        ["p_value"],
    )
    yield compare(
        mark("Pearson's chi-square"),
        "chisq.test",
        lambda e: [
            tables.pearson_chi2(e["table"]).statistic,
            stats.chi2.sf(tables.pearson_chi2(e["table"]).statistic, e["df"]),
        ],
        "pearson",
        "pearson_chi2",
        ["statistic", "p_value"],
    )


def _followup() -> Iterator[Comparison]:
    stored = json.loads((FIXTURES / "followup-oracle.json").read_text(encoding="utf-8"))
    cases = [stored[name] for name in ("invented", "ai", "rpa")]

    def by_stratum(case):
        _, at = np.unique(case["stratum"], return_inverse=True)
        n = np.bincount(at, case["bodies"])
        return np.bincount(at, case["people"]) / n, n, np.bincount(at, case["adopters"])

    def marked(case):
        return case["marked"], case["bodies"], case["adopters"]

    for piece, in_r, function, here, key in (
        (
            mark("Grouped logit: coefficients"),
            "glm",
            lambda c: followup.size_logit(*by_stratum(c), floor=FLOOR).params,
            "size_logit",
            "line",
        ),
        (
            mark("Odds ratio per doubling, profile interval"),
            "glm, uniroot",
            lambda c: followup.odds_ratio_per_doubling(*by_stratum(c), floor=FLOOR)[:3],
            "odds_ratio_per_doubling",
            "odds_ratio",
        ),
        (
            mark("Size at one half, profile interval"),
            "glm, uniroot",
            lambda c: followup.half_size(*by_stratum(c), floor=FLOOR)[:3],
            "half_size",
            "half",
        ),
        (
            mark("Test of curvature"),
            "anova",
            lambda c: followup.curvature_test(*by_stratum(c), floor=FLOOR),
            "curvature_test",
            "curvature",
        ),
        (
            mark("Odds ratio at equal size, profile interval"),
            "glm, uniroot",
            lambda c: followup.odds_ratio_at_equal_size(c["size"], *marked(c), floor=FLOOR)[:3],
            "odds_ratio_at_equal_size",
            "at_equal_size",
        ),
        (
            mark("Odds ratio within strata"),
            "mantelhaen.test",
            lambda c: followup.odds_ratio_within_strata(c["stratum"], *marked(c))[:3],
            "odds_ratio_within_strata",
            "within_strata",
        ),
    ):
        yield _compare(piece, in_r, f"followup.{here}", [(function(c), c[key]) for c in cases])


def comparisons() -> list[Comparison]:
    """All pieces, in the order of the modules."""
    return [*_median_tails(), *_curves(), *_tables(), *_followup()]
