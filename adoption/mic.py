"""This survey: the ministry's tables of 2020 as :class:`adoption.survey.Survey` objects.

There is one for each technology, ``ai`` and ``rpa``, and each reading of what the printed medians
were taken over (its base): ``municipal`` (1,741 municipalities), ``other`` (1,721, without the
designated cities) and ``all`` (1,788, with the prefectures). Beside them, what later surveys found
and the answers of 2023.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd

from adoption import census, data
from adoption.clusters import Clusters, two_points
from adoption.moments import log_size
from adoption.survey import Frame, Survey

TECHNOLOGIES = {"ai": "AI", "rpa": "RPA"}
BASES = ("municipal", "other", "all")
FLOOR = 100.0  # people: a smaller municipality counts as of this size in logarithms


def published(t: str) -> pd.DataFrame:
    """What slide 4 prints of a technology: stage, bodies, median_population, stage by stage."""
    table = data.load("adoption-by-stage")
    return table[table["technology"] == TECHNOLOGIES[t]].sort_values("stage", ignore_index=True)


@lru_cache
def survey(t: str, base: str) -> Survey:
    """The survey of a technology under one reading."""
    if t not in TECHNOLOGIES or base not in BASES:
        raise ValueError(
            f"found {t!r} and {base!r}, expected one of {', '.join(TECHNOLOGIES)} and one of {', '.join(BASES)}"
        )
    table, near = published(t), census.neighbours()
    near = near[near["technology"] == TECHNOLOGIES[t]].sort_values("stage")
    outside = {
        "municipal": [census.prefectures()],
        "all": [],
        "other": [census.prefectures(), census.designated_cities()],
    }[base]
    return Survey(
        table["bodies"].tolist(),
        table["median_population"].tolist(),
        Frame.of_intervals(census.frame(base)),
        FLOOR,
        outside=np.concatenate([np.repeat(kind["mean_size"], kind["bodies"]) for kind in outside]) if outside else (),
        between=near["bodies_between"].tolist(),
        key={"t": t, "base": base},
    )


def surveys(*bases: str) -> Iterator[Survey]:
    """The survey of each technology under each reading, or under those named."""
    for t in TECHNOLOGIES:
        for base in bases or BASES:
            yield survey(t, base)


@lru_cache
def given_known(*bases: str) -> tuple[Survey, ...]:
    """AI's surveys with all that other published figures say of the bodies outside, fiscal 2019.

    Under `municipal` and `other`, the prefectures that had introduced AI are outside at stage 1
    (`prefectures_with_ai`). Under `other` so are the designated cities (`designated_cities_ai`):
    there is a survey for each way to place them at the stages, and together these allow what is
    possible. Under `all` nobody is outside. For RPA no such figure is known.
    """
    surveys = []
    for base in bases or BASES:
        plain, least = survey("ai", base), np.zeros(5, dtype=int)
        least[0] = prefectures_with_ai()
        if base == "all":
            surveys.append(plain)
            continue
        cities = designated_cities_ai() if base == "other" else pd.Series(dtype=int)
        for way in product(*(AI_STAGES[status] for status in cities.index)):
            placed = least.copy()
            np.add.at(placed, np.array(way, dtype=int) - 1, cities.to_numpy())
            surveys.append(replace(plain, outside_least=placed.tolist()))
    return tuple(surveys)


# The survey's own categories, as later white papers print them, and the stages of slide 4 that they
# may be: only the first and the last stage are named there.
AI_STAGES = {
    "introduced": (1,),
    "trial": (1,),
    "planned": (2,),
    "considering": (3, 4),
    "considered_not_introduced": (3, 4),
    "none": (5,),
}


def _quoted(technology: str, year: int, kind: str, status: str) -> pd.DataFrame:
    """Rows of later-surveys on one question, without repetitions of a number by others."""
    asked = "survey_fy == @year and technology == @technology and body_type == @kind and status == @status"
    return data.load("later-surveys").query(asked).drop_duplicates(["status", "bodies", "percent"])


@lru_cache
def designated_cities_ai() -> pd.Series:
    """Designated cities by their answer on AI, those that none gave left out: a number a status.

    Raises ValueError unless every city has an answer.
    """
    rows = pd.concat(_quoted("AI", 2019, "designated_city", status) for status in AI_STAGES)
    cities = rows.dropna(subset="bodies").set_index("status")["bodies"].astype(int)
    total = int(census.designated_cities()["bodies"].sum())
    if cities.sum() != total:
        raise ValueError(f"designated cities by status: found {cities.to_dict()}, expected a sum of {total}")
    return cities[cities > 0]


def designated_cities_with_ai() -> int:
    """Designated cities at stage 1, which counts trials as introduced."""
    return int(sum(n for status, n in designated_cities_ai().items() if AI_STAGES[status] == (1,)))


@lru_cache
def prefectures_with_ai() -> int:
    """Prefectures that had introduced AI, trials left out, from their printed percentage.

    Raises ValueError unless exactly one number of prefectures rounds to it.
    """
    [percent] = _quoted("AI", 2019, "prefecture", "introduced")["percent"]
    total = int(census.prefectures()["bodies"].sum())
    fitting = [k for k in range(total + 1) if math.floor(100 * k / total + 0.5) == percent]
    if len(fitting) != 1:
        raise ValueError(f"{percent} % of {total} prefectures: found {fitting}, expected one number")
    return fitting[0]


# --- later surveys, as public pages quote them --------------------------------------------------

LATER_NAMES = {"survey_fy": "year", "body_type": "kind", "reference_date": "as_of"}


def later_series(status: str = "introduced") -> pd.DataFrame:
    """What later surveys found: a row a technology, kind of body and fiscal year of the survey.

    status: of data/later-surveys.csv: "introduced" leaves trials out, "trial" is these alone.
    Columns: t, kind, year, as_of (the survey's date), lower and upper (smallest and largest
    fraction that a page quotes), sources (number of pages), source (their names).
    """
    table = data.load("later-surveys").rename(columns=LATER_NAMES)
    table["t"] = table["technology"].map({name: t for t, name in TECHNOLOGIES.items()})
    chosen = table[(table["status"] == status) & table["t"].notna()]
    return chosen.groupby(["t", "kind", "year"], as_index=False).agg(
        as_of=("as_of", "first"),
        lower=("percent", lambda percent: percent.min() / 100),
        upper=("percent", lambda percent: percent.max() / 100),
        sources=("source", "nunique"),
        source=("source", _names),
    )


def later_combinations() -> pd.DataFrame:
    """Share of all bodies with a technology, added from those with both and with it alone.

    Both counts have to be of one page. A row a technology and fiscal year of the survey; columns
    t, year, lower, upper, source as in :func:`later_series`.
    """
    table = data.load("later-surveys").rename(columns=LATER_NAMES)
    table = table[(table["status"] == "introduced") & (table["kind"] == "all")]
    counts = table.pivot(index=["year", "source"], columns="technology", values="bodies")
    added = pd.concat(
        {t: (counts["AI and RPA"] + counts[f"{name} only"]).dropna() for t, name in TECHNOLOGIES.items()}, names=["t"]
    )
    shares = added.astype(float) / census.frame("all")["bodies"].sum()
    return (
        shares.reset_index(name="share")
        .groupby(["t", "year"], as_index=False)
        .agg(lower=("share", "min"), upper=("share", "max"), source=("source", _names))
    )


def _names(sources: pd.Series) -> str:
    return "; ".join(sorted(set(sources)))


# --- 2023: every municipality's answer --------------------------------------------------------


@lru_cache
def _answers_2023(by_staff: bool, abandoned: bool) -> pd.DataFrame:
    table = data.load("adoption-2023-by-size")
    table = table[(table["kind"] != "prefecture") & (abandoned | (table["upper"] > 1))]
    keys = ["lower", "upper", *(["external_staff"] if by_staff else [])]
    table = table.groupby(keys, as_index=False)[["bodies", "ai", "rpa", "population"]].sum()
    table = table[table["bodies"] > 0].reset_index(drop=True)
    return table.assign(mean_size=table["population"] / table["bodies"])


def answers_2023(by_staff: bool = False, abandoned: bool = False) -> pd.DataFrame:
    """Municipalities and adopters of 2023 by interval: lower, upper, bodies, ai, rpa, mean_size.

    by_staff: each interval by use of external staff. abandoned: with the four towns that had no
    inhabitants in 2015, for which a logarithm of the population does not exist.
    """
    return _answers_2023(by_staff, abandoned).copy()


def classes_2023() -> pd.DataFrame:
    """Municipalities and adopters of 2023 by size class: t, size_class, bodies, adopters, share.

    The four towns without inhabitants are in the smallest class.
    """
    table = answers_2023(abandoned=True)
    at = np.searchsorted(census.CLASS_LIMITS, table["lower"], side="right")
    sums = table.groupby(at)[["bodies", *TECHNOLOGIES]].sum().set_axis(census.CLASS_IDS)
    long = (
        sums.rename_axis("size_class").reset_index().melt(["size_class", "bodies"], var_name="t", value_name="adopters")
    )
    return long.assign(share=long["adopters"] / long["bodies"])[["t", "size_class", "bodies", "adopters", "share"]]


STATES = ("adopters", "non_adopters")


@lru_cache
def envelope(t: str) -> Survey:
    """2023 as a ministry would have printed it: two counts and two medians, nothing else."""
    table = data.load("adoption-2023-published")
    table = table[table["technology"] == TECHNOLOGIES[t]].set_index("state").loc[list(STATES)]
    counts = table["bodies"].tolist()
    return Survey(
        counts,
        table["median_population"].tolist(),
        Frame.of_intervals(census.frame("municipal")),
        FLOOR,
        odd=[n % 2 == 1 for n in counts],
        key={"t": t},
    )


# --- municipalities by prefecture ---------------------------------------------------------------


@lru_cache
def _by_prefecture() -> pd.DataFrame:
    table = data.load("bodies-by-prefecture")
    table = table.groupby(["lower", "upper", "prefecture"], as_index=False)[["bodies", "population"]].sum()
    return table.assign(cluster=_cluster(table), mean_size=table["population"] / table["bodies"])


def bodies_by_prefecture() -> pd.DataFrame:
    """The 1,741 municipalities by interval, ascending, and prefecture.

    Columns: lower, upper, prefecture, bodies, population, cluster (0 to 46), mean_size.
    """
    return _by_prefecture().copy()


def _cluster(table: pd.DataFrame) -> pd.Series:
    return table["prefecture"].astype(int) - 1


def fiscal_strength_2023(t: str) -> Clusters:
    """Adopters of 2023 as clusters by prefecture, explained by log2(population) and fiscal strength.

    Fiscal strength is the index (財政力指数) of fiscal 2019. The four towns without inhabitants in
    2015 are left out. Each cell of the table stands as four points that keep its bodies' mean and
    spread of both variables, their correlation, and the mean population.
    """
    cells = data.load("fiscal-strength-by-prefecture")
    cells = cells[cells["upper"] > 1]
    columns = "bodies log2_population log2_population_squared fiscal_strength fiscal_strength_squared".split()
    columns = cells[[*columns, "fiscal_strength_log2_population"]].to_numpy(float).T
    bodies, logs, squares, strength, strengths, products = columns
    z, weights = two_points(bodies, cells["population"], logs, squares)
    mean, middle = logs / bodies, strength / bodies
    spread = np.maximum(squares / bodies - mean**2, 1e-9)
    slope = (products / bodies - mean * middle) / spread
    rest = np.sqrt(np.maximum(strengths / bodies - middle**2 - slope**2 * spread, 0))
    index = np.stack([middle + slope * (z - mean) + sign * rest for sign in (1, -1)], axis=1)
    z, weights = (np.repeat(part[:, None], 2, axis=1) for part in (z, weights / 2))
    design = np.stack([np.ones(z.shape), z, index], axis=3).reshape(-1, 3)
    sums = cells.groupby("prefecture")[[t, f"log2_population_{t}", f"fiscal_strength_{t}"]].sum()
    return Clusters(np.tile(_cluster(cells), 4), design, weights.ravel(), sums)


def prefectures_2023(t: str, by_staff: bool = False) -> Clusters:
    """Adopters of 2023 as clusters by prefecture, explained by log2(population).

    The four towns without inhabitants in 2015 are left out. by_staff: explained by the use of
    external staff (0 or 1) too, without the municipalities that were not asked; where the table
    joins both answers, staff is the share of users there.
    """
    cells = data.load("adoption-2023-by-prefecture")
    cells = cells[cells["upper"] > 1]
    if not by_staff:
        known, sums = _by_prefecture(), cells.groupby("prefecture")[[t, f"log2_population_{t}"]].sum()
        known = known[known["upper"] > 1]
        design = np.column_stack([np.ones(len(known)), log_size(known["mean_size"], floor=FLOOR)])
        return Clusters(known["cluster"], design, known["bodies"], sums)
    asked = cells[cells["external_staff"] != "not_surveyed"]
    joined = asked["external_staff"] == "any"
    users = answers_2023(by_staff=True).groupby("external_staff")["bodies"].sum()["yes"]
    rest = users - asked.loc[asked["external_staff"] == "yes", "bodies"].sum()
    staff = np.where(joined, rest / asked.loc[joined, "bodies"].sum(), asked["external_staff"] == "yes")
    sums = np.column_stack([asked[t], asked[f"log2_population_{t}"], staff * asked[t]])
    sums = pd.DataFrame(sums).groupby(asked["prefecture"].to_numpy()).sum()
    columns = ["bodies", "population", "log2_population", "log2_population_squared"]
    z, bodies = two_points(*asked[columns].to_numpy(float).T)
    design = np.stack([np.ones(z.shape), z, np.tile(staff, (2, 1))], axis=2)
    return Clusters(np.tile(_cluster(asked), 2), design.reshape(-1, 3), bodies.ravel(), sums)
