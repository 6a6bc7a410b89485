"""What the book says for a municipality of one size: the numbers of the page "my town".

:func:`answer` computes them in Python, for the page's table and for the tests; :func:`payload` is
what the page's script (_ext/my-town.js) computes the same from in a browser.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from adoption import census, data, followup, mic
from adoption.language import mark, named, tr
from adoption.register import words

#: What the page's script says; it fills in the places.
SENTENCES = {
    "smaller": mark(
        "A municipality of {population} people is smaller than the median adopters of 2020 (AI {ai_median}, RPA "
        "{rpa_median}); at the end of 2023, {ai} of the municipalities of {size_class} had adopted AI and {rpa} RPA."
    ),
    "larger": mark(
        "A municipality of {population} people is larger than the median adopters of 2020 (AI {ai_median}, RPA "
        "{rpa_median}); at the end of 2023, {ai} of the municipalities of {size_class} had adopted AI and {rpa} RPA."
    ),
    "as_large": mark(
        "A municipality of {population} people is about as large as the median adopters of 2020 (AI {ai_median}, RPA "
        "{rpa_median}); at the end of 2023, {ai} of the municipalities of {size_class} had adopted AI and {rpa} RPA."
    ),
    "rank": mark("By population it is rank {first} of {bodies} municipalities, from the largest."),
    "ranks": mark(
        "By population it is between rank {first} and rank {last} of {bodies} municipalities, from the largest."
    ),
    "at": mark("2020, certain: this is the very median population of the adopters of {t}."),
    "above": mark(
        "2020, certain: of all local governments above the median adopter ({median} people), {rate} had introduced "
        "{t}. That is the share of all these sizes together, not of this one."
    ),
    "below": mark(
        "2020, certain: of all local governments below the median adopter ({median} people), {rate} had introduced "
        "{t}. That is the share of all these sizes together, not of this one."
    ),
    "possible": mark(
        "2020, possible: of the municipalities of {size_class}, {free} had introduced it. The published numbers allow"
        " no closer answer. If adoption nowhere falls with size, it was {monotone}."
    ),
    "estimated": mark("2020, estimated at this very size: {share} (95% interval {low} to {high})."),
    "estimated_small": mark(
        "2020, estimated at this very size: {share} (95% interval {low} to {high}) (the curves count fewer than "
        "{floor} people as {floor})."
    ),
    "later": mark(
        "2023, counted: of the municipalities of {size_class}, {counted} had adopted it; estimated at this very size:"
        " {share} (95% interval {low} to {high})."
    ),
    "enough": mark("A consortium: not needed to be as large as the median adopter of 2020."),
    "together": mark(
        "A consortium: {together} municipalities of this size, {others} more than one, are together as large as the "
        "median adopter of 2020 (one lacks {missing} people)."
    ),
    "nobody": mark("A consortium: nobody lives here, so that no number of such municipalities is enough."),
    "range": mark("{low}% to {high}%"),
    "empty": mark("Please type a population."),
    "negative": mark("A population cannot be negative."),
    "decimals": mark("Please type a whole number, without decimals; thousands may be separated by commas."),
    "unknown": mark(
        "“{typed}” is not a number of people, and not the name of one municipality of the deck. Please type digits, "
        "such as 24622 or 24,622."
    ),
    "too_large": mark("No municipality had more than about {largest} people in 2015. Please type a smaller number."),
}


class Technology(NamedTuple):
    """One technology at one population. Pairs are (lower, upper), shares fractions of one."""

    median: int  # of the adopters in 2020
    side: str  # "above", "below" or "at" that median
    rate: tuple[float, float] | None  # adopters in 2020 on that side, over all three readings
    free: tuple[float, float]  # bounds for the size class in 2020
    monotone: tuple[float, float]
    curve_2020: tuple[float, float, float]  # share, and its 95 % interval
    class_2023: float
    curve_2023: tuple[float, float, float]
    missing: int  # people short of the adopters' median of 2020
    together: int | None  # bodies of this size that reach it; None without inhabitants


class Answer(NamedTuple):
    rank: tuple[int, int]  # from the largest municipality: between first and last
    size_class: str
    ai: Technology
    rpa: Technology


@lru_cache
def _largest() -> int:
    grid = census.frame("municipal")
    return int(grid["upper"][grid["bodies"] > 0].max()) - 1


def rank(population: int) -> tuple[int, int]:
    """First and last rank, from the largest, of a municipality with this population.

    Equal populations share a rank. Only intervals of population are published, so that the
    neighbours in the same interval may be larger or smaller; none is larger than a body at the
    interval's upper end.
    """
    grid = census.frame("municipal")
    larger = int(grid["bodies"][grid["lower"] > population].sum())
    here = grid[(grid["lower"] <= population) & (population < grid["upper"])].iloc[0]
    beside = max(int(here["bodies"]) - 1, 0) if population < here["upper"] - 1 else 0
    return larger + 1, larger + 1 + beside


@lru_cache
def _known(t: str) -> dict:
    """What is known of a technology: on either side of the median, and by size class."""
    survey, classes = mic.survey(t, "municipal"), mic.classes_2023()
    rates = pd.concat(mic.survey(t, base).rates() for base in mic.BASES)
    bounds = {how: survey.bounds(1, census.CLASS_LIMITS, monotone=how == "monotone") for how in ("free", "monotone")}
    return {
        "median": int(survey.medians[0]),
        **{
            side: (float(rates[f"rate_{side}"].min()), float(rates[f"rate_{side}"].max()))
            for side in ("above", "below")
        },
        **{how: list(zip(table["lower"], table["upper"])) for how, table in bounds.items()},
        "class_2023": classes.loc[classes["t"] == t, "share"].tolist(),
    }


@lru_cache
def _fit_2023(t: str) -> followup.LogitFit:
    table = mic.answers_2023()
    return followup.size_logit(table["mean_size"], table["bodies"], table[t], floor=mic.FLOOR)


def _class(population: int) -> int:
    return int(np.searchsorted(census.CLASS_LIMITS, population, side="right"))


def _technology(t: str, population: int) -> Technology:
    known, at = _known(t), _class(population)
    median = known["median"]
    side = "above" if population > median else "below" if population < median else "at"
    [curve_2020] = (
        mic.survey(t, "municipal").curve([population])[["share", "lower", "upper"]].itertuples(index=False, name=None)
    )
    curve_2023 = followup.predict(_fit_2023(t), [population])
    return Technology(
        median,
        side,
        known.get(side),
        known["free"][at],
        known["monotone"][at],
        curve_2020,
        known["class_2023"][at],
        tuple(float(part[0]) for part in curve_2023),
        max(median - population, 0),
        math.ceil(median / population) if population else None,
    )


def answer(population: int) -> Answer:
    """What the results say for a municipality of this population (2015 census).

    ValueError unless it is a whole number that a municipality can have.
    """
    if (
        isinstance(population, bool)
        or not isinstance(population, int | np.integer)
        or not 0 <= population <= _largest()
    ):
        raise ValueError(f"found population {population!r}, expected a whole number from 0 to {_largest()}")
    return Answer(
        rank(population),
        words("size_class")[census.CLASS_IDS[_class(population)]],
        *(_technology(t, int(population)) for t in mic.TECHNOLOGIES),
    )


def payload() -> dict:
    """Everything that the page's script computes the same answers from."""
    grid = census.frame("municipal")
    fits = {t: {2020: mic.survey(t, "municipal").fit("multinomial").fit, 2023: _fit_2023(t)} for t in mic.TECHNOLOGIES}
    # With two states the odds of adopting against not adopting are the only pair of stages.
    return {
        "bodies": int(grid["bodies"].sum()),
        "largest": _largest(),
        "lower": grid["lower"].tolist(),
        "upper": grid["upper"].tolist(),
        "counts": grid["bodies"].tolist(),
        "limits": list(census.CLASS_LIMITS),
        "classes": [words("size_class")[name] for name in census.CLASS_IDS],
        "floor": mic.FLOOR,
        "z": float(norm.ppf(0.975)),
        "sentences": {name: tr(sentence) for name, sentence in SENTENCES.items()},
        "technologies": {
            t: {
                "name": name,
                **_known(t),
                "curves": {
                    year: {"params": fit.params.tolist(), "covariance": fit.covariance.tolist()}
                    for year, fit in fits[t].items()
                },
            }
            for t, name in mic.TECHNOLOGIES.items()
        },
    }


def examples() -> list[tuple[str, int]]:
    """Municipalities that the deck names, with their populations, ascending."""
    seven, members = data.load("small-adopters"), data.load("consortium-members")
    known = {row.body_ja: (named(row.body_en, row.body_ja), row.population) for row in seven.itertuples()}
    known |= {row.member_ja: (named(row.member_en, row.member_ja), row.population) for row in members.itertuples()}
    return sorted(known.values(), key=lambda found: found[1])
