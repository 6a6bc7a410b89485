"""Compute the results register: ``python -m adoption.results`` writes results/results.csv.

One generator a chapter yields the rows that the chapter owns. Chapters read the register through
:mod:`adoption.register`; nothing else in the book types a result.
"""

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from adoption import (
    bounds, census, csvfile, curve, data, followup, medians, register, simulation, stored,
    tables,
)
from adoption.changes import CHANGES
from adoption.csvfile import fail, row_place
from adoption.register import COLUMNS, NUMBERS, PATH, Result
from adoption.stored import OUTSIDE_RANGE, SIMULATION

TECHNOLOGIES = {"ai": "AI", "rpa": "RPA"}
FLOOR = 100.0  # people: in logarithms a smaller population counts as this
STAGES = (1, 2, 3, 4, 5)
STAGE_NAMES = {1: "introduced", 2: "stage 2", 3: "stage 3", 4: "stage 4",
               5: "no consideration, no plan"}
BASES = {"municipal": "1,741 municipalities",
         "other": "1,721 municipalities without the designated cities",
         "all": "all 1,788 bodies"}
TYPES = {"prefecture": "prefectures", "designated_city": "designated cities",
         "other_municipality": "other municipalities", "total": "all types"}

SLIDE_4 = "MIC 2020, slide 4"
SLIDE_5 = "MIC 2020, slide 5"
SLIDE_4_AND_CENSUS = "MIC 2020, slide 4; 2015 census"
CENSUS = "2015 census"
DASHBOARD = "Digital Agency dashboard (survey as of 31 December 2023); 2015 census"


def _number(value) -> float | None:
    return None if value is None else float(value)


def _row(id, unit, label, evidence, base, source, function, chapter, *,
         value=None, lower=None, upper=None, p=None) -> Result:
    return Result(id, _number(value), _number(lower), _number(upper), _number(p), unit, label,
                  evidence, base, source, function, chapter)


# --- the published counts and medians, and the base of the medians ----------------------------

@lru_cache
def published(technology: str):
    """Counts and medians of the five stages, in the order of the stages."""
    table = data.load("adoption-by-stage")
    rows = table[table["technology"] == TECHNOLOGIES[technology]].sort_values("stage")
    return [int(n) for n in rows["bodies"]], [int(m) for m in rows["median_population"]]


@lru_cache
def neighbours(technology: str, stage: int):
    """What the census has at and around a published median (a row of median-neighbours)."""
    table = census.neighbours()
    chosen = table[(table["technology"] == TECHNOLOGIES[technology]) & (table["stage"] == stage)]
    return chosen.iloc[0]


def sits_on_a_body(technology: str) -> tuple[bool, ...]:
    """For each stage: whether a municipality has exactly its median, so that the base is odd.

    No body at the median proves an even number of bodies in the base. A body there makes an odd
    number all but certain: medians.median_fit gives the chance of the opposite.
    """
    return tuple(int(neighbours(technology, k)["municipalities_at"]) > 0 for k in STAGES)


@lru_cache
def _size(base: str) -> int:
    return int(census.frame(base).bodies.sum())


def outside(base: str) -> int:
    """Bodies that the counts include and a base leaves out: 47, 67 or 0."""
    return _size("all") - _size(base)


def group_sizes(technology: str, base: str, stage: int) -> list[int]:
    """Every size that a stage can have in a base.

    In `all` the published count. Otherwise count minus p, where p, the stage's bodies outside the
    base, has the parity that the median implies and leaves enough for the other stages' parities.
    """
    counts, _ = published(technology)
    n = counts[stage - 1]
    if base == "all":
        return [n]
    odd = sits_on_a_body(technology)
    parity = [(count - is_odd) % 2 for count, is_odd in zip(counts, odd)]
    most = outside(base) - (sum(parity) - parity[stage - 1])
    # A median needs a member: one if the number is odd, two if it is even.
    fewest = 1 if odd[stage - 1] else 2
    return [n - p for p in range(parity[stage - 1], min(most, n - fewest) + 1, 2)]


def survey_data() -> Iterator[Result]:
    """What was published, and whether the medians fit the counts in the frame of 1,788."""
    chapter = "survey-data"
    for base, unit, label in (
        ("all", "bodies", "Bodies surveyed"), ("municipal", "bodies", "Municipalities"),
        ("other", "bodies", "Municipalities without the designated cities"),
    ):
        yield _row(f"frame.{base}.bodies", unit, label, "fact", BASES[base], CENSUS,
                   "adoption.census.frame", chapter, value=_size(base))
    yield _row("frame.prefectures.bodies", "bodies", "Prefectures", "fact", "prefectures", CENSUS,
               "adoption.census.prefectures", chapter, value=census.prefectures().bodies.sum())
    yield _row("frame.designated-cities.bodies", "bodies", "Designated cities", "fact",
               "designated cities", CENSUS, "adoption.census.designated_cities", chapter,
               value=census.designated_cities().bodies.sum())
    yield _row("frame.municipal.population", "people", "Population of the municipalities", "fact",
               BASES["municipal"], CENSUS, "adoption.census.frame", chapter,
               value=census.frame("municipal").population.sum())
    yield _row("frame.municipal.below-10k.share", "fraction",
               "Share of municipalities below 10,000 inhabitants", "fact", BASES["municipal"],
               CENSUS, "adoption.census.class_counts", chapter,
               value=census.class_counts("municipal")[0] / _size("municipal"))
    total = _size("all")
    every_fit = []
    for t, name in TECHNOLOGIES.items():
        counts, values = published(t)
        fits = []
        for k, n, m in zip(STAGES, counts, values):
            stage = f"{name}, {STAGE_NAMES[k]}"
            near = neighbours(t, k)
            at = int(near["municipalities_at"]) + int(near["prefectures_at"])
            fit = medians.median_fit(n, total, at, int(near["bodies_between"]))
            yield _row(f"{t}.stage-{k}.bodies", "bodies", f"{stage}: bodies", "fact",
                       BASES["all"], SLIDE_4, "adoption.data.load", chapter, value=n)
            yield _row(f"{t}.stage-{k}.median-population", "people",
                       f"{stage}: median population", "fact", "not stated by the source",
                       SLIDE_4, "adoption.data.load", chapter, value=m)
            yield _row(f"{t}.stage-{k}.median-fits-count", "0 or 1",
                       f"{stage}: whether the median fits the count among all 1,788 bodies",
                       "fact", BASES["all"], SLIDE_4_AND_CENSUS, "adoption.medians.median_fit",
                       chapter, value=int(fit.plausible))
            yield _row(f"{t}.stage-{k}.median-gap", "bodies",
                       f"{stage}: fewest bodies between a pair that gives the median", "fact",
                       BASES["all"], SLIDE_4_AND_CENSUS, "adoption.medians.tightest_pair",
                       chapter, value=None if n % 2 else int(near["bodies_between"]))
            if n % 2 == 0:
                yield _row(f"{t}.stage-{k}.median-chance", "chance",
                           f"{stage}: chance that no body between the tightest pair is in the "
                           "stage", "fact", BASES["all"], SLIDE_4_AND_CENSUS,
                           "adoption.medians.median_fit", chapter, value=fit.chance)
            if not at:
                yield _row(f"{t}.stage-{k}.bodies-between", "bodies",
                           f"{stage}: fewest bodies between a pair whose mean is the median",
                           "fact", BASES["all"], CENSUS, "adoption.medians.tightest_pair", chapter,
                           value=int(near["bodies_between"]))
                for base in ("municipal", "other"):
                    chances = [medians.median_fit(size, _size(base), at,
                                                  int(near["bodies_between"])).chance
                               for size in group_sizes(t, base, k)]
                    yield _row(f"{t}.stage-{k}.median-chance.{base}", "chance",
                               f"{stage}: chance that no body between the tightest pair is in "
                               "the stage", "range", BASES[base], SLIDE_4_AND_CENSUS,
                               "adoption.medians.median_fit", chapter, lower=min(chances),
                               upper=max(chances))
            fits.append(fit)
        yield _row(f"{t}.medians-that-fit", "medians",
                   f"{name}: medians that fit their counts among all 1,788 bodies", "fact",
                   BASES["all"], SLIDE_4_AND_CENSUS, "adoption.medians.median_fit", chapter,
                   value=sum(fit.plausible for fit in fits))
        every_fit += fits
        yield _row(f"{t}.medians-on-a-body", "medians",
                   f"{name}: medians that equal the population of a municipality", "fact",
                   BASES["municipal"], SLIDE_4_AND_CENSUS, "adoption.census.neighbours", chapter,
                   value=sum(sits_on_a_body(t)))
    for id, words, number in (
        ("impossible", "impossible", sum(not fit.possible for fit in every_fit)),
        ("implausible", "possible, but with a chance below 1 in 1,000",
         sum(fit.possible and not fit.plausible for fit in every_fit)),
    ):
        yield _row(f"frame.medians-{id}", "medians",
                   f"Medians of the ten that are {words} for their counts among all 1,788 bodies",
                   "fact" if id == "impossible" else "test", BASES["all"], SLIDE_4_AND_CENSUS,
                   "adoption.medians.median_fit", chapter, value=number,
                   p=None if id == "impossible" else medians.IMPLAUSIBLE)


# --- exact facts and tests --------------------------------------------------------------------

def _rates(technology: str, base: str, stage: int):
    """Rates above and below the stage's own median for every size it can have in the base."""
    _, values = published(technology)
    split = census.split(base, values[stage - 1])
    return [medians.rate_split(n, split.below, split.above)
            for n in group_sizes(technology, base, stage)]


def _rates_over_all_bases(t: str, prefix: str, words: str, stage: int) -> Iterator[Result]:
    """What survives all three readings: the widest range of rates, the extreme ratios."""
    chapter, every = "who-adopts-first", "all three readings"
    rates = {base: _rates(t, base, stage) for base in BASES}
    for side in ("above", "below"):
        found = [getattr(r, f"rate_{side}") for each in rates.values() for r in each]
        yield _row(f"{prefix}.rate-{side}.every-base", "fraction",
                   f"{words}: rate {side} its median", "range", every, SLIDE_4_AND_CENSUS,
                   "adoption.medians.rate_split", chapter, lower=min(found), upper=max(found))
    ratios = [each[0].ratio for each in rates.values()]
    for which, ratio in (("smallest", min(ratios)), ("largest", max(ratios))):
        yield _row(f"{prefix}.rate-ratio.{which}", "ratio",
                   f"{words}: {which} rate ratio of the three readings", "fact", every,
                   SLIDE_4_AND_CENSUS, "adoption.medians.rate_split", chapter, value=ratio)


