"""Build adoption-2023-published, -by-size, -by-prefecture and named-bodies-2023 from the official files.

    python data/builders/build_adoption_2023.py CENSUS_CSV MUNICIPALITIES_CSV PREFECTURES_CSV

CENSUS_CSV is table 1 of the basic complete tabulation of the 2015 Population Census (file
001_00), the other two are the tables behind the Digital Agency's dashboard of the digital
transformation of local governments. Run this before build_population.py, which takes the
medians of 2023 from its result.
"""

import argparse
from pathlib import Path

from intervals import (
    AT_LEAST_WITH_ANSWERS,
    SIZE_CLASSES,
    exact_edges,
    log_sums,
    medians_2020,
    merged,
    population_edges,
    size_class,
    thin,
)
from sources import EXTERNAL_STAFF, KINDS, median_half_up, read_census, read_dashboard, write_csv

from adoption import data

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


def by_prefecture(municipalities):
    """Rows prefecture x external staff x merged size class: counts, and sums of log2(population).

    Where fewer than three municipalities of a prefecture gave one answer on external staff, they
    and all others of their size classes are counted under ``any``.
    """
    rows = []
    for prefecture in sorted({body.code[:2] for body in municipalities}):
        own = [body for body in municipalities if body.code[:2] == prefecture]
        groups = {staff: [body for body in own if body.external_staff == staff] for staff in EXTERNAL_STAFF.values()}
        few = {size_class(b) for g in groups.values() if len(g) < AT_LEAST_WITH_ANSWERS for b in g}
        groups = {staff: [body for body in group if size_class(body) not in few] for staff, group in groups.items()}
        groups["any"] = [body for body in own if size_class(body) in few]
        for staff, group in groups.items():
            for first, last, cell in merged(group, size_class, f"prefecture {prefecture}, external staff {staff}"):
                rows.append(
                    (
                        prefecture,
                        staff,
                        SIZE_CLASSES[first],
                        SIZE_CLASSES[last + 1],
                        len(cell),
                        sum(body.ai for body in cell),
                        sum(body.rpa for body in cell),
                        sum(body.ai and body.rpa for body in cell),
                        sum(body.population for body in cell),
                        *log_sums(cell),
                    )
                )
    return sorted(rows)


def named(census, municipalities):
    """Rows of the municipalities that the deck names: prefecture, name, population, AI, RPA."""
    prefectures = {body.name: body.code[:2] for body in census if body.kind == "prefecture"}
    small, members = data.load("small-adopters"), data.load("consortium-members")
    wanted = {*zip(small.prefecture_ja.map(prefectures), small.body_ja, strict=True)}
    wanted |= {*zip(members.consortium.map({"nara": "29", "toyama": "16"}), members.member_ja, strict=True)}
    names = {body.code: body.name for body in census}
    yes = {True: "yes", False: "no"}
    rows = [
        (body.code, names[body.code], body.population, yes[body.ai], yes[body.rpa])
        for body in municipalities
        if (body.code[:2], names[body.code]) in wanted
    ]
    if len(rows) != len(wanted):
        raise ValueError(f"municipalities that the deck names: found {len(rows)}, expected {len(wanted)}")
    return rows


def build(census_csv, municipalities_csv, prefectures_csv, out):
    """Write the four tables into the folder ``out``."""
    census = read_census(census_csv)
    municipalities = read_dashboard(municipalities_csv, [b for b in census if b.kind != "prefecture"], first_cell="")
    prefectures = read_dashboard(prefectures_csv, [b for b in census if b.kind == "prefecture"], first_cell="都道府県")
    summary = published(municipalities)
    medians = [row[-1] for row in summary]
    edges = thin(
        population_edges(medians),
        keep=exact_edges([*medians, *medians_2020().values()], CLASS_LIMITS),
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
    write_csv(
        Path(out) / "named-bodies-2023.csv",
        ("code", "name_ja", "population", "ai", "rpa"),
        named(census, municipalities),
    )
    write_csv(
        Path(out) / "adoption-2023-by-prefecture.csv",
        (
            "prefecture",
            "external_staff",
            "lower",
            "upper",
            "bodies",
            "ai",
            "rpa",
            "both",
            "population",
            "log2_population",
            "log2_population_ai",
            "log2_population_rpa",
            "log2_population_squared",
        ),
        by_prefecture(municipalities),
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
