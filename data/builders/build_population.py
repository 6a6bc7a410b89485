"""Build population-distribution-2015, bodies-by-prefecture and median-neighbours from the census file.

    python data/builders/build_population.py CENSUS_CSV

CENSUS_CSV is table 1 of the basic complete tabulation of the 2015 Population Census (file
001_00). The points at which counts must be exact come from the tables beside this folder:
the medians and populations printed in the deck, and the medians of 2023.
"""

import argparse
from bisect import bisect_right
from pathlib import Path

import numpy as np
from intervals import exact_edges, medians_2020, population_edges, subdivide
from sources import KINDS, read_census, write_csv

from adoption import data

# Intervals a decade of bodies-by-prefecture.csv: where the medians of 2020 cut, counts are exact
# in any case, and within an interval the mean size will do.
PER_DECADE_BY_PREFECTURE = 8


def distribution(bodies, edges):
    """Rows of the complete grid interval x kind: bodies and their summed population."""
    rows = []
    for lower, upper in zip(edges, edges[1:], strict=False):
        for kind in KINDS:
            cell = [body.population for body in bodies if body.kind == kind and lower <= body.population < upper]
            rows.append((lower, upper, kind, len(cell), sum(cell)))
    return rows


def by_prefecture(bodies, edges):
    """Rows prefecture x kind of municipality x interval that hold a body: bodies, summed population."""
    cells = {}
    for body in bodies:
        if body.kind != "prefecture":
            at = bisect_right(edges, body.population)
            cells.setdefault((body.code[:2], body.kind, edges[at - 1], edges[at]), []).append(body.population)
    return [(*key, len(cell), sum(cell)) for key, cell in sorted(cells.items())]


def tightest_pair(populations, median):
    """Pair of bodies whose mean rounds half up to ``median`` with the fewest bodies between.

    Returns (lower, upper, between): the two populations and the number of bodies strictly
    between them in the ranking (bodies of equal population in their order), or None where no two
    bodies have such a mean. Of several such pairs the one with the closest populations.
    """
    ordered = np.sort(np.asarray(populations, dtype=np.int64))
    best = None
    for total in (2 * median - 1, 2 * median):
        # for every lower member, the first body with exactly the population that completes it
        first = np.searchsorted(ordered, total - ordered, side="left")
        for low in np.flatnonzero(2 * ordered <= total):
            high = max(first[low], low + 1)
            if high < ordered.size and ordered[high] == total - ordered[low]:
                pair = (int(high - low - 1), int(ordered[high] - ordered[low]), int(ordered[low]), int(ordered[high]))
                best = pair if best is None else min(best, pair)
    return None if best is None else (best[2], best[3], best[0])


def neighbours(bodies, medians):
    """Rows of median-neighbours.csv, one for each (technology, stage)."""
    everything = sorted(body.population for body in bodies)
    rows = []
    for (technology, stage), median in medians.items():
        at = [body.kind for body in bodies if body.population == median]
        pair = tightest_pair(everything, median)
        if pair is None:
            raise ValueError(
                f"{technology} stage {stage}: found no two bodies with mean {median}, "
                "expected a pair for every printed median"
            )
        rows.append(
            (
                technology,
                stage,
                median,
                sum(kind != "prefecture" for kind in at),
                sum(kind == "prefecture" for kind in at),
                max(population for population in everything if population < median),
                min(population for population in everything if population > median),
                *pair,
            )
        )
    return rows


def build(census_csv, out):
    """Write the three tables into the folder ``out``."""
    bodies = read_census(census_csv)
    medians_2023 = data.load("adoption-2023-published").median_population.tolist()
    write_csv(
        Path(out) / "population-distribution-2015.csv",
        ("lower", "upper", "kind", "bodies", "population"),
        distribution(bodies, population_edges(medians_2023)),
    )
    write_csv(
        Path(out) / "bodies-by-prefecture.csv",
        ("prefecture", "kind", "lower", "upper", "bodies", "population"),
        by_prefecture(bodies, subdivide(exact_edges(medians_2020().values()), PER_DECADE_BY_PREFECTURE)),
    )
    write_csv(
        Path(out) / "median-neighbours.csv",
        (
            "technology",
            "stage",
            "median",
            "municipalities_at",
            "prefectures_at",
            "nearest_below",
            "nearest_above",
            "pair_lower",
            "pair_upper",
            "bodies_between",
        ),
        neighbours(bodies, medians_2020()),
    )


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("census_csv")
    parser.add_argument("--out", default=Path(__file__).parents[1], help="folder to write into")
    args = parser.parse_args()
    try:
        build(args.census_csv, args.out)
    except ValueError as error:
        raise SystemExit(f"build_population: {error}") from None


if __name__ == "__main__":
    main()