def who_adopts_first() -> Iterator[Result]:
    """Shares, rates on either side of a stage's own median, exact median tests, rank trend."""
    chapter = "who-adopts-first"
    worst: dict[str, float] = {}
    for t, name in TECHNOLOGIES.items():
        counts, values = published(t)
        yield _row(f"{t}.adopters.share", "fraction", f"Share of bodies that introduced {name}",
                   "fact", BASES["all"], SLIDE_4, "adoption.results.who_adopts_first", chapter,
                   value=counts[0] / _size("all"))
        yield _row(f"{t}.no-plan.share", "fraction", f"Share of bodies without a plan for {name}",
                   "fact", BASES["all"], SLIDE_4, "adoption.results.who_adopts_first", chapter,
                   value=counts[4] / _size("all"))
        ends = ((1, t, f"{name} introduced"), (5, f"{t}.no-plan", f"{name}, no plan"))
        for stage, prefix, words in ends:
            yield from _rates_over_all_bases(t, prefix, words, stage)
        for base, label in BASES.items():
            split = census.split(base, values[0])
            for side in ("above", "below"):
                yield _row(f"{t}.{side}-median.{base}", "bodies",
                           f"Bodies {side} the median of the {name} adopters", "fact", label,
                           SLIDE_4_AND_CENSUS, "adoption.census.split", chapter,
                           value=getattr(split, side))
            for stage, prefix, words in ends:
                rates = _rates(t, base, stage)
                yield _row(f"{prefix}.rate-ratio.{base}", "ratio",
                           f"{words}: rate above over rate below the stage's own median", "fact",
                           label, SLIDE_4_AND_CENSUS, "adoption.medians.rate_split", chapter,
                           value=rates[0].ratio)
                for side, words_side, found in (
                    ("above", "above its median", [r.rate_above for r in rates]),
                    ("below", "below its median", [r.rate_below for r in rates]),
                ):
                    known = len(found) == 1
                    yield _row(f"{prefix}.rate-{side}.{base}", "fraction",
                               f"{words}: rate {words_side}", "fact" if known else "range",
                               label, SLIDE_4_AND_CENSUS, "adoption.medians.rate_split", chapter,
                               value=found[0] if known else None,
                               lower=None if known else min(found),
                               upper=None if known else max(found))
            for k, m in zip(STAGES, values):
                split = census.split(base, m)
                tests = [medians.median_test(n, *split) for n in group_sizes(t, base, k)]
                directions = {test.direction for test in tests}
                yield _row(f"{t}.stage-{k}.median-test.{base}", "direction",
                           f"{name}, {STAGE_NAMES[k]}: median against random allocation",
                           "test", label, SLIDE_4_AND_CENSUS, "adoption.medians.median_test",
                           chapter, value=directions.pop() if len(directions) == 1 else 0,
                           p=max(test.p_upper for test in tests))
                worst[f"{t}.stage-{k}"] = max([worst.get(f"{t}.stage-{k}", 0),
                                               *(test.p_upper for test in tests)])
        trend = medians.rank_trend(values)
        yield _row(f"{t}.rank-trend", "Spearman's rho",
                   f"{name}: rank correlation of median population with stage, five groups",
                   "test", "five groups", SLIDE_4, "adoption.medians.rank_trend", chapter,
                   value=trend.rho, p=trend.p_two_sided)
    adjusted = multipletests(list(worst.values()), method="holm")[1]
    for (stage, p), p_holm in zip(worst.items(), adjusted):
        for suffix, words, found in (("every-base", "largest p of the three readings", p),
                                     ("holm", "the same, Holm-adjusted for the ten stages",
                                      p_holm)):
            yield _row(f"{stage}.median-test.{suffix}", "p-value",
                       f"{TECHNOLOGIES[stage.split('.')[0]]}, stage {stage[-1]}: median against "
                       f"random allocation, {words}", "test", "all three readings",
                       SLIDE_4_AND_CENSUS, "adoption.medians.median_test", chapter, p=found)


# --- bounds -----------------------------------------------------------------------------------

def stages_for_bounds(technology: str, prefectures_least: int = 0) -> bounds.Stages:
    """The published table as the bounds need it; of the prefectures, at least so many in stage 1."""
    counts, values = published(technology)
    return bounds.Stages(counts, values, sits_on_a_body(technology),
                         outside_least=(prefectures_least, 0, 0, 0, 0))


@lru_cache
def prefectures_with_ai() -> int:
    """Prefectures that had introduced AI in the narrower series, from its printed percentage.

    Raises ValueError unless exactly one number of prefectures rounds to it.
    """
    table = data.load("later-surveys")
    chosen = table[(table["survey_fy"] == 2019) & (table["technology"] == "AI")
                   & (table["body_type"] == "prefecture") & (table["status"] == "introduced")]
    [percent] = set(chosen["percent"])
    total = outside("municipal")
    fitting = [k for k in range(total + 1) if math.floor(100 * k / total + 0.5) == percent]
    if len(fitting) != 1:
        raise ValueError(f"{percent} % of {total} prefectures: found {fitting}, expected one number")
    return fitting[0]


def _grid():
    """Lower edges and bodies of the municipal intervals."""
    grid = census.frame("municipal")
    return grid.lower.to_numpy(), grid.bodies.to_numpy()


def what_is_bounded() -> Iterator[Result]:
    """Sharp bounds on the rate of stage 1 and stage 5 in each size class, free and monotone."""
    chapter, function = "what-is-bounded", "adoption.bounds.stage_bounds"
    lower, bodies = _grid()
    least = prefectures_with_ai()
    yield _row("ai.prefectures.introduced", "bodies",
               "Prefectures that had introduced AI, trials left out", "fact", "prefectures",
               "later-surveys: 68 % of the prefectures", "adoption.results.prefectures_with_ai",
               chapter, value=least)
    sizes = census.class_counts("municipal")
    for name, size in zip(census.CLASS_IDS, sizes):
        yield _row(f"frame.municipal.{name}.bodies", "bodies", f"Municipalities, {name}", "fact",
                   BASES["municipal"], CENSUS, "adoption.census.class_counts", chapter, value=size)
    for t, technology in TECHNOLOGIES.items():
        cases = [("", 0)] + ([(".given-prefectures", least)] if t == "ai" else [])
        for suffix, known in cases:
            stages = stages_for_bounds(t, known)
            for stage, kind, words in ((1, "adoption", "introduced"), (5, "no-plan", "no plan")):
                for monotone in (False, True):
                    found = bounds.stage_bounds(lower, bodies, census.CLASS_LIMITS, stages,
                                                outside("municipal"), stage, monotone=monotone)
                    how = "monotone" if monotone else "free"
                    for name, (low, high) in zip(census.CLASS_IDS, found):
                        yield _row(
                            f"{t}.{kind}-bound.{name}.{how}{suffix}", "fraction",
                            f"{technology} {words}, {name}: {how} bounds"
                            + (f", at least {known} prefectures in stage 1" if suffix else ""),
                            "bound", BASES["municipal"], SLIDE_4_AND_CENSUS
                            + ("; later surveys" if suffix else ""), function, chapter,
                            lower=low, upper=high)
    yield from _under_10k_over_all_bases()


