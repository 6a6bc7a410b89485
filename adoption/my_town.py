"""What the book's results say for one population: the page where a reader types it.

``answer`` computes it in Python, for the tests and for the page's static table. ``payload`` is
what the page's script (_ext/my-town.js) needs to compute the same in a browser.
"""

import html
import json
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from adoption import census, curve, data, followup, register, results
from adoption.figures import CLASS_LABELS

TECHNOLOGIES = {"ai": "AI", "rpa": "RPA"}


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
    return int(grid.upper[grid.bodies > 0].max()) - 1


def checked(population: int) -> int:
    """The population; ValueError unless it is a whole number that a municipality can have."""
    if isinstance(population, bool) or not isinstance(population, int | np.integer) \
            or not 0 <= population <= _largest():
        raise ValueError(f"found population {population!r}, expected a whole number from 0 to "
                         f"{_largest()}")
    return int(population)


def rank(population: int) -> tuple[int, int]:
    """First and last rank, from the largest, of a municipality with this population.

    Equal populations share a rank. Only intervals of population are published, so that the
    neighbours in the same interval may be larger or smaller; none is larger than a body at the
    interval's upper end.
    """
    grid = census.frame("municipal")
    larger = int(grid.bodies[grid.lower > population].sum())
    here = grid[(grid.lower <= population) & (population < grid.upper)].iloc[0]
    beside = max(int(here.bodies) - 1, 0) if population < here.upper - 1 else 0
    return larger + 1, larger + 1 + beside


@lru_cache
def _fits(t: str):
    """The municipal curve of 2020 and that of 2023."""
    table = results.adoption_2023()
    return (results.fitted(t, "municipal", "multinomial").fit,
            followup.size_logit(table["mean_size"], table["bodies"], table[t],
                                floor=results.FLOOR))


def _technology(t: str, population: int) -> Technology:
    get, old_new = register.get, _fits(t)
    median = int(get(f"{t}.stage-1.median-population").value)
    side = "above" if population > median else "below" if population < median else "at"
    rate = None if side == "at" else get(f"{t}.rate-{side}.every-base")
    name = census.CLASS_IDS[int(np.searchsorted(census.CLASS_LIMITS, population, side="right"))]
    bound = {how: get(f"{t}.adoption-bound.{name}.{how}") for how in ("free", "monotone")}
    old, new = old_new
    return Technology(
        median, side, rate and (rate.lower, rate.upper),
        *((bound[how].lower, bound[how].upper) for how in ("free", "monotone")),
        tuple(float(part[0, 0]) for part in (curve.predict(old, [population]),
                                             *curve.band(old, [population]))),
        get(f"since-2020.{t}.adoption.{name}").value,
        tuple(float(part[0]) for part in followup.predict(new, [population])),
        max(median - population, 0), math.ceil(median / population) if population else None)


def answer(population: int) -> Answer:
    """What the results say for a municipality of this population (2015 census)."""
    population = checked(population)
    at = int(np.searchsorted(census.CLASS_LIMITS, population, side="right"))
    return Answer(rank(population), CLASS_LABELS[census.CLASS_IDS[at]],
                  *(_technology(t, population) for t in TECHNOLOGIES))


def payload() -> dict:
    """Everything that the page's script computes the same answers from."""
    def pair(id):
        row = register.get(id)
        return [row.lower, row.upper]

    grid = census.frame("municipal")
    found = {}
    for t, name in TECHNOLOGIES.items():
        old, new = _fits(t)
        # Binary logit: the odds of adopting against not adopting are the only pair of stages.
        curves = {year: {"params": fit.params.tolist(), "covariance": fit.covariance.tolist()}
                  for year, fit in ((2020, old), (2023, new))}
        found[t] = {
            "name": name, "median": int(register.get(f"{t}.stage-1.median-population").value),
            **{side: pair(f"{t}.rate-{side}.every-base") for side in ("above", "below")},
            **{how: [pair(f"{t}.adoption-bound.{c}.{how}") for c in census.CLASS_IDS]
               for how in ("free", "monotone")},
            "class_2023": [register.get(f"since-2020.{t}.adoption.{c}").value
                           for c in census.CLASS_IDS],
            "curves": curves}
    return {"bodies": int(grid.bodies.sum()), "largest": _largest(),
            "lower": grid.lower.tolist(), "upper": grid.upper.tolist(),
            "counts": grid.bodies.tolist(), "limits": list(census.CLASS_LIMITS),
            "classes": [CLASS_LABELS[c] for c in census.CLASS_IDS],
            "floor": results.FLOOR, "z": float(norm.ppf(0.975)), "technologies": found}


def examples() -> list[tuple[str, int]]:
    """Municipalities that the deck names, with their populations, ascending."""
    seven, members = data.load("small-adopters"), data.load("consortium-members")
    named = {row.body_ja: (f"{row.body_en} ({row.body_ja})", row.population)
             for row in seven.itertuples()}
    named |= {row.member_ja: (f"{row.member_en} ({row.member_ja})", row.population)
              for row in members.itertuples()}
    return sorted(named.values(), key=lambda found: found[1])


def page() -> str:
    """The form as HTML. It shows itself only where its script runs."""
    options = "".join(f'<option value="{population}">{html.escape(name)}: {population:,}</option>'
                      for name, population in examples())
    # "</" would end the script element.
    described = json.dumps(payload(), ensure_ascii=False).replace("</", "<\\/")
    return (
        '<form class="my-town" id="my-town" novalidate hidden>'
        '<p><label for="town-population">Population in 2015</label> '
        '<input id="town-population" name="population" type="text" inputmode="numeric" '
        'autocomplete="off" aria-describedby="town-help town-problem"> '
        '<button type="submit">Show</button></p>'
        '<p id="town-help">A whole number of people, such as 24,622.</p>'
        '<p><label for="town-example">Or a municipality from the deck</label> '
        f'<select id="town-example"><option value="">choose</option>{options}</select></p>'
        '<p id="town-problem" class="problem" role="alert"></p></form>'
        '<div id="town-answer" class="my-town" role="region" aria-live="polite" '
        'aria-label="Answer" hidden></div>'
        '<noscript><p>Typing a population needs JavaScript. The table below answers for '
        'several sizes without it.</p></noscript>'
        f'<script type="application/json" id="town-data">{described}</script>'
        '<script src="../_static/my-town.js" defer></script>')


def rows(populations) -> list[dict[str, str]]:
    """The static table: one row a population and technology."""
    found = []
    for population in populations:
        given = answer(population)
        first, last = given.rank
        for t, name in TECHNOLOGIES.items():
            town = getattr(given, t)
            found.append({
                "Population": f"{population:,}", "Technology": name,
                "Rank from the largest": f"{first:,} – {last:,}" if last > first else f"{first:,}",
                "2020, its side of the median": f"{town.side}: "
                                                f"{register.percent_range(*town.rate)}",
                "2020, its class at least – at most": register.percent_range(*town.free),
                "2020, curve": f"{town.curve_2020[0]:.0%}",
                "2023, its class": f"{town.class_2023:.0%}",
                "People short of the median adopter": f"{town.missing:,}"})
    return found
