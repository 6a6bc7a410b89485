"""Surveys under strain: what the methods do where what they suppose does not hold, or barely.

Bodies that move together, sizes that many bodies share, medians that were rounded, a slope so steep
or a frame so small that counts are far from normal. In each case a survey is drawn from an ordered
logit that is known and printed; the interval that supposes the best (``plain``,
:func:`adoption.curve.slope_interval`) stands beside the one that allows for what is the matter
(``whole``, :mod:`adoption.whole`, and ``clustered``, :mod:`adoption.clusters`).

Nobody is outside the frame. A survey without an answer counts as one whose interval misses, an end
that is not determined as one that reaches to infinity. Random numbers as in
:mod:`adoption.simulation`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from adoption import clusters, curve, medians, moments, simulation
from adoption.frame import Frame
from adoption.survey import Survey

SD = 0.5  # of the clusters' intercepts, on the logit scale
THOUSAND = 1000
COUNTED = (
    *"bounds_hold facts_hold facts_exact test_rejected plain_answered plain_covered plain_rejected".split(),
    *"whole_answered whole_determined whole_covered whole_rejected".split(),
    *"clustered_answered clustered_covered clustered_rejected".split(),
)
COLUMNS = ("case", "block", "replicates", *COUNTED)


class Case(NamedTuple):
    """A law and what is printed of it.

    sizes: shape (N,), whole numbers, ascending. params: of the ordered logit given the size.
    limits: of the size classes. cluster: shape (N,), from 0, and sd of their intercepts; None for
    independent bodies. rounding: of the medians.
    """

    sizes: np.ndarray
    params: np.ndarray
    limits: tuple[int, ...]
    cluster: np.ndarray | None = None
    sd: float = 0.0
    rounding: int = 1
    floor: float = simulation.FLOOR


def cases(sizes: np.ndarray, cluster: np.ndarray, limits: tuple[int, ...]) -> dict[str, Case]:
    """The cases by name; some on a frame of bodies in clusters, some on frames made up here.

    sizes: shape (N,), of the frame, ascending. cluster: shape (N,). limits: of its size classes.
    """
    params = simulation.TRUTHS["ordered"].params
    level = np.cumsum(simulation._SHARES)[:-1]
    without = np.append(np.log(level / (1 - level)), 0.0)
    rng = np.random.default_rng(simulation.SEED)
    counties = np.sort(np.exp(rng.normal(10.2, 1.45, 3143)).astype(int)) + 100
    few = counties[:: len(counties) // 60][:60]

    def two_stages(frame, slope):  # one body in two is in the first stage at the third quartile
        half = np.log2(np.quantile(frame, 0.75))
        return Case(frame, np.array([-slope * half, slope]), (int(np.median(frame)),))

    thousands = (sizes + THOUSAND // 2) // THOUSAND * THOUSAND
    return {
        "independent": Case(sizes, params, limits),
        "clusters": Case(sizes, params, limits, cluster, SD),
        "clusters-null": Case(sizes, without, limits, cluster, SD),
        "ties": Case(thousands, params, limits),
        "rounded-to-100": Case(sizes, params, limits, rounding=100),
        "rounded-to-1000": Case(sizes, params, limits, rounding=THOUSAND),
        "steep": two_stages(counties, 3.0),
        "small": two_stages(few, 0.7),
        "small-steep": two_stages(few, 2.0),
    }


def drawn(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, Survey]:
    """The stage of each body, from 0, and the survey that is printed of them; every stage has bodies."""
    chance = curve.probabilities("ordered", case.params, moments.log_size(case.sizes, floor=case.floor))[0]
    while True:
        given = chance
        if case.cluster is not None:
            intercepts = case.sd * rng.normal(size=case.cluster.max() + 1)
            given = clusters.within_clusters(chance, intercepts[case.cluster], case.sd)
        stage = simulation.draw(rng, given)
        counts = np.bincount(stage, minlength=chance.shape[1])
        if counts.all():
            break
    middles = np.array([np.median(case.sizes[stage == k]) for k in range(counts.size)])
    printed = (np.floor(middles / case.rounding + 0.5) * case.rounding).astype(int)
    frame = Frame.of_sizes(case.sizes)
    return stage, Survey(counts.tolist(), printed.tolist(), frame, case.floor, rounding=case.rounding)


def replicate(name: str, case: Case, number: int) -> dict[str, bool]:
    """One survey of a case, and for each of `COUNTED` whether it was so."""
    rng = np.random.default_rng(np.random.SeedSequence(simulation.SEED, spawn_key=(*map(ord, name), number)))
    stage, survey = drawn(case, rng)
    slope, found = case.params[-1], {}
    try:
        fit = replace(survey, rounding=1).fit().fit
        found["plain_rejected"] = fit.p_value < 1 - simulation.LEVEL
        low, high = curve.slope_interval(fit)
        found["plain_answered"], found["plain_covered"] = True, low <= slope <= high
    except curve.ConvergenceError:
        fit = None
    whole = survey.whole_fit()
    open_ends = np.isnan([whole.lower, whole.upper])  # each reaches to infinity
    found["whole_answered"], found["whole_determined"] = not open_ends.all(), not open_ends.any()
    found["whole_covered"] = found["whole_answered"] and not (slope < whole.lower or whole.upper < slope)
    found["whole_rejected"] = whole.p_value < 1 - simulation.LEVEL
    if case.cluster is not None and fit is not None:
        frame = case.cluster, case.sizes, np.ones(case.sizes.size)
        extra = clusters.added_covariance("ordered", fit.params, *frame, survey.medians, case.sd, floor=case.floor)
        wide = replace(survey, added=lambda *_: extra).whole_fit()
        found["clustered_answered"] = not np.isnan([wide.lower, wide.upper]).any()
        found["clustered_covered"] = wide.lower <= slope <= wide.upper
        found["clustered_rejected"] = wide.p_value < 1 - simulation.LEVEL
    return found | _without_model(case, stage, survey)


def _without_model(case: Case, stage: np.ndarray, survey: Survey) -> dict[str, bool]:
    """Free bounds, rates on either side of the first stage's median, and its exact test."""
    adopted, classes = stage == 0, np.searchsorted(case.limits, case.sizes, "right")
    shares = np.bincount(classes, adopted) / np.bincount(classes)
    ends = survey.bounds(1, case.limits)
    first, after = medians.printed_interval(survey.medians[0], case.rounding)
    row = survey.rates(1).iloc[0]
    on_sides = {"below": adopted[case.sizes < first].mean(), "above": adopted[case.sizes >= after].mean()}
    return {
        "bounds_hold": ((ends["lower"] <= shares + 1e-12) & (shares <= ends["upper"] + 1e-12)).all(),
        "facts_hold": all(
            row[f"rate_{side}_least"] - 1e-12 <= rate <= row[f"rate_{side}_most"] + 1e-12
            for side, rate in on_sides.items()
        ),
        "facts_exact": not np.isnan(row["ratio"]),
        "test_rejected": survey.median_tests()["p_value"].iloc[0] < 1 - simulation.LEVEL,
    }


def block(name: str, case: Case, index: int) -> dict[str, int | str]:
    """`simulation.BLOCK` replicates added up: a row of the table, with the columns `COLUMNS`."""
    size = simulation.BLOCK
    outcomes = [replicate(name, case, index * size + i) for i in range(size)]
    counts = {key: sum(bool(one.get(key, False)) for one in outcomes) for key in COUNTED}
    return {"case": name, "block": index, "replicates": size} | counts