def _under_10k_over_all_bases() -> Iterator[Result]:
    """The class below 10,000 people, for which free bounds are computed under every reading.

    If the medians are over all 1,788, at most half of a stage lies below a median above the
    class, and at least half of it, with the body at the median, below a median inside the class.
    """
    chapter, limit = "what-is-bounded", census.CLASS_LIMITS[0]
    size = int(census.class_counts("all")[0])
    for t, technology in TECHNOLOGIES.items():
        counts, values = published(t)
        assert values[0] > limit > values[4]
        found = {1: [(0, counts[0] // 2 / size)], 5: [((counts[4] // 2 + counts[4] % 2) / size, 1)]}
        for base in ("municipal", "other"):
            grid = census.frame(base)
            for stage in found:
                found[stage].append(bounds.stage_bounds(
                    grid.lower.to_numpy(), grid.bodies.to_numpy(), census.CLASS_LIMITS,
                    stages_for_bounds(t), outside(base), stage)[0])
        for stage, kind, words in ((1, "adoption", "introduced"), (5, "no-plan", "no plan")):
            yield _row(f"{t}.{kind}-bound.under-10k.free.every-base", "fraction",
                       f"{technology} {words}, under-10k: free bounds, widest of the three readings",
                       "bound", "all three readings", SLIDE_4_AND_CENSUS,
                       "adoption.bounds.stage_bounds", chapter,
                       lower=min(low for low, _ in found[stage]),
                       upper=max(high for _, high in found[stage]))


# --- the curve --------------------------------------------------------------------------------

def _binned(kinds):
    """Mean sizes and bodies of the intervals that have any: smaller than the floor counts as it."""
    grid = kinds[kinds.bodies > 0]
    return grid.mean_size.to_numpy(), grid.bodies.to_numpy()


def curve_frame(base: str):
    """Frame of a base and sizes of the bodies outside it, as the moment likelihood needs them."""
    sizes, weights = _binned(census.frame(base))
    left_out = {"municipal": [census.prefectures()], "all": [],
                "other": [census.prefectures(), census.designated_cities()]}[base]
    outside_sizes = np.concatenate(
        [np.zeros(0)] + [np.repeat(*_binned(kinds)) for kinds in left_out])
    return sizes, weights, np.sort(outside_sizes)


def members_at_median(technology: str, base: str) -> tuple[bool, ...]:
    """For each stage: whether one of its members sits at its median.

    In `all`, where counts are taken as published, an odd count without a body at its median and
    an even count are split in halves.
    """
    counts, _ = published(technology)
    at = sits_on_a_body(technology)
    return at if base != "all" else tuple(a and n % 2 == 1 for a, n in zip(at, counts))


@lru_cache
def fitted(technology: str, base: str, model: str) -> curve.OutsideFit:
    """The model at the fixed point of the bodies outside the base."""
    counts, values = published(technology)
    sizes, weights, outside_sizes = curve_frame(base)
    odd = members_at_median(technology, base)
    if base == "all":
        found = curve.fit(model, sizes, weights, counts, values, odd, floor=FLOOR)
        return curve.OutsideFit(np.zeros(5, dtype=int), found, np.zeros(5), 1)
    return curve.fixed_point_outside(model, sizes, weights, counts, values, odd, outside_sizes,
                                     floor=FLOOR)


def adoption_curve() -> Iterator[Result]:
    """Odds ratios per doubling, tests of the two models, size at which half have adopted."""
    chapter = "adoption-curve"
    for t, name in TECHNOLOGIES.items():
        found = []
        for base, label in BASES.items():
            ordered = fitted(t, base, "ordered").fit
            multinomial = fitted(t, base, "multinomial").fit
            low, high = curve.slope_interval(ordered)
            yield _row(f"{t}.odds-ratio-per-doubling.{base}", "odds ratio",
                       f"{name}: odds ratio per doubling of population, ordered logit",
                       "interval", label, SLIDE_4_AND_CENSUS, "adoption.curve.slope_interval",
                       chapter, value=math.exp(ordered.slopes[0]), lower=math.exp(low),
                       upper=math.exp(high))
            for id, model, words in (("proportional-odds", ordered, "ordered"),
                                     ("multinomial-fit", multinomial, "multinomial")):
                yield _row(f"{t}.{id}.{base}", "J",
                           f"{name}: over-identification test of the {words} logit, "
                           f"{model.df} degrees of freedom", "test", label, SLIDE_4_AND_CENSUS,
                           "adoption.curve.fit", chapter, value=model.J, p=model.p_value)
            found.append(math.exp(ordered.slopes[0]))
            half, low, high = curve.size_at(multinomial)
            yield _row(f"{t}.half-adoption-population.{base}", "people",
                       f"{name}: population at which half had introduced it, multinomial logit",
                       "interval", label, SLIDE_4_AND_CENSUS, "adoption.curve.size_at", chapter,
                       value=half, lower=low, upper=high)
        yield _row(f"{t}.odds-ratio-per-doubling.every-base", "odds ratio",
                   f"{name}: odds ratio per doubling over the three readings", "range",
                   "all three readings", SLIDE_4_AND_CENSUS, "adoption.curve.fit", chapter,
                   lower=min(found), upper=max(found))
    yield from _given_prefectures(chapter)
    yield from _outside_ranges(chapter)


def _given_prefectures(chapter: str) -> Iterator[Result]:
    """AI's odds ratio and J over the numbers of prefectures left by a figure from elsewhere."""
    counts, values = published("ai")
    sizes, weights, outside_sizes = curve_frame("municipal")
    odd = members_at_median("ai", "municipal")
    vectors = curve.allowed_outside(counts, odd, outside_sizes.size,
                                    least=(prefectures_with_ai(), 0, 0, 0, 0))
    fits = list(curve.fits_over("ordered", sizes, weights, counts, values, odd, vectors,
                                floor=FLOOR))
    for id, unit, words, numbers in (
        ("odds-ratio-per-doubling", "odds ratio", "odds ratio per doubling",
         [math.exp(fit.slopes[0]) for fit in fits]),
        ("proportional-odds", "J", "J of the ordered logit", [fit.J for fit in fits]),
    ):
        yield _row(f"ai.{id}.municipal.given-prefectures", unit,
                   f"AI: {words} over all allowed numbers of prefectures, at least "
                   f"{prefectures_with_ai()} in stage 1", "range", BASES["municipal"],
                   SLIDE_4_AND_CENSUS + "; later surveys", "adoption.curve.fits_over", chapter,
                   lower=min(numbers), upper=max(numbers))


@lru_cache
def outside_ranges() -> list[dict]:
    """The stored extremes over all allowed numbers of bodies outside the base."""
    return stored.outside_ranges(OUTSIDE_RANGE)


def _outside_ranges(chapter: str) -> Iterator[Result]:
    function = "adoption.validation.outside_range"
    for row in outside_ranges():
        t, base, model = row["technology"], row["base"], row["model"]
        if model == "ordered":
            yield _row(f"{t}.outside-vectors.{base}", "combinations",
                       f"{TECHNOLOGIES[t]}: numbers of bodies outside the base, by stage, that the "
                       "parities allow", "fact", BASES[base], SLIDE_4_AND_CENSUS,
                       "adoption.curve.allowed_outside", chapter, value=row["vectors"])
        ids = {"ordered": "proportional-odds", "multinomial": "multinomial-fit"}
        yield _row(f"{t}.{ids[model]}.{base}.outside-range", "J",
                   f"{TECHNOLOGIES[t]}: J of the {model} logit over all allowed numbers of bodies "
                   "outside the base", "range", BASES[base], SLIDE_4_AND_CENSUS, function, chapter,
                   lower=row["J_least"], upper=row["J_most"])
        if model == "ordered":
            yield _row(f"{t}.odds-ratio-per-doubling.{base}.outside-range", "odds ratio",
                       f"{TECHNOLOGIES[t]}: odds ratio per doubling over all allowed numbers of "
                       "bodies outside the base", "range", BASES[base], SLIDE_4_AND_CENSUS,
                       function, chapter, lower=row["odds_ratio_least"],
                       upper=row["odds_ratio_most"])


# --- AI against RPA ---------------------------------------------------------------------------

def _overlap_in(base: str) -> float:
    """Fewest bodies of all with both technologies, if the medians are over a part of them."""
    grid = census.frame(base)
    return bounds.overlap_bounds(grid.lower.to_numpy(), grid.bodies.to_numpy(),
                                 stages_for_bounds("ai"), stages_for_bounds("rpa"),
                                 outside(base)).everywhere[0]


def _overlap_of_all() -> int:
    """The same if they are over all: half of each group stands above the smaller median."""
    (ai, ai_medians), (rpa, rpa_medians) = (published(t) for t in TECHNOLOGIES)
    room = census.split("all", min(ai_medians[0], rpa_medians[0])).above
    return max(0, ai[0] // 2 + rpa[0] // 2 - room)


def ai_versus_rpa() -> Iterator[Result]:
    """The difference, McNemar's p over all overlaps, and the overlap that the medians allow."""
    chapter, every = "ai-versus-rpa", BASES["all"]
    (ai, _), (rpa, _) = (published(t) for t in TECHNOLOGIES)
    total = _size("all")
    yield _row("ai-rpa.difference", "percentage points", "RPA adopters less AI adopters", "fact",
               every, SLIDE_4, "adoption.results.ai_versus_rpa", chapter,
               value=100 * (rpa[0] - ai[0]) / total)
    yield _row("ai-rpa.difference.bodies", "bodies", "RPA adopters less AI adopters", "fact",
               every, SLIDE_4, "adoption.results.ai_versus_rpa", chapter, value=rpa[0] - ai[0])
    free = tables.mcnemar_range(ai[0], rpa[0], total)
    yield _row("ai-rpa.overlap.counts", "bodies", "Bodies with both AI and RPA, from the counts",
               "bound", every, SLIDE_4, "adoption.tables.mcnemar_range", chapter,
               lower=free.overlap_lower, upper=free.overlap_upper)
    yield _row("ai-rpa.mcnemar-p-max", "p-value",
               "Largest exact McNemar p over the overlaps that the counts allow", "test", every,
               SLIDE_4, "adoption.tables.mcnemar_range", chapter, value=free.p_max, p=free.p_max)
    lower, bodies = _grid()
    found = bounds.overlap_bounds(lower, bodies, stages_for_bounds("ai"),
                                  stages_for_bounds("rpa"), outside("municipal"))
    source, function = SLIDE_4_AND_CENSUS, "adoption.bounds.overlap_bounds"
    yield _row("ai-rpa.overlap.medians", "bodies",
               "Bodies with both AI and RPA, from counts and medians", "bound",
               "all 1,788 bodies, medians over the municipalities", source, function, chapter,
               lower=found.everywhere[0], upper=found.everywhere[1])
    yield _row("ai-rpa.overlap.medians.municipal", "bodies",
               "Municipalities with both AI and RPA, from counts and medians", "bound",
               BASES["municipal"], source, function, chapter, lower=found.inside[0],
               upper=found.inside[1])
    least = [found.everywhere[0], _overlap_in("other"), _overlap_of_all()]
    yield _row("ai-rpa.overlap.medians.every-base", "bodies",
               "Bodies with both AI and RPA, fewest under any of the three readings", "bound",
               "all three readings", source, function, chapter, lower=min(least),
               upper=free.overlap_upper)
    worst = tables.mcnemar_range(ai[0], rpa[0], total, round(min(least)), free.overlap_upper)
    yield _row("ai-rpa.mcnemar-p-max.every-base", "p-value",
               "Largest exact McNemar p over the overlaps that counts and medians allow under any "
               "of the three readings", "test", "all three readings", source,
               "adoption.tables.mcnemar_range", chapter, value=worst.p_max, p=worst.p_max)
    narrowed = tables.mcnemar_range(ai[0], rpa[0], total, *map(round, found.everywhere))
    yield _row("ai-rpa.mcnemar-p-max.medians", "p-value",
               "Largest exact McNemar p over the overlaps that counts and medians allow", "test",
               "all 1,788 bodies, medians over the municipalities", source,
               "adoption.tables.mcnemar_range", chapter, value=narrowed.p_max, p=narrowed.p_max)


# --- joint use --------------------------------------------------------------------------------

def cross_table(name: str, column: str):
    """A joint-use table as a DataFrame: types of body in rows, answers in columns."""
    long = data.load(name)
    return long.pivot(index="body_type", columns=column, values="bodies").loc[
        list(TYPES), list(dict.fromkeys(long[column]))]


def joint_use() -> Iterator[Result]:
    chapter = "joint-use"
    status = cross_table("rpa-joint-use-status", "status")
    forms = cross_table("ai-joint-use-form", "form")
    for prefix, table in (("joint.rpa", status), ("joint.ai", forms)):
        for kind, words in TYPES.items():
            for answer in table.columns:
                yield _row(f"{prefix}.{kind}.{answer}".replace("_", "-"),
                           "bodies" if prefix == "joint.rpa" else "answers",
                           f"{'RPA' if prefix == 'joint.rpa' else 'AI'} joint use, {words}: "
                           f"{answer.replace('_', ' ')}", "fact", words, SLIDE_5,
                           "adoption.data.load", chapter, value=table.loc[kind, answer])
    types = [kind for kind in TYPES if kind != "total"]
    for kind in TYPES:
        considering, total = status.loc[kind, "considering"], status.loc[kind].sum()
        interval = tables.proportion_interval(int(considering), int(total))
        yield _row(f"joint.rpa.{kind}.considering-share".replace("_", "-"), "fraction",
                   f"RPA joint use, {TYPES[kind]}: share considering", "interval", TYPES[kind],
                   SLIDE_5, "adoption.tables.proportion_interval", chapter,
                   value=interval.estimate, lower=interval.lower, upper=interval.upper)
        using = tables.proportion_interval(int(status.loc[kind, "implementing"]), int(total))
        yield _row(f"joint.rpa.{kind}.implementing-share".replace("_", "-"), "fraction",
                   f"RPA joint use, {TYPES[kind]}: share implementing", "interval", TYPES[kind],
                   SLIDE_5, "adoption.tables.proportion_interval", chapter,
                   value=using.estimate, lower=using.lower, upper=using.upper)
    yield _row("joint.rpa.no-plan-share", "fraction",
               "RPA joint use: share of bodies without a plan", "fact", BASES["all"], SLIDE_5,
               "adoption.results.joint_use", chapter,
               value=status.loc["total", "no_plan"] / status.loc["total"].sum())
    fewest, most = tables.bodies_behind_answers(forms.loc[types].to_numpy())
    yield _row("joint.ai.bodies", "bodies",
               "AI joint use: bodies behind the 50 answers, fewest and most", "range",
               "users of joint AI", SLIDE_5, "adoption.tables.bodies_behind_answers", chapter,
               lower=fewest, upper=most)
    yield _row("joint.ai.total.answers", "answers", "AI joint use: answers", "fact",
               "users of joint AI", SLIDE_5, "adoption.data.load", chapter,
               value=forms.loc["total"].sum())
    (ai, _), (rpa, _) = (published(t) for t in ("ai", "rpa"))
    users = int(status.loc["total", "implementing"])
    share = tables.proportion_interval(users, rpa[0])
    yield _row("joint.rpa.share-of-adopters", "fraction",
               "RPA: share of adopters that use it jointly", "interval", "RPA adopters",
               "MIC 2020, slides 4 and 5", "adoption.tables.proportion_interval", chapter,
               value=share.estimate, lower=share.lower, upper=share.upper)
    yield _row("joint.ai.share-range", "fraction", "AI: share of adopters that use it jointly",
               "range", "AI adopters", "MIC 2020, slides 4 and 5",
               "adoption.tables.bodies_behind_answers", chapter, lower=fewest / ai[0],
               upper=most / ai[0])
    yield _row("joint.ai.share-of-adopters", "fraction",
               "AI: share of adopters that use it jointly; lower end from the fewest bodies, "
               "upper end from the most", "interval", "AI adopters", "MIC 2020, slides 4 and 5",
               "adoption.tables.proportion_interval", chapter,
               lower=tables.proportion_interval(fewest, ai[0]).lower,
               upper=tables.proportion_interval(most, ai[0]).upper)
    yield from _joint_use_by_type(status.loc[types], forms.loc[types])
    yield from _joint_decisions(status, rpa[0])


def _joint_use_by_type(status, forms) -> Iterator[Result]:
    """Whether status and form go with the type of body: exact tests, and what they compare."""
    chapter = "joint-use"
    using, considering = status["implementing"], status["considering"]
    bodies = status.sum(axis=1)
    rpa = ("RPA joint use", BASES["all"])
    ai = ("AI joint use", "50 answers, taken as 50 bodies")
    for id, (words, base), what, table in (
        ("joint.rpa.status-by-type", rpa, "status by type of body", status),
        ("joint.rpa.considering-by-type", rpa, "considering against the rest, by type of body",
         [considering, bodies - considering]),
        ("joint.rpa.implementing-by-type", rpa, "implementing against the rest, by type of body",
         [using, bodies - using]),
        ("joint.ai.form-by-type", ai, "form by type of body (the p-value holds if each body gave "
         "one form)", forms),
    ):
        yield _row(id, "Cramér's V", f"{words}: {what}, bias-corrected V and exact test", "test",
                   base, SLIDE_5, "adoption.tables.fisher_freeman_halton", chapter,
                   value=tables.cramers_v(table), p=tables.fisher_freeman_halton(table))
        pearson = tables.pearson_chi2(table)
        yield _row(f"{id}.pearson", "chi-square",
                   f"{words}: {what}, Pearson's approximation, which is not to be trusted here",
                   "test", base, SLIDE_5, "adoption.tables.pearson_chi2", chapter,
                   value=pearson.statistic, p=pearson.p_value)
        yield _row(f"{id}.smallest-expected", "bodies" if words.startswith("RPA") else "answers",
                   f"{words}: {what}, smallest count expected in a cell", "fact", base, SLIDE_5,
                   "adoption.tables.pearson_chi2", chapter, value=pearson.expected.min())
        yield _row(f"{id}.share-expecting-below-five", "fraction",
                   f"{words}: {what}, share of cells that expect fewer than five", "fact", base,
                   SLIDE_5, "adoption.tables.pearson_chi2", chapter,
                   value=pearson.share_below_five)
    prefectures, interested = bodies["prefecture"], considering["prefecture"]
    odds = tables.conditional_odds_ratio(
        [[interested, prefectures - interested],
         [considering.sum() - interested, (bodies - considering).sum() - prefectures + interested]])
    yield _row("joint.rpa.prefecture-interest", "odds ratio",
               "RPA joint use: odds of considering it, prefectures against municipalities",
               "interval", "47 prefectures and 1,741 municipalities", SLIDE_5,
               "adoption.tables.conditional_odds_ratio", chapter, value=odds.estimate,
               lower=odds.lower, upper=odds.upper, p=odds.p_value)
    for kind in ("prefecture", "designated_city"):
        yield _row(f"joint.rpa.{kind}.chance-of-none".replace("_", "-"), "chance",
                   f"RPA joint use: chance that no body among the {TYPES[kind]} uses it, if the "
                   "users were placed at random among all bodies", "fact", BASES["all"], SLIDE_5,
                   "adoption.tables.chance_of_none", chapter,
                   value=tables.chance_of_none(bodies[kind], using.sum(), bodies.sum()))
    behind = {kind: tables.bodies_behind_answers(forms.loc[[kind]]) for kind in forms.index}
    for kind, (fewest, most) in behind.items():
        prefix = f"joint.ai.{kind}".replace("_", "-")
        yield _row(f"{prefix}.bodies", "bodies",
                   f"AI joint use, {TYPES[kind]}: bodies behind the answers, fewest and most",
                   "range", TYPES[kind], SLIDE_5, "adoption.tables.bodies_behind_answers",
                   chapter, lower=fewest, upper=most)
        yield _row(f"{prefix}.share-range", "fraction",
                   f"AI joint use, {TYPES[kind]}: share that uses it jointly", "range",
                   TYPES[kind], SLIDE_5, "adoption.tables.bodies_behind_answers", chapter,
                   lower=fewest / bodies[kind], upper=most / bodies[kind])
    cities, others = behind["designated_city"][0], behind["other_municipality"][1]
    odds = tables.conditional_odds_ratio(
        [[cities, bodies["designated_city"] - cities],
         [others, bodies["other_municipality"] - others]])
    yield _row("joint.ai.designated-city-use", "odds ratio",
               "AI joint use: odds of using it jointly, designated cities (fewest bodies) against "
               "other municipalities (most bodies): the least contrast that the answers allow",
               "interval", BASES["municipal"], SLIDE_5, "adoption.tables.conditional_odds_ratio",
               chapter, value=odds.estimate, lower=odds.lower, upper=odds.upper, p=odds.p_value)


def _joint_decisions(status, adopters: int) -> Iterator[Result]:
    """What becomes of the users of joint RPA if Toyama's eight are among them and decided once.

    The source says neither. It is an assumption: one of the eight is listed as on trial.
    """
    chapter, function = "joint-use", "adoption.tables.decision_interval"
    assumed = "if the members of the Toyama consortium are among the users and decided once"
    source = "MIC 2020, slides 4, 5 and 7"
    members = data.load("consortium-members")
    together = [int((members["consortium"] == "toyama").sum())]
    users = int(status.loc["total", "implementing"])
    others = status.loc["other_municipality"].sum()
    yield _row("joint.rpa.decisions", "decisions", f"RPA joint use: decisions, {assumed}", "fact",
               "users of joint RPA, as decisions", source, function, chapter,
               value=users - together[0] + 1)
    for id, of, n in (("joint.rpa.other-municipality.implementing-share", "other municipalities",
                       others), ("joint.rpa.share-of-adopters", "RPA adopters", adopters)):
        decided = tables.decision_interval(users, n, together)
        yield _row(f"{id}.decisions", "fraction",
                   f"RPA joint use: share of decisions, {assumed}", "interval",
                   f"{of}, as decisions", source, function, chapter, value=decided.estimate,
                   lower=decided.lower, upper=decided.upper)
        clustered = tables.clustered_rate_interval(users, n, together)
        yield _row(f"{id}.clustered", "fraction",
                   f"RPA joint use: share of bodies with its uncertainty, {assumed}", "interval",
                   of, source, "adoption.tables.clustered_rate_interval", chapter,
                   value=clustered.estimate, lower=clustered.lower, upper=clustered.upper)


# --- small adopters and consortia -------------------------------------------------------------

CONSORTIA = {"nara": "Nara", "toyama": "Toyama"}
SMALL = 50_000  # the limit that slide 7 itself uses for a small municipality
SLIDE_6, SLIDE_7 = "MIC 2020, slide 6", "MIC 2020, slide 7"


def small_adopters() -> Iterator[Result]:
    yield from _frame_of_small_bodies()
    yield from _seven_bodies()
    for consortium in CONSORTIA:
        yield from _consortium(consortium)


def _frame_of_small_bodies() -> Iterator[Result]:
    chapter, base = "small-adopters", BASES["municipal"]
    grid = census.frame("municipal")
    middle = grid[grid.bodies.cumsum() >= (_size("municipal") + 1) / 2].iloc[0]
    yield _row("frame.municipal.median-population", "people",
               "Population of the median municipality", "range", base, CENSUS,
               "adoption.census.frame", chapter, lower=middle.lower, upper=middle.upper - 1)
    yield _row("frame.municipal.below-50k.share", "fraction",
               "Share of municipalities below 50,000 inhabitants", "fact", base, CENSUS,
               "adoption.census.class_counts", chapter,
               value=census.class_counts("municipal", (SMALL,))[0] / _size("municipal"))


def body_slug(name: str) -> str:
    """The part of an id that stands for a municipality: "Uda City" gives "uda"."""
    return name.split()[0].lower()


def _seven_bodies() -> Iterator[Result]:
    chapter = "small-adopters"
    seven, members = data.load("small-adopters"), data.load("consortium-members")
    share = {row.body_en: census.percentile(row.population) for row in seven.itertuples()}
    if any(low != high for low, high in share.values()):
        raise ValueError(f"the intervals are not cut at every body of slide 6: found {share}")
    for row in seven.itertuples():
        prefix = f"small-adopters.{body_slug(row.body_en)}"
        yield _row(f"{prefix}.population", "people", f"{row.body_en}: population", "fact",
                   row.body_en, SLIDE_6, "adoption.data.load", chapter, value=row.population)
        yield _row(f"{prefix}.percentile", "fraction",
                   f"{row.body_en}: share of municipalities with fewer people", "fact",
                   BASES["municipal"], "MIC 2020, slide 6; 2015 census",
                   "adoption.census.percentile", chapter, value=share[row.body_en][0])
    no_plan = {name: published(t)[1][-1] for t, name in TECHNOLOGIES.items()}
    joined = seven["body_ja"].isin(members["member_ja"])
    counts = {
        "bodies": ("bodies listed", len(seven)),
        "above-median-municipality": ("larger than the median municipality",
                                      sum(low > 0.5 for low, _ in share.values())),
        "below-no-plan-median": ("smaller than the median body without a plan for the technology",
                                 (seven["population"] < seven["technology"].map(no_plan)).sum()),
        "in-a-consortium": ("members of a consortium of slide 7", joined.sum()),
        "joint-use-or-member": ("driven by joint use, or member of a consortium of slide 7",
                                (joined | (seven["driver"] == "joint_use")).sum()),
        "not-alone": ("driven by joint use or by the prefecture",
                      seven["driver"].isin(["joint_use", "prefecture_led"]).sum()),
        **{f"driver.{d}".replace("_", "-"): (f"driver: {d.replace('_', ' ')}", n)
           for d, n in seven["driver"].value_counts().items()},
        **{f"phase.{p}": (f"phase: {p}", n) for p, n in seven["phase"].value_counts().items()},
    }
    for key, (words, number) in counts.items():
        yield _row(f"small-adopters.{key}", "bodies", f"Small adopters of slide 6: {words}",
                   "fact", "seven bodies of slide 6", SLIDE_6,
                   "adoption.results.small_adopters", chapter, value=number)


def _consortium(key: str) -> Iterator[Result]:
    chapter, name, prefix = "small-adopters", CONSORTIA[key], f"consortium.{key}"
    members = data.load("consortium-members")
    members = members[members["consortium"] == key]
    people = members["population"]
    technology = members["technology"].iloc[0]
    pooled = int(people.sum())
    median = published(technology.lower())[1][0]
    municipalities = f"member municipalities of {name}'s consortium"
    for id, unit, words, value in (
        ("members", "municipalities", "member municipalities", len(people)),
        ("population", "people", "pooled population of the member municipalities", pooled),
        ("smallest-member", "people", "population of the smallest member", people.min()),
        ("median-member", "people", "median population of a member", people.median()),
        ("largest-member", "people", "population of the largest member", people.max()),
        ("members-below-50k", "municipalities", "members below 50,000 inhabitants",
         (people < SMALL).sum()),
        ("members-above-adopters-median", "municipalities",
         f"members above the median population of the {technology} adopters",
         (people > median).sum()),
        ("population-without-largest", "people", "pooled population without the largest member",
         pooled - people.max()),
        ("ratio-to-median-member", "ratio", "pooled population over the median member",
         pooled / people.median()),
    ):
        yield _row(f"{prefix}.{id}", unit, f"{name}'s consortium: {words}", "fact",
                   municipalities, SLIDE_7, "adoption.results.small_adopters", chapter,
                   value=value)
    yield _row(f"{prefix}.ratio-to-adopters-median", "ratio",
               f"{name}'s consortium: pooled population over the median {technology} adopter",
               "fact", municipalities, "MIC 2020, slides 4 and 7",
               "adoption.results.small_adopters", chapter, value=pooled / median)
    low, high = census.percentile(pooled)
    yield _row(f"{prefix}.percentile", "fraction",
               f"{name}'s consortium: share of municipalities with fewer people than it has "
               "together", "range", BASES["municipal"], "MIC 2020, slide 7; 2015 census",
               "adoption.census.percentile", chapter, lower=low, upper=high)
    yield from _curve_at_pooled_size(key, technology, {
        "median-member": ("the median member's population", people.median()),
        "pooled": ("the pooled population", pooled)})
    if key == "nara":
        stated = data.load("consortium-figures").set_index(["consortium", "figure"])["value"]
        total = stated[key, "municipalities_in_prefecture"]
        small = stated[key, "municipalities_under_50000"]
        for id, unit, words, value in (
            ("prefecture-municipalities", "municipalities", "municipalities", total),
            ("prefecture-municipalities-below-50k", "municipalities",
             "municipalities below 50,000 inhabitants", small),
            ("prefecture-share-below-50k", "fraction",
             "share of municipalities below 50,000 inhabitants", small / total),
        ):
            yield _row(f"{prefix}.{id}", unit, f"{name} Prefecture: {words}", "fact",
                       "municipalities of Nara Prefecture", SLIDE_7,
                       "adoption.results.small_adopters", chapter, value=value)


def _curve_at_pooled_size(key: str, technology: str, sizes: dict) -> Iterator[Result]:
    """Arithmetic on an association, not an effect: the fitted share of adopters at two sizes."""
    chapter, source = "small-adopters", "MIC 2020, slides 4 and 7; 2015 census"
    t, prefix = technology.lower(), f"consortium.{key}.curve-at"
    for id, (words, size) in sizes.items():
        label = (f"{CONSORTIA[key]}'s consortium: share of {technology} adopters on the curve at "
                 f"{words}")
        found = {}
        for base, frame in BASES.items():
            fit = fitted(t, base, "multinomial").fit
            found[base] = curve.predict(fit, [size])[0, 0]
            low, high = (end[0, 0] for end in curve.band(fit, [size]))
            yield _row(f"{prefix}-{id}.{base}", "fraction", label, "interval", frame, source,
                       "adoption.curve.band", chapter, value=found[base], lower=low, upper=high)
        yield _row(f"{prefix}-{id}.every-base", "fraction",
                   f"{label}, lowest and highest estimate", "range", "all three readings", source,
                   "adoption.curve.predict", chapter, lower=min(found.values()),
                   upper=max(found.values()))


# --- barriers and guidebooks ------------------------------------------------------------------

# Words that an item's printed title would use for what a problem asks for.
NAMED_IN_TITLES = {"cost-or-budget": ("cost or budget", ("費用", "コスト", "予算", "経費")),
                   "staff": ("staff", ("人材", "人員", "職員", "要員")),
                   "joint-work": ("joint work", ("共同",))}


def barriers_and_guidebooks() -> Iterator[Result]:
    chapter, function = "barriers-and-guidebooks", "adoption.results.barriers_and_guidebooks"
    contents, mapping = data.load("guidebook-contents"), data.load("problem-mapping")
    source = {"AI": "MIC 2020, slide 8", "RPA": "MIC 2020, slide 9"}
    for t, name in TECHNOLOGIES.items():
        items = contents[contents["guidebook"] == name]
        yield _row(f"guidebook.{t}.items", "items", f"{name} guidebook: planned items", "fact",
                   "planned contents", source[name], function, chapter, value=len(items))
        for key, (words, terms) in NAMED_IN_TITLES.items():
            titles = items["item_ja"] + items["part_ja"] + items["group_ja"].fillna("")
            yield _row(f"guidebook.{t}.items-naming-{key}", "items",
                       f"{name} guidebook: items whose title names {words}", "fact",
                       "planned contents", source[name], function, chapter,
                       value=titles.str.contains("|".join(terms)).sum())
    problems = data.load("guidebook-problems")["order"]
    direct = set(mapping.loc[mapping["fit"] == "direct", "problem"])
    mapped = set(mapping["problem"])
    for key, words, value in (
        ("", "problems that the RPA guidebook is to answer", len(problems)),
        (".named", "problems whose subject an item's title names, in our mapping", len(direct)),
        (".indirect", "problems that items meet only indirectly, in our mapping",
         len(mapped - direct)),
        (".unmet", "problems without any item, in our mapping", len(set(problems) - mapped)),
    ):
        yield _row(f"guidebook.problems{key}", "problems", words[0].upper() + words[1:], "fact",
                   "seven problems of slide 9", f"{source['RPA']}; the project's own mapping"
                   if key else source["RPA"], function, chapter, value=value)
    for applies_to, number in data.load("barriers")["applies_to"].value_counts().items():
        yield _row(f"barriers.{applies_to}".replace("_", "-"), "barriers",
                   f"Barriers that the deck names: {applies_to.replace('_', ' ')}", "fact",
                   "slides 5, 7 and 10", "MIC 2020, slides 5, 7 and 10", function, chapter,
                   value=number)


# --- since 2020 -------------------------------------------------------------------------------

FORECAST_TYPES = ("prefecture", "designated_city")
FORECAST_YEAR = 2020  # fiscal year by whose end, 31 March 2021, nearly all were expected


def later_series(status: str = "introduced"):
    """What later surveys said: one row a fiscal year, technology and type of body.

    Columns: survey_fy, reference_date, technology, body_type, lower and upper (smallest and
    largest fraction quoted), sources (how many quote it), source (their names).
    """
    table = data.load("later-surveys")
    table = table[(table["status"] == status) & table["technology"].isin(TECHNOLOGIES.values())]
    found = table.groupby(["survey_fy", "technology", "body_type"], as_index=False).agg(
        reference_date=("reference_date", "first"),
        lower=("percent", lambda p: p.min() / 100), upper=("percent", lambda p: p.max() / 100),
        sources=("source", "nunique"), source=("source", lambda s: "; ".join(sorted(set(s)))))
    found.attrs = table.attrs
    return found


def later_combinations(technology: str):
    """What the counts with both technologies and with one only add up to: one row a fiscal year.

    Both counts have to be of one source. Columns as in later_series: lower, upper, source.
    """
    table = data.load("later-surveys")
    table = table[(table["status"] == "introduced") & (table["body_type"] == "all")]
    counts = table.pivot(index=["survey_fy", "source"], columns="technology", values="bodies")
    added = (counts["AI and RPA"] + counts[f"{technology} only"]).dropna().astype(float)
    found = (added / _size("all")).rename("share").reset_index("source").groupby("survey_fy")
    return found.agg(lower=("share", "min"), upper=("share", "max"),
                     source=("source", lambda s: "; ".join(sorted(s))))


def later_table():
    """The series for the reader: figures by survey with numbered sources, and the sources.

    Two DataFrames. In the first a row is a survey and technology, a column a type of body; a cell
    holds the share, the share with trials where known, an asterisk for a single source, and the
    numbers of the sources in the second.
    """
    series, trials = later_series(), later_series("trial")
    raw = data.load("later-surveys")
    pages = raw.drop_duplicates("source").set_index("source")
    used = sorted({name for names in series["source"] for name in names.split("; ")})
    number = {name: i for i, name in enumerate(used, 1)}
    tried = trials.set_index(["survey_fy", "technology", "body_type"])["lower"].to_dict()

    def cell(row):
        share = " – ".join(f"{100 * x:g}%" for x in sorted({row.lower, row.upper}))
        trial = tried.get((row.survey_fy, row.technology, row.body_type), 0)
        more = f", {row.lower + trial:.0%} with trials" if trial else ""
        numbers = ", ".join(str(number[name]) for name in row.source.split("; "))
        return f"{share}{'*' if row.sources == 1 else ''}{more} [{numbers}]"

    cells = series.assign(cell=[cell(row) for row in series.itertuples()])
    dates = series.groupby("survey_fy")["reference_date"].first().fillna("not stated")
    wide = cells.pivot(index=["technology", "survey_fy"], columns="body_type", values="cell")
    wide = wide[[*(kind for kind in TYPES if kind != "total"), "all"]].fillna("").reset_index()
    wide.insert(2, "as_of", wide["survey_fy"].map(dates))
    wide["survey_fy"] = wide["survey_fy"].astype(str)
    wide.columns = ["Technology", "Survey of fiscal", "As of", "Prefectures",
                    "Designated cities", "Other municipalities", "All bodies"]
    return wide, pd.DataFrame({"No.": [str(i) for i in number.values()], "Page": list(number),
                               "Kind": [pages.loc[name, "source_kind"] for name in number],
                               "Address": [pages.loc[name, "source_url"] for name in number]})


def _agreed(row) -> dict:
    """A fraction as a fact where all sources agree, else as a range."""
    if row.lower == row.upper:
        return {"evidence": "fact", "value": row.lower}
    return {"evidence": "range", "lower": row.lower, "upper": row.upper}


def _forecast() -> Iterator[Result]:
    """Shares by type of body and survey, and what they leave open for the promised date."""
    chapter, words = "since-2020", {**TYPES, "all": "all bodies"}
    series = later_series()
    for row in series.itertuples():
        t, kind = row.technology.lower(), row.body_type.replace("_", "-")
        agreed = _agreed(row)
        yield _row(f"since-2020.{t}.{kind}.introduced.{row.survey_fy}", "fraction",
                   f"{row.technology} introduced (without trials), {words[row.body_type]}, survey "
                   f"of fiscal {row.survey_fy} ({row.sources} "
                   f"source{'s' if row.sources > 1 else ''})", agreed.pop("evidence"),
                   words[row.body_type], row.source, "adoption.results.later_series", chapter,
                   **agreed)
    series = series.set_index(["technology", "body_type", "survey_fy"]).sort_index()
    trials = later_series("trial").set_index(["technology", "body_type", "survey_fy"])
    for (technology, kind, year), row in trials.iterrows():
        narrow = series.loc[(technology, kind, year)]
        yield _row(f"since-2020.{technology.lower()}.{kind}.with-trials.{year}".replace("_", "-"),
                   "fraction", f"{technology} introduced or on trial, {words[kind]}, survey of "
                   f"fiscal {year}", "fact", words[kind], row["source"],
                   "adoption.results.later_series", chapter, value=narrow.lower + row.lower)
    for t, name in TECHNOLOGIES.items():
        for year, row in later_combinations(name).iterrows():
            agreed = _agreed(row)
            yield _row(f"since-2020.{t}.all.from-combinations.{year}", "fraction",
                       f"{name} introduced, all bodies, survey of fiscal {year}: bodies with both "
                       f"technologies and with {name} only, added", agreed.pop("evidence"),
                       BASES["all"], row["source"], "adoption.results.later_combinations",
                       chapter, **agreed)
        for kind in FORECAST_TYPES:
            found = series.loc[(name, kind)].sort_index()
            before, after = found.loc[FORECAST_YEAR], found.loc[FORECAST_YEAR + 1:].iloc[0]
            yield _row(f"since-2020.{t}.{kind}.end-of-fiscal-2020".replace("_", "-"), "fraction",
                       f"{name} introduced by 31 March 2021, {words[kind]}: between the surveys "
                       f"of fiscal {FORECAST_YEAR} and {after.name}, if no body gave it up",
                       "range", words[kind], f"{before.source}; {after.source}"
                       if before.source != after.source else before.source,
                       "adoption.results.later_series", chapter, lower=before.lower,
                       upper=after.upper)


@lru_cache
def _adoption_2023(by_staff: bool, abandoned: bool):
    table = data.load("adoption-2023-by-size")
    table = table[(table["kind"] != "prefecture") & (abandoned | (table["upper"] > 1))]
    keys = ["lower", "upper", *(["external_staff"] if by_staff else [])]
    table = table.groupby(keys, as_index=False)[["bodies", "ai", "rpa", "population"]].sum()
    table = table[table["bodies"] > 0].reset_index(drop=True)
    return table.assign(mean_size=table["population"] / table["bodies"])


def adoption_2023(by_staff: bool = False, abandoned: bool = False):
    """Municipalities and adopters of 2023 by interval: lower, upper, bodies, ai, rpa, mean_size.

    by_staff: each interval by use of external staff. abandoned: with the four towns that had no
    inhabitants in 2015, for which a logarithm of the population does not exist.
    """
    return _adoption_2023(by_staff, abandoned).copy()


def classes_2023():
    """Municipalities and adopters of 2023 by the book's size classes, the four towns included."""
    table = adoption_2023(abandoned=True)
    at = (table["lower"].to_numpy()[:, None] >= census.CLASS_LIMITS).sum(axis=1)
    return table.groupby(at)[["bodies", "ai", "rpa"]].sum().set_axis(census.CLASS_IDS)


POPULATED = "1,737 municipalities with inhabitants in 2015"


def _gradient(t: str, name: str) -> Iterator[Result]:
    chapter = "since-2020"
    table = adoption_2023()
    for suffix, words, base, table in (
        ("", "", POPULATED, table),
        (".with-empty-towns", ", four towns without inhabitants included", BASES["municipal"],
         adoption_2023(abandoned=True)),
        (".from-100", ", municipalities with fewer than 100 inhabitants left out",
         "1,735 municipalities with at least 100 inhabitants in 2015",
         table[table["lower"] >= FLOOR]),
    ):
        counts = table["mean_size"], table["bodies"], table[t]
        slope = followup.odds_ratio_per_doubling(*counts, floor=FLOOR)
        yield _row(f"since-2020.{t}.odds-ratio-per-doubling{suffix}", "odds ratio",
                   f"{name} in 2023: odds ratio of adoption per doubling of population{words}",
                   "interval", base, DASHBOARD, "adoption.followup.odds_ratio_per_doubling",
                   chapter, value=slope.estimate, lower=slope.lower, upper=slope.upper)
        half = followup.half_size(*counts, floor=FLOOR)
        yield _row(f"since-2020.{t}.half-adoption-population{suffix}", "people",
                   f"{name} in 2023: population at which half have adopted{words}", "interval",
                   base, DASHBOARD, "adoption.followup.half_size", chapter, value=half.estimate,
                   lower=half.lower, upper=half.upper)
    table = adoption_2023()
    counts = table["mean_size"], table["bodies"], table[t]
    fit = followup.size_logit(*counts, floor=FLOOR)
    bend = followup.curvature_test(*counts, floor=FLOOR)
    yield _row(f"since-2020.{t}.overdispersion", "ratio",
               f"{name} in 2023: root of the curve's deviance over its degrees of freedom",
               "fact", POPULATED, DASHBOARD, "adoption.followup.size_logit", chapter,
               value=math.sqrt(fit.deviance / fit.df))
    yield _row(f"since-2020.{t}.curvature", "likelihood ratio",
               f"{name} in 2023: straight line in log population against a parabola", "test",
               POPULATED, DASHBOARD, "adoption.followup.curvature_test", chapter,
               value=bend.statistic, p=bend.p_value)
    peopled = table[table["lower"] >= FLOOR]
    bend = followup.curvature_test(peopled["mean_size"], peopled["bodies"], peopled[t],
                                   floor=FLOOR)
    yield _row(f"since-2020.{t}.curvature.from-100", "likelihood ratio",
               f"{name} in 2023: straight line in log population against a parabola, "
               "municipalities with fewer than 100 inhabitants left out", "test",
               "1,735 municipalities with at least 100 inhabitants in 2015", DASHBOARD,
               "adoption.followup.curvature_test", chapter, value=bend.statistic, p=bend.p_value)
    shift = [fitted_half(t, base) / followup.half_size(*counts, floor=FLOOR).estimate
             for base in BASES]
    yield _row(f"since-2020.{t}.half-adoption-population.shift", "ratio",
               f"{name}: population at which half had adopted, 2020 over 2023, three readings",
               "range", "all three readings", f"{SLIDE_4_AND_CENSUS}; {DASHBOARD}",
               "adoption.followup.half_size", chapter, lower=min(shift), upper=max(shift))


def _split_at_100k(t: str, name: str, classes) -> Iterator[Result]:
    """Rates on either side of 100,000 inhabitants, near where 2020's exact facts split."""
    chapter, function = "since-2020", "adoption.results.classes_2023"
    large = classes.index.isin(("100k-200k", "over-200k"))
    rates = {}
    for side, words, part in (("from-100k", "at least", large),
                              ("below-100k", "fewer than", ~large)):
        rates[side] = classes.loc[part, t].sum() / classes.loc[part, "bodies"].sum()
        yield _row(f"since-2020.{t}.adoption.{side}", "fraction",
                   f"{name} in 2023: share of municipalities with {words} 100,000 inhabitants "
                   "that adopted", "fact", BASES["municipal"], DASHBOARD, function, chapter,
                   value=rates[side])
    yield _row(f"since-2020.{t}.rate-ratio", "ratio",
               f"{name} in 2023: rate from 100,000 inhabitants over rate below", "fact",
               BASES["municipal"], DASHBOARD, function, chapter,
               value=rates["from-100k"] / rates["below-100k"])
    yield _row(f"since-2020.{t}.rate-difference", "percentage points",
               f"{name} in 2023: rate from 100,000 inhabitants less rate below", "fact",
               BASES["municipal"], DASHBOARD, function, chapter,
               value=100 * (rates["from-100k"] - rates["below-100k"]))
    before = [100 * (r.rate_above - r.rate_below) for base in BASES for r in _rates(t, base, 1)]
    yield _row(f"since-2020.{t}.rate-difference.2020", "percentage points",
               f"{name} in 2020: rate above less rate below the adopters' median", "range",
               "all three readings", SLIDE_4_AND_CENSUS, "adoption.medians.rate_split", chapter,
               lower=min(before), upper=max(before))


def fitted_half(technology: str, base: str) -> float:
    """Population at which half had adopted in 2020, from counts and medians."""
    return curve.size_at(fitted(technology, base, "multinomial").fit)[0]


def curves_of_both_years(technology: str, populations):
    """Share adopted by population in 2020 (municipal base) and 2023, each with its 95 % band.

    Columns: year, population, share, lower, upper.
    """
    old = fitted(technology, "municipal", "multinomial").fit
    table = adoption_2023()
    new = followup.size_logit(table["mean_size"], table["bodies"], table[technology],
                              floor=FLOOR)
    years = {2020: [part[:, 0] for part in (curve.predict(old, populations),
                                            *curve.band(old, populations))],
             2023: followup.predict(new, populations)}
    return pd.concat([pd.DataFrame({"year": year, "population": populations, "share": share,
                                    "lower": lower, "upper": upper})
                      for year, (share, lower, upper) in years.items()], ignore_index=True)


STAFF = {"yes": "with external digital staff", "no": "without external digital staff",
         "not_surveyed": "not surveyed on external digital staff"}


def _external_staff() -> Iterator[Result]:
    chapter, base = "since-2020", "1,729 municipalities with inhabitants and an answer on staff"
    table = adoption_2023(by_staff=True)
    totals = table.groupby("external_staff")[["bodies", "ai", "rpa"]].sum()
    for answer, words in STAFF.items():
        row = totals.loc[answer]
        id = f"since-2020.external-staff.{answer}".replace("_", "-")
        yield _row(f"{id}.bodies", "bodies", f"Municipalities in 2023 {words}", "fact",
                   POPULATED, DASHBOARD, "adoption.results.adoption_2023", chapter,
                   value=row["bodies"])
        if answer == "not_surveyed":
            continue
        for t, name in TECHNOLOGIES.items():
            yield _row(f"since-2020.{t}.external-staff.{answer}.share", "fraction",
                       f"{name} in 2023: share of the municipalities {words} that adopted",
                       "fact", base, DASHBOARD, "adoption.results.adoption_2023", chapter,
                       value=row[t] / row["bodies"])
    table = table[table["external_staff"] != "not_surveyed"]
    marked = table["external_staff"] == "yes"
    for side, words, part in (
        ("from-100k", "at least 100,000 inhabitants", table["lower"] >= 100_000),
        ("below-100k", "fewer than 100,000 inhabitants", table["lower"] < 100_000),
    ):
        yield _row(f"since-2020.external-staff.{side}.share", "fraction",
                   f"Share of the municipalities with {words} that had external digital staff in "
                   "2023", "fact", base, DASHBOARD, "adoption.results.adoption_2023", chapter,
                   value=table.loc[part & marked, "bodies"].sum() / table.loc[part, "bodies"].sum())
    for t, name in TECHNOLOGIES.items():
        odds = totals[t] / (totals["bodies"] - totals[t])
        yield _row(f"since-2020.{t}.external-staff.odds-ratio-unadjusted", "odds ratio",
                   f"{name} in 2023: odds ratio of adoption, with against without external "
                   "digital staff, whatever the population", "fact", base, DASHBOARD,
                   "adoption.results.adoption_2023", chapter, value=odds["yes"] / odds["no"])
        counts = marked, table["bodies"], table[t]
        adjusted = followup.odds_ratio_at_equal_size(table["mean_size"], *counts, floor=FLOOR)
        test = followup.equal_size_test(table["mean_size"], *counts, floor=FLOOR)
        yield _row(f"since-2020.{t}.external-staff.odds-ratio", "odds ratio",
                   f"{name} in 2023: odds ratio of adoption, with against without external "
                   "digital staff, adjusted for population", "interval", base, DASHBOARD,
                   "adoption.followup.odds_ratio_at_equal_size", chapter,
                   value=adjusted.estimate, lower=adjusted.lower, upper=adjusted.upper,
                   p=test.p_value)
        within = followup.odds_ratio_within_strata(table["lower"], *counts)
        yield _row(f"since-2020.{t}.external-staff.odds-ratio-within-intervals", "odds ratio",
                   f"{name} in 2023: odds ratio of adoption, with against without external "
                   "digital staff, pooled within population intervals", "interval", base,
                   DASHBOARD, "adoption.followup.odds_ratio_within_strata", chapter,
                   value=within.estimate, lower=within.lower, upper=within.upper)


def since_2020() -> Iterator[Result]:
    """The forecast against later surveys, and the size gradient of 2023."""
    chapter = "since-2020"
    yield from _forecast()
    classes = classes_2023()
    for t, name in TECHNOLOGIES.items():
        share = classes[t].sum() / classes["bodies"].sum()
        yield _row(f"since-2020.{t}.adopters.share", "fraction",
                   f"{name} in 2023: share of municipalities that adopted", "fact",
                   BASES["municipal"], DASHBOARD, "adoption.results.classes_2023", chapter,
                   value=share)
        for c, row in classes.iterrows():
            yield _row(f"since-2020.{t}.adoption.{c}", "fraction",
                       f"{name} in 2023: share of municipalities of the class {c} that adopted",
                       "fact", BASES["municipal"], DASHBOARD, "adoption.results.classes_2023",
                       chapter, value=row[t] / row["bodies"])
        beyond = [row[t] / row["bodies"] > bound[1] for (_, row), bound in zip(
            classes.iterrows(), bounds.stage_bounds(
                *_grid(), census.CLASS_LIMITS, stages_for_bounds(t), outside("municipal"), 1))]
        yield _row(f"since-2020.{t}.classes-beyond-2020", "size classes",
                   f"{name}: size classes whose rate of 2023 lies above all that 2020's counts "
                   "and medians allow", "fact", BASES["municipal"],
                   f"{SLIDE_4_AND_CENSUS}; {DASHBOARD}", "adoption.bounds.stage_bounds", chapter,
                   value=sum(beyond))
        yield from _split_at_100k(t, name, classes)
        yield from _gradient(t, name)
    yield from _external_staff()


# --- validation: the sealed envelope -----------------------------------------------------------

STATES = ("adopters", "non_adopters")
DASHBOARD_PRINT = "Digital Agency dashboard, published as counts and medians only; 2015 census"


@lru_cache
def envelope_published(technology: str) -> tuple[list[int], list[int]]:
    """Counts and medians of adopters and non-adopters in 2023: all that the envelope lets out."""
    table = data.load("adoption-2023-published")
    table = table[table["technology"] == TECHNOLOGIES[technology]].set_index("state")
    return (table.loc[list(STATES), "bodies"].tolist(),
            table.loc[list(STATES), "median_population"].tolist())


def envelope_bounds(technology: str, monotone: bool):
    """Bounds on the share of adopters by size class from the envelope: shape (6, 2)."""
    counts, values = envelope_published(technology)
    stages = bounds.Stages(counts, values, [n % 2 == 1 for n in counts])
    return bounds.stage_bounds(*_grid(), census.CLASS_LIMITS, stages, 0, 1, monotone)


@lru_cache
def envelope_fit(technology: str) -> curve.Fit:
    """The curve from the envelope: with two states both models are the same binary logit."""
    counts, values = envelope_published(technology)
    sizes, weights, _ = curve_frame("municipal")
    return curve.fit("ordered", sizes, weights, counts, values, [n % 2 == 1 for n in counts],
                     floor=FLOOR)


def envelope_curve(technology: str, populations):
    """Share of adopters from the envelope by population: population, share, lower, upper."""
    fit = envelope_fit(technology)
    lower, upper = curve.band(fit, populations)
    found = pd.DataFrame({"population": populations,
                          "share": curve.predict(fit, populations)[:, 0],
                          "lower": lower[:, 0], "upper": upper[:, 0]})
    found.attrs["table"] = "data/adoption-2023-published.csv"  # named beside the figure
    return found


def _log_width(interval) -> float:
    return math.log(interval.upper / interval.lower)


def _envelope_facts(t: str, name: str) -> Iterator[Result]:
    chapter, base = "validation", BASES["municipal"]
    counts, values = envelope_published(t)
    for state, n, m in zip(STATES, counts, values):
        words = f"{name} in 2023, {state.replace('_', '-')}"
        id = f"envelope.{t}.{state.replace('_', '-')}"
        yield _row(f"{id}.bodies", "bodies", f"{words}: bodies", "fact", base, DASHBOARD,
                   "adoption.results.envelope_published", chapter, value=n)
        yield _row(f"{id}.median-population", "people", f"{words}: median population", "fact",
                   base, DASHBOARD, "adoption.results.envelope_published", chapter, value=m)
    opened = adoption_2023(abandoned=True)
    split = census.split("municipal", values[0])
    rates = medians.rate_split(counts[0], split.below, split.above)
    for side, rate, part in (("above", rates.rate_above, opened["lower"] > values[0]),
                             ("below", rates.rate_below, opened["upper"] <= values[0])):
        yield _row(f"envelope.{t}.rate-{side}", "fraction",
                   f"{name} in 2023: share of adopters {side} their median, from the envelope",
                   "fact", base, DASHBOARD_PRINT, "adoption.medians.rate_split", chapter,
                   value=rate)
        yield _row(f"envelope.{t}.rate-{side}.opened", "fraction",
                   f"{name} in 2023: share of adopters {side} their median, counted", "fact", base,
                   DASHBOARD, "adoption.results.adoption_2023", chapter,
                   value=opened.loc[part, t].sum() / opened.loc[part, "bodies"].sum())


def _envelope_curve(t: str, name: str) -> Iterator[Result]:
    chapter, base = "validation", BASES["municipal"]
    fit, opened = envelope_fit(t), adoption_2023(abandoned=True)
    micro = opened["mean_size"], opened["bodies"], opened[t]
    low, high = (math.exp(end) for end in curve.slope_interval(fit))
    half = curve.size_at(fit)
    for id, unit, words, function, sealed, true in (
        ("odds-ratio-per-doubling", "odds ratio", "odds ratio per doubling of population",
         "slope_interval", tables.Interval(math.exp(fit.slopes[0]), low, high),
         followup.odds_ratio_per_doubling(*micro, floor=FLOOR)),
        ("half-adoption-population", "people", "population at which half have adopted",
         "size_at", tables.Interval(*half), followup.half_size(*micro, floor=FLOOR)),
    ):
        id = f"envelope.{t}.{id}"
        yield _row(id, unit, f"{name} in 2023: {words}, from counts and medians only", "interval",
                   base, DASHBOARD_PRINT, f"adoption.curve.{function}", chapter,
                   value=sealed.estimate, lower=sealed.lower, upper=sealed.upper)
        yield _row(f"{id}.opened", unit, f"{name} in 2023: {words}, from every answer", "interval",
                   base, DASHBOARD, "adoption.followup." + ("odds_ratio_per_doubling"
                   if unit == "odds ratio" else "half_size"), chapter,
                   value=true.estimate, lower=true.lower, upper=true.upper)
        yield _row(f"{id}.error", "ratio", f"{name} in 2023: {words}, envelope over every answer",
                   "fact", base, DASHBOARD, f"adoption.curve.{function}", chapter,
                   value=sealed.estimate / true.estimate)
        yield _row(f"{id}.width-ratio", "ratio",
                   f"{name} in 2023: {words}, width of the interval (logarithms), envelope over "
                   "every answer", "fact", base, DASHBOARD, f"adoption.curve.{function}", chapter,
                   value=_log_width(sealed) / _log_width(true))
    yield _row(f"envelope.{t}.fit", "J",
               f"{name} in 2023: over-identification test of the curve from the envelope, "
               f"{fit.df} degree of freedom", "test", base, DASHBOARD_PRINT,
               "adoption.curve.fit", chapter, value=fit.J, p=fit.p_value)
    bend = followup.curvature_test(*micro, floor=FLOOR)
    yield _row(f"envelope.{t}.curvature.opened", "likelihood ratio",
               f"{name} in 2023: straight line in log population against a parabola, from every "
               "answer", "test", base, DASHBOARD, "adoption.followup.curvature_test", chapter,
               value=bend.statistic, p=bend.p_value)


def _envelope_bounds(t: str, name: str, held: dict[str, int]) -> Iterator[Result]:
    chapter, base = "validation", BASES["municipal"]
    classes = classes_2023()
    true = (classes[t] / classes["bodies"]).to_numpy()
    for id, share in zip(census.CLASS_IDS, true):
        yield _row(f"envelope.{t}.adoption.{id}", "fraction",
                   f"{name} in 2023, {id}: share of adopters, counted", "fact", base, DASHBOARD,
                   "adoption.results.classes_2023", chapter, value=share)
    yield _row(f"envelope.{t}.adoption.falls", "classes",
               f"{name} in 2023: size classes with a smaller share of adopters than the one below",
               "fact", base, DASHBOARD, "adoption.results.classes_2023", chapter,
               value=int((np.diff(true) < 0).sum()))
    for how in ("free", "monotone"):
        found = envelope_bounds(t, how == "monotone")
        held[how] = held.get(how, 0) + int(((found[:, 0] <= true + 1e-9)
                                            & (true <= found[:, 1] + 1e-9)).sum())
        for id, (low, high) in zip(census.CLASS_IDS, found):
            yield _row(f"envelope.{t}.bound.{id}.{how}", "fraction",
                       f"{name} in 2023, {id}: {how} bounds on the share of adopters from the "
                       "envelope", "bound", base, DASHBOARD_PRINT, "adoption.bounds.stage_bounds",
                       chapter, lower=low, upper=high)


def envelope_misread() -> int:
    """Medians of 2023 whose count is even though a municipality has exactly their population.

    In 2020 a body at a median was read as a sign of an odd count.
    """
    return sum(n % 2 == 0 and census.split("municipal", m).at > 0
               for t in TECHNOLOGIES for n, m in zip(*envelope_published(t)))


# --- validation: the simulation -----------------------------------------------------------------

COMPARED = {  # column of the table: (id, what was estimated, unit of its error)
    "slope": ("slope", "ordered logit, slope", "log odds per doubling"),
    "contrast": ("contrast", "multinomial logit, slope of stage 1", "log odds per doubling"),
    "micro": ("micro-data", "ordered logit on the micro-data, slope", "log odds per doubling"),
    "apart": ("invented-apart", "ordered logit on micro-data invented stage by stage, slope",
              "log odds per doubling"),
    "together": ("invented-together", "ordered logit on micro-data invented for the frame, slope",
                 "log odds per doubling"),
    **{f"{model}_half": (f"{model}.half", f"{model} logit, size at which half are at stage 1",
                         "doublings") for model in curve.MODELS},
    **{f"{model}_{point}": (f"{model}.share-{point}", f"{model} logit, share of stage 1 at "
                            f"{point:,} people", "percentage points")
       for model in curve.MODELS for point in simulation.POINTS},
}
ROUTES = ("micro", "slope", "together", "apart")  # to the slope of the ordered law
COUNTED = {
    "ordered_failed": "surveys in which the ordered logit gave no answer",
    "multinomial_failed": "surveys in which the multinomial logit gave no answer",
    "ordered_rejected": "J rejects the ordered logit at 5 %",
    "multinomial_rejected": "J rejects the multinomial logit at 5 %",
    "test_1_rejected": "the exact median test rejects for stage 1 at 5 %",
    "test_5_rejected": "the exact median test rejects for stage 5 at 5 %",
    "facts_exact": "the exact facts hold",
    "facts_within_a_body": "the exact facts hold to within one body",
    "free_contains": "the free bounds contain the share of stage 1 in every size class",
    "monotone_contains": "the monotone bounds contain the share of stage 1 in every size class",
    "monotone_impossible": "no allocation is monotone",
    "parity_misread": "a body at a median is taken for a sign of an odd number, wrongly",
    "parity_misread_unnoticed": "the same, and the parities add up all the same",
}


@lru_cache
def simulated() -> list[dict]:
    """The stored rows of the simulation."""
    return stored.simulated(SIMULATION)


def _simulation() -> Iterator[Result]:
    chapter, source = "validation", "simulation on the 2015 census"
    function, base = "adoption.validation.simulate", BASES["municipal"] + ", prefectures outside"
    for law, truth in simulation.TRUTHS.items():
        rows = [row for row in simulated() if row["truth"] == law]
        total = sum(row["replicates"] for row in rows)
        words = f"Simulated surveys, {truth.words}"
        yield _row(f"validation.{law}.replicates", "surveys", words, "fact", base, source,
                   function, chapter, value=total)
        spreads = {}
        for key, (id, what, unit) in COMPARED.items():
            if not any(row[f"{key}_compared"] for row in rows):
                continue
            found = simulation.summary(rows, key)
            spreads[key] = found.spread
            share = tables.proportion_interval(round(found.coverage * found.compared),
                                               found.compared)
            yield _row(f"validation.{law}.{id}.coverage", "fraction",
                       f"{words}; {what}: share of 95 % intervals that cover the truth",
                       "interval", base, source, function, chapter, value=share.estimate,
                       lower=share.lower, upper=share.upper)
            scale = 100 if unit == "percentage points" else 1
            bias = scale * found.bias
            reach = scale * 1.959964 * found.spread / math.sqrt(found.compared)
            yield _row(f"validation.{law}.{id}.bias", unit,
                       f"{words}; {what}: mean error (with the uncertainty of the simulation)",
                       "interval", base, source, function, chapter, value=bias,
                       lower=bias - reach, upper=bias + reach)
            if law == "ordered" and key in ROUTES:
                middle, reach = truth.slope + found.bias, 1.959964 * found.spread
                yield _row(f"validation.{law}.{id}.odds-ratio", "odds ratio",
                           f"{words}; {what}, as an odds ratio per doubling: mean, and where 95 % "
                           "of the estimates lie", "interval", base, source, function, chapter,
                           value=math.exp(middle), lower=math.exp(middle - reach),
                           upper=math.exp(middle + reach))
            if law == "ordered" and id.startswith("invented"):
                yield _row(f"validation.{law}.{id}.shortfall", "fraction",
                           f"{words}; {what}: by how much of the true slope it falls short", "fact",
                           base, source, function, chapter, value=-found.bias / truth.slope)
        if truth.slope is not None:
            yield _row(f"validation.{law}.slope.spread-ratio", "ratio",
                       f"{words}; slope: standard deviation from counts and medians over that "
                       "from the micro-data", "fact", base, source, function, chapter,
                       value=spreads["slope"] / spreads["micro"])
        for key, what in COUNTED.items():
            share = tables.proportion_interval(sum(row[key] for row in rows), total)
            yield _row(f"validation.{law}.{key.replace('_', '-')}", "fraction",
                       f"{words}: share in which {what}" if "surveys" not in what
                       else f"{words}: share of {what}", "interval", base, source, function,
                       chapter, value=share.estimate, lower=share.lower, upper=share.upper)
    truth = simulation.TRUTHS["ordered"]
    yield _row("validation.ordered.odds-ratio.true", "odds ratio",
               "Simulated surveys, one slope at every stage: the true odds ratio per doubling",
               "fact", base, source, function, chapter, value=math.exp(truth.slope))
    rows = simulated()
    total = sum(row["replicates"] for row in rows)
    yield _row("validation.replicates", "surveys", "Simulated surveys", "fact", base, source,
               function, chapter, value=total)
    for key in ("facts_exact", "facts_within_a_body", "free_contains", "parity_misread",
                "parity_misread_unnoticed"):
        share = tables.proportion_interval(sum(row[key] for row in rows), total)
        yield _row(f"validation.all.{key.replace('_', '-')}", "fraction",
                   f"Simulated surveys of all laws: share in which {COUNTED[key]}", "interval",
                   base, source, function, chapter, value=share.estimate, lower=share.lower,
                   upper=share.upper)


def validation() -> Iterator[Result]:
    """The sealed envelope beside what it hid, and what the simulated surveys say."""
    held: dict[str, int] = {}
    for t, name in TECHNOLOGIES.items():
        yield from _envelope_facts(t, name)
        yield from _envelope_curve(t, name)
        yield from _envelope_bounds(t, name, held)
    classes = len(TECHNOLOGIES) * len(census.CLASS_IDS)
    for how, count in held.items():
        yield _row(f"envelope.{how}-bounds.hold", "size classes",
                   f"Size classes, of {classes}, whose {how} bounds from the envelope contain the "
                   "share of adopters", "fact", BASES["municipal"], DASHBOARD,
                   "adoption.bounds.stage_bounds", "validation", value=count)
    yield _row("envelope.size-classes", "size classes", "Size classes of AI and RPA in 2023",
               "fact", BASES["municipal"], DASHBOARD, "adoption.results.classes_2023",
               "validation", value=classes)
    yield _row("envelope.medians-misread", "medians",
               "Medians of 2023, of four, with an even count though a municipality has exactly "
               "their population", "fact", BASES["municipal"], DASHBOARD_PRINT,
               "adoption.results.envelope_misread", "validation", value=envelope_misread())
    yield from _simulation()


# --- claims of the deck ----------------------------------------------------------------------

def claims(found: dict[str, Result]) -> Iterator[Result]:
    """How many claims there are and how they fare; Holm's adjustment over the tested ones.

    found: the results of all chapters by id. Where several tests bear on a claim, all have to
    hold, so its p-value is the largest. DataError for a claim that names an unknown result.
    """
    chapter, source = "claims", "data/claims.csv (our reading of slides 4 to 10)"
    table = data.load("claims")
    for index, row in enumerate(table.itertuples()):
        for id in [*row.results.split(), *named_tests(row)]:
            if id not in found:
                fail(data.path("claims"), f"{row_place(index)}, columns results and tests",
                     repr(id), "an id that a chapter computes")
    tested = [row for row in table.itertuples() if named_tests(row)]
    counts = {"count": len(table), "tested": len(tested),
              **{verdict.replace(" ", "-"): int((table["verdict"] == verdict).sum())
                 for verdict in ("supported", "supported in part", "open", "not testable")}}
    for name, number in counts.items():
        words = "" if name == "count" else f": {name.replace('-', ' ')}"
        yield _row(f"claims.{name}", "claims", f"Claims of the deck{words}", "fact",
                   "claims of the deck", source, "adoption.results.claims", chapter, value=number)
    worst = [max((found[id] for id in named_tests(row)), key=lambda result: result.p_value)
             for row in tested]
    adjusted = multipletests([result.p_value for result in worst], method="holm")[1]
    for row, result, p in zip(tested, worst, adjusted):
        yield _row(f"claims.{row.claim}.holm", "p-value",
                   f"Claim {row.claim}: largest p of its tests, Holm-adjusted for the tested "
                   "claims", "test", result.base, result.source, "adoption.results.claims",
                   chapter, p=p)


def named_tests(row) -> list[str]:
    """Ids of the tests of a row of data/claims.csv; none where the cell is empty."""
    return [] if pd.isna(row.tests) else row.tests.split()


FAMILIES = (survey_data, who_adopts_first, what_is_bounded, adoption_curve, ai_versus_rpa,
            joint_use, small_adopters, barriers_and_guidebooks, since_2020, validation)


# --- the file ---------------------------------------------------------------------------------

def compute(progress=None) -> list[Result]:
    """All results, sorted by id.

    progress: called with each chapter's name before its results are computed.
    Raises ValueError for an id that two families claim and for a number that is not finite.
    """
    found: dict[str, Result] = {}
    # The claims come last: they draw on the results of all chapters.
    for family in (*FAMILIES, claims):
        if progress:
            progress(family.__name__.replace("_", "-"))
        for result in family(found) if family is claims else family():
            if result.id in found:
                raise ValueError(f"two results have the id {result.id!r}")
            for name in NUMBERS:
                number = getattr(result, name)
                if number is not None and math.isnan(number):
                    raise ValueError(f"result {result.id!r}: {name} is not a number")
            found[result.id] = result
    return [found[id] for id in sorted(found)]


def to_csv(results: list[Result]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        writer.writerow(["" if cell is None else f"{cell:.10g}" if name in NUMBERS else cell
                         for name, cell in zip(COLUMNS, result)])
    return out.getvalue()


def to_json(results: list[Result]) -> str:
    """The same rows as a JSON list of objects; numbers rounded as in the CSV, or null."""
    rows = [json.dumps({name: float(f"{cell:.10g}") if isinstance(cell, float) else cell
                        for name, cell in zip(COLUMNS, result)},
                       ensure_ascii=False, allow_nan=False) for result in results]
    return "[\n" + ",\n".join(rows) + "\n]\n"


def differences(old: dict[str, Result], new: dict[str, Result],
                tolerance: float = 1e-6) -> list[str]:
    """One sentence for each id that is missing, new or different.

    Numbers agree when they differ by at most `tolerance`, relatively; texts when they are equal.
    """
    found = []
    for id in sorted(old.keys() | new.keys()):
        if id not in new:
            found.append(f"{id}: in the file, but nothing computes it any more "
                         f"(it was made by {old[id].function})")
        elif id not in old:
            found.append(f"{id}: computed by {new[id].function}, but not in the file")
        else:
            for name, before, after in zip(COLUMNS, old[id], new[id]):
                if name in NUMBERS and before is not None and after is not None:
                    same = math.isclose(before, after, rel_tol=tolerance, abs_tol=0)
                else:
                    same = before == after
                if not same:
                    found.append(f"{id}: {name} was {before!r}, is now {after!r} "
                                 f"(made by {new[id].function})")
    return found


def digests(*files: Path) -> dict[str, str]:
    """Digest of each file, by its path in the repository."""
    root = PATH.parents[1]
    return {path.relative_to(root).as_posix(): stored.digest(path) for path in files}


def input_digests() -> dict[str, str]:
    """Digest of every file that the register is computed from."""
    root = PATH.parents[1]
    shown = {"figures.py", "figure_renderer.py", "oracle.py", "register.py", "validation.py"}
    modules = [path for path in sorted(root.glob("adoption/*.py")) if path.name not in shown]
    return digests(*modules, *sorted(root.glob("data/*.csv")), CHANGES, OUTSIDE_RANGE, SIMULATION)


def main() -> None:
    parser = argparse.ArgumentParser(description="Recompute the register of results.")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; fail if the file differs from what is computed")
    options = parser.parse_args()
    try:
        # As they are before: what is edited meanwhile makes the register out of date again.
        inputs = input_digests()
        data.check_rows()
        old = register.read_rows(PATH) if PATH.exists() else {}
        results = compute(lambda name: print(f"results: {name}", file=sys.stderr, flush=True))
    except data.DataError as error:
        sys.exit(f"results: {error}")
    changed = differences(old, {r.id: r for r in results})
    for line in changed[:50]:
        print(f"results: {line}")
    if len(changed) > 50:
        print(f"results: and {len(changed) - 50} more")
    if options.check:
        sys.exit(1 if changed else 0)
    PATH.parent.mkdir(exist_ok=True)
    if changed:
        # Last digits may differ between processors: a file that agrees is left as it is.
        csvfile.write(PATH, to_csv(results))
    copy = PATH.with_suffix(".json")
    csvfile.write(copy, to_json(results if changed else list(old.values())))
    # The build compares all of them: it computes the register anew where one differs.
    known = {**inputs, **digests(PATH, copy)}
    csvfile.write(PATH.with_name("inputs.json"),
                  json.dumps(known, indent=1, sort_keys=True) + "\n")
    print(f"results: {len(results)} results, {len(changed)} changed: "
          f"{PATH.relative_to(PATH.parents[1])}")


if __name__ == "__main__":
    main()
