"""Build adoption-2023-by-size.csv and adoption-2023-published.csv from the official files.

    python data/builders/build_adoption_2023.py CENSUS_CSV MUNICIPALITIES_CSV PREFECTURES_CSV

CENSUS_CSV is table 1 of the basic complete tabulation of the 2015 Population Census (file
001_00), the other two are the tables behind the Digital Agency's dashboard of the digital
transformation of local governments. Run this before build_population.py, which takes the
medians of 2023 from its result.
"""

import argparse
from pathlib import Path

from intervals import exact_edges, population_edges, thin
from sources import EXTERNAL_STAFF, KINDS, median_half_up, read_census, read_dashboard, write_csv

# An interval holds at least this many municipalities, unless an exact edge cuts it shorter:
# the table is an aggregate, no list of bodies.
AT_LEAST = 20
CLASS_LIMITS = (10_000, 30_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)


def published(municipalities):
    """Rows technology, state, bodies, median population, as a ministry would print them."""
    rows = []
    for technology in ("AI", "RPA"):
        for state, adopted in (("adopters", True), ("non_adopters", False)):
            group = [body.population for body in municipalities if getattr(body, technology.lower()) is adopted]
            rows.append((technology, state, len(group), median_half_up(group)))
    return rows


def by_size(bodies, edges):
    """Rows of the complete grid interval x kind x external staff: counts and summed population."""
    rows = []
    for lower, upper in zip(edges, edges[1:], strict=False):
        inside = [body for body in bodies if lower <= body.population < upper]
        for kind in KINDS:
            for staff in EXTERNAL_STAFF.values():
                cell = [body for body in inside if body.kind == kind and body.external_staff == staff]
                rows.append(
                    (
                        lower,
                        upper,
                        kind,
                        staff,
                        len(cell),
                        sum(body.ai for body in cell),
                        sum(body.rpa for body in cell),
                        sum(body.ai and body.rpa for body in cell),
                        sum(body.population for body in cell),
                    )
                )
    return rows


def build(census_csv, municipalities_csv, prefectures_csv, out):
    """Write both tables into the folder ``out``."""
    census = read_census(census_csv)
    municipalities = read_dashboard(municipalities_csv, [b for b in census if b.kind != "prefecture"], first_cell="")
    prefectures = read_dashboard(prefectures_csv, [b for b in census if b.kind == "prefecture"], first_cell="都道府県")
    summary = published(municipalities)
    medians = [row[-1] for row in summary]
    edges = thin(
        population_edges(medians),
        keep=exact_edges(medians, CLASS_LIMITS),
        populations=[body.population for body in municipalities],
        at_least=AT_LEAST,
    )
    write_csv(
        Path(out) / "adoption-2023-published.csv", ("technology", "state", "bodies", "median_population"), summary
    )
    write_csv(
        Path(out) / "adoption-2023-by-size.csv",
        ("lower", "upper", "kind", "external_staff", "bodies", "ai", "rpa", "both", "population"),
        by_size(municipalities + prefectures, edges),
    )


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("census_csv")
    parser.add_argument("municipalities_csv")
    parser.add_argument("prefectures_csv")
    parser.add_argument("--out", default=Path(__file__).parents[1], help="folder to write into")
    args = parser.parse_args()
    try:
        build(args.census_csv, args.municipalities_csv, args.prefectures_csv, args.out)
    except ValueError as error:
        raise SystemExit(f"build_adoption_2023: {error}") from None


if __name__ == "__main__":
    main()
