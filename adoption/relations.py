"""What the tables of data/ say beyond a schema: rules of rows, sums, quotations, and each other.

Rules that hold in every row stand in a table's description, as expressions of its columns.

``check_table`` judges one table by itself, the ``CROSS_CHECKS`` all of them together; a relation that
does not hold raises ``DataError`` with file, row, column, what was found and what was expected.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from adoption.csvfile import fail, row_place

KIND_COUNTS = {"prefecture": 47, "designated_city": 20, "other_municipality": 1721}
BODIES = 1788
MUNICIPALITIES = 1741
NATION = 127_094_745  # population of Japan, 2015 census
LOG_FLOOR = 100  # people: in logarithms a smaller municipality counts as this

# Columns whose figures stand in the words that the column quotation quotes.
QUOTED = {
    "later-surveys": ("bodies", "percent"),
    "quoted-figures": ("value",),
    "imizu-hours": ("before", "after", "saved", "percent"),
}
# What the bodies sum to for each value of a column.
SUMS = {
    "adoption-by-stage": ("technology", {"AI": BODIES, "RPA": BODIES}),
    "rpa-joint-use-status": ("body_type", KIND_COUNTS | {"total": BODIES}),
    "population-distribution-2015": ("kind", KIND_COUNTS),
    "bodies-by-prefecture": ("kind", {kind: KIND_COUNTS[kind] for kind in ("designated_city", "other_municipality")}),
    "adoption-2023-by-size": ("kind", KIND_COUNTS),
    "adoption-2023-published": ("technology", {"AI": MUNICIPALITIES, "RPA": MUNICIPALITIES}),
}


def every(
    table: pd.DataFrame, columns: list[str], good, expected: str | pd.DataFrame, more: Sequence[str] = ()
) -> None:
    """DataError for the first row of which ``good`` is false; it shows ``columns`` and ``more``."""
    bad = ~pd.array(good, dtype="boolean").fillna(True).to_numpy(bool)
    for position in bad.nonzero()[0][:1]:
        place = f"column{'s' * (len(columns) > 1)} {' and '.join(columns)}"
        fail(
            Path(table.attrs["table"]),
            f"{row_place(table.index[position])}, {place}",
            _shown(table[[*columns, *more]], position),
            expected if isinstance(expected, str) else _shown(expected, position),
        )


def _shown(cells: pd.DataFrame, position: int) -> str:
    row = cells.astype(object).iloc[position]
    return repr(row.iloc[0]) if len(row) == 1 else ", ".join(f"{name} {value!r}" for name, value in row.items())


def holds(table: pd.DataFrame, rule: str, why: str = "", **more) -> None:
    """DataError for the first row for which an expression of columns, own and more, is false."""
    wide = table.assign(**more)
    used = [name for name in dict.fromkeys(re.findall(r"\w+", rule)) if name in wide]
    own, added = ([name for name in used if name in those] for those in (table, more))
    every(wide, own, wide.eval(rule, engine="python"), rule + why, added)


def _sums(table: pd.DataFrame, by: str, expected: Mapping, column: str = "bodies", where: str = "") -> None:
    """A column sums to what is expected for each value of another; where: the table that says so."""
    for value, total in expected.items():
        if (found := table.loc[table[by] == value, column].sum()) != total:
            known = f"sum {total}" + f" ({where})" * bool(where)
            fail(Path(table.attrs["table"]), f"rows with {by} {value}, column {column}", f"sum {found}", known)


def check_table(table: pd.DataFrame, resource: dict) -> None:
    """Keys, words with their translations and codes, running numbers; its rules and SUMS."""
    name, schema = resource["name"], resource["schema"]
    unique = [[field["name"]] for field in schema["fields"] if field["constraints"].get("unique")]
    for key in (schema["primaryKey"], *unique):
        every(table, key, ~table.duplicated(key), "each key once")
    for printed in (column for column in table if column.endswith("_ja")):
        for other in {f"{printed[:-3]}_en", printed[:-3]} & set(table):
            cells = table[[printed, other]].fillna("")
            for left, right in ((printed, other), (other, printed)):
                first = cells.groupby(left)[right].transform("first")
                every(table, [left, right], cells[right] == first, first.to_frame())
    if "order" in table:
        groups = [column for column in ("slide", "consortium", "section", "guidebook") if column in table]
        number = (table.groupby(groups).cumcount() if groups else table.index.to_series()) + 1
        holds(table, "order == number", f" (from 1 within each {' and '.join(groups) or 'table'})", number=number)
    if "upper" in table and "kind" in table and "prefecture" not in table:
        _check_intervals(table)
    for rule in resource.get("rules", ()):
        holds(table, rule)
    if name in SUMS:
        _sums(table, *SUMS[name])
    if name in ("rpa-joint-use-status", "ai-joint-use-form"):
        category, total = table.columns[1], table.body_type == "total"
        _sums(table[total], category, table[~total].groupby(category).bodies.sum())
    if name == "later-surveys":
        share = 100 * table.bodies / table.body_type.map(KIND_COUNTS | {"all": BODIES})
        holds(table, "-0.0500001 <= percent - share <= 0.0500001", share=share)
        answer = ["survey_fy", "technology", "body_type", "status", "edition"]
        by_answer = table.fillna({"edition": ""}).groupby(answer)
        holds(table, "percent == by_another_source", by_another_source=by_answer.percent.transform("first"))
        date = table.reference_date.str.extract("(....)-(..)").astype("Int64")
        holds(table, "survey_fy == year", " (April to March)", year=date[0] - (date[1] < 4))

    for column in QUOTED.get(name, ()):
        quoted = [
            pd.isna(row.quotation) or pd.isna(row[column]) or float(row[column]) in numbers_in(row.quotation)
            for _, row in table.iterrows()
        ]
        every(table, [column], quoted, "a number that the row's quotation prints", ["quotation"])


def numbers_in(text: str) -> set[float]:
    """The numbers that Japanese or English words print: 28.8 as 28.8 or 28・8, 1095 as 1,095 too, 1割 as 10."""
    text = re.sub("(?<=[0-9]),(?=[0-9]{3})", "", re.sub("(?<=[0-9])・(?=[0-9])", ".", text))
    tenths = {10 * float(number) for number in re.findall("([0-9]+)割", text)}
    return {float(number) for number in re.findall(r"[0-9]+(?:\.[0-9]+)?", text)} | tenths


def _check_intervals(table: pd.DataFrame) -> None:
    """A complete grid of contiguous intervals from 0; populations possible; known totals."""
    spans = table[["lower", "upper"]].drop_duplicates()
    holds(spans, "lower == last_upper", last_upper=spans.upper.shift(fill_value=0))
    holds(table, "lower < upper")
    others = [name for name in ("kind", "external_staff") if name in table]
    grid = spans.merge(table[others].drop_duplicates(), how="cross")
    if len(table) != len(grid):
        fail(Path(table.attrs["table"]), "rows, each interval with all kinds", f"{len(table)} rows", f"{len(grid)}")
    every(table, list(grid), (table[list(grid)] == grid).all(axis=1), grid)
    holds(table, "bodies * lower <= population <= bodies * (upper - 1)")
    level = table.kind.where(table.kind == "prefecture", "municipal")
    _sums(table.assign(level=level), "level", dict.fromkeys(level, NATION), "population")


def _quoted(table: pd.DataFrame, column: str, sources: Callable, where: str) -> None:
    """Each text of a column is part of one of its sources."""
    quoted = [any(row[column] in text for text in sources(row)) for _, row in table.iterrows()]
    every(table, [column], quoted, f"words that {where} prints")


def _check_slides(tables: dict) -> None:
    """What is said twice on the slides is the same; what is quoted is printed."""
    statements, notes = tables["statements"], tables["consortium-notes"]
    errata, figures = tables["errata"], tables["consortium-figures"]
    printed = pd.concat([statements, notes.assign(slide=7)]).groupby("slide").text_ja.agg(list)
    where = "a sentence of its slide in statements (slide 7: consortium-notes)"
    for name, column in (("barriers", "text_ja"), ("errata", "printed")):
        _quoted(tables[name], column, lambda row: printed.get(row.slide, []), where)
    sentence, where = statements.set_index(["slide", "order"]), "the sentence in statements with this slide and number"
    for name, column in (("claims", "text_ja"), ("claims", "text_en"), ("directions", "text_ja")):
        _quoted(tables[name], column, lambda row: [sentence[column].get((row.slide, row.statement), "")], where)
    where = "a note of its consortium (consortium-notes)"
    _quoted(figures, "text_ja", lambda row: notes.text_ja[notes.consortium == row.consortium], where)
    numbers = figures.text_ja.str.findall("[0-9]+")
    known = [str(value) in found for value, found in zip(figures.value, numbers, strict=True)]
    every(figures, ["value", "text_ja"], known, "a number that the words print")
    members = figures.consortium.map(tables["consortium-members"].consortium.value_counts())
    holds(figures, "figure != 'member_municipalities' or value == members", " (consortium-members)", members=members)
    known = errata.read_as.isin(tables["adoption-by-stage"].median_population)
    every(errata, ["read_as"], known, "a median of adoption-by-stage")
    problems = tables["guidebook-problems"]
    known = problems.order.isin(tables["problem-mapping"].problem)
    every(problems, ["order"], known, "a problem that has a place in problem-mapping")


def _check_census(tables: dict) -> None:
    """Printed populations and the neighbours of the medians agree with the distribution."""
    grid = tables["population-distribution-2015"]
    alone = grid[grid.upper == grid.lower + 1]
    small, members = tables["small-adopters"], tables["consortium-members"]
    single = alone.lower[(alone.kind == "other_municipality") & (alone.bodies > 0)]
    for table in (small, members):
        expected = "the population of a municipality in population-distribution-2015"
        every(table, ["population"], table.population.isin(single), expected)
    earlier = members.member_ja.map(small.set_index("body_ja").population).astype("Int64")
    holds(members, "population == earlier", " (small-adopters)", earlier=earlier)
    table = tables["median-neighbours"]
    stages = tables["adoption-by-stage"].set_index(["technology", "stage"]).median_population
    printed = [stages[row.technology, row.stage] for row in table.itertuples()]
    holds(table, "median == printed", " (adoption-by-stage)", printed=printed)
    for column, kinds in (
        ("municipalities_at", alone.kind != "prefecture"),
        ("prefectures_at", alone.kind == "prefecture"),
    ):
        counted = table["median"].map(alone[kinds].groupby("lower").bodies.sum()).fillna(-1)
        holds(table, f"{column} == counted", " (population-distribution-2015)", counted=counted)
    # bodies strictly between the pair: those of whole intervals, and of the two at its ends
    pairs = list(zip(table.pair_lower, table.pair_upper, strict=True))
    between = {
        "inside": [grid.bodies[(grid.lower > low) & (grid.upper <= high)].sum() for low, high in pairs],
        "around": [grid.bodies[(grid.upper > low) & (grid.lower <= high)].sum() for low, high in pairs],
    }
    holds(table, "inside <= bodies_between <= around - 2", " (population-distribution-2015)", **between)


def _check_2023(tables: dict) -> None:
    """The tables of 2023 agree with the distribution of 2015 and with each other."""
    table, grid = tables["adoption-2023-by-size"], tables["population-distribution-2015"]
    for column in ("lower", "upper"):
        known = table[column].isin([*grid.lower, *grid.upper])
        every(table, [column], known, "an edge of population-distribution-2015")
    lowers = table.lower.drop_duplicates()
    place = pd.cut(grid.lower, [*lowers, table.upper.max()], right=False, labels=lowers)
    wide = grid.assign(lower=place.astype("int64"))
    for column in ("bodies", "population"):
        known = wide.groupby(["lower", "kind"])[column].sum()
        found = table.groupby(["lower", "kind"])[column].transform("sum")
        sums = {"all_staff": found, "distribution_2015": [known[cell] for cell in zip(table.lower, table.kind)]}
        holds(table, "all_staff == distribution_2015", f" ({column} of interval and kind)", **sums)
    municipal, published = table[table.kind != "prefecture"], tables["adoption-2023-published"]
    counted = []
    for row in published.itertuples():
        adopters = municipal[row.technology.lower()]
        members = adopters if row.state == "adopters" else municipal.bodies - adopters
        below, above = municipal.upper <= row.median_population, municipal.lower > row.median_population
        counted.append((members.sum(), members[below].sum(), members[above].sum()))
    more = dict(zip(("counted", "below", "above"), zip(*counted, strict=True), strict=True))
    for rule in ("bodies == counted", "below <= bodies / 2", "above <= bodies / 2"):
        holds(published, rule, " (median_population and adoption-2023-by-size)", **more)


def _check_strangers(tables: dict) -> None:
    """Counts of other people's data add up to their frames, and what is known of stage 1 to it."""
    printed, frame, truth = (tables[f"strangers{part}"] for part in ("", "-sizes", "-truth"))
    totals = printed.groupby(["dataset", "outcome"]).bodies.transform("sum")
    in_frame = printed.dataset.map(frame.groupby("dataset").bodies.sum()).fillna(0)
    sums = {"other_stages": totals - printed.bodies, "in_frame": in_frame}
    holds(printed, "bodies + other_stages == in_frame", " (strangers-sizes)", **sums)
    first = printed[printed.stage == 1].set_index(["dataset", "outcome"]).bodies
    others = truth[[f"stage_1_in_quarter_{quarter}" for quarter in (2, 3, 4)]].sum(axis=1)
    stage_1 = [first.get((row.dataset, row.outcome), 0) for row in truth.itertuples()]
    holds(truth, "stage_1_in_quarter_1 + others == stage_1", " (strangers)", others=others, stage_1=stage_1)


def _same_up_to(edges, rows, whole, column, where, which="") -> None:
    """A column sums to the same in both tables up to each edge of size."""
    for edge in edges:
        found, known = (part.loc[part.upper <= edge, column].sum() for part in (rows, whole))
        if found != known:
            place = f"rows with {which}upper up to {edge}, column {column}"
            fail(Path(rows.attrs["table"]), place, f"sum {found}", f"sum {known} ({where})")


def _check_prefectures(tables: dict) -> None:
    """The tables by prefecture agree with those of all municipalities and with each other."""
    table, grid = tables["bodies-by-prefecture"], tables["population-distribution-2015"]
    for name, key in (
        ("bodies-by-prefecture", ["prefecture", "kind", "lower"]),
        ("adoption-2023-by-prefecture", ["prefecture", "external_staff", "lower"]),
        ("fiscal-strength-by-prefecture", ["prefecture", "lower"]),
        ("adoption-2023-by-fiscal-strength", ["lower", "index_lower"]),
    ):
        in_order = tables[name].sort_values(key).index == tables[name].index
        every(tables[name], key, in_order, "rows in the order of the key")
    edges = sorted({0, *grid.upper} & {*table.lower, *table.upper})
    spans = table[["lower", "upper"]].drop_duplicates().sort_values("lower")
    holds(spans, "last_upper <= lower", last_upper=spans.upper.shift(fill_value=0))
    for column in ("bodies", "population"):
        for kind, rows in table.groupby("kind"):
            whole = grid[grid.kind == kind]
            _same_up_to(edges, rows, whole, column, "population-distribution-2015", f"kind {kind} and ")
    answers, by_size = tables["adoption-2023-by-prefecture"], tables["adoption-2023-by-size"]
    municipal = by_size[by_size.kind != "prefecture"]
    for column in ("bodies", "ai", "rpa", "both", "population"):
        total = {"municipalities": municipal[column].sum()}
        _sums(answers.assign(all="municipalities"), "all", total, column, "adoption-2023-by-size")
    for column in ("bodies", "population"):
        _sums(answers, "prefecture", table.groupby("prefecture")[column].sum(), column, "bodies-by-prefecture")
    strength, sums = tables["adoption-2023-by-fiscal-strength"], tables["fiscal-strength-by-prefecture"]
    # Each sum of logarithms against what sizes in the interval can add up to.
    for table in (answers, sums, strength):
        low, high = (np.log2(table[end].clip(lower=LOG_FLOOR)) for end in ("lower", "upper"))
        ends = {"low": low - 1e-9, "high": high + 1e-9}
        rules = [
            (f"log2_population{part}", f"{members} * low <= log2_population{part} <= {members} * high")
            for part, members in (("", "bodies"), ("_ai", "ai"), ("_rpa", "rpa"))
        ]
        squared = "log2_population_squared"  # (x - low) (high - x) is never negative, and a variance neither
        rules += [
            (squared, f"log2_population ** 2 <= bodies * {squared} * (1 + 1e-9)"),
            (squared, f"{squared} <= (low + high) * log2_population - bodies * low * high + 1e-5"),
        ]
        weighted = "fiscal_strength_log2_population"
        rules += [(weighted, f"fiscal_strength * low - 1e-6 <= {weighted} <= fiscal_strength * high + 1e-6")]
        for column, rule in rules:
            if column in table:
                holds(table, rule, " (logarithms of lower and upper)", **ends)
    for column in ("bodies", "ai", "rpa", "population"):
        total = answers.groupby("prefecture")[column].sum()
        _sums(sums, "prefecture", total, column, "adoption-2023-by-prefecture")
    for column in ("bodies", "ai", "rpa", "both", "population"):
        edges = sorted({*strength.upper} & {*municipal.upper})
        _same_up_to(edges, strength, municipal, column, "adoption-2023-by-size")
    # Sums of numbers with ten digits: equal but for the last of them.
    for column, (first, *others) in {
        "log2_population": (answers, sums, strength),
        "fiscal_strength": (sums, strength),
    }.items():
        file, total = Path(first.attrs["table"]), first[column].sum()
        for table in others:
            if abs((found := table[column].sum()) - total) > 1e-8 * total:
                known = f"sum {total:.10g} ({file.stem})"
                fail(Path(table.attrs["table"]), f"column {column}", f"sum {found:.10g}", known)
    for part in ("log2_population", "log2_population_ai", "log2_population_rpa"):
        found = sums.groupby("prefecture")[part].transform("sum")
        known = sums.prefecture.map(answers.groupby("prefecture")[part].sum())
        holds(
            sums,
            "-1e-5 <= found - known <= 1e-5",
            f" ({part} of a prefecture: adoption-2023-by-prefecture)",
            found=found,
            known=known,
        )


def _check_named(tables: dict) -> None:
    """The municipalities that the deck names, each once, with the populations that it prints."""
    table, small, members = (tables[name] for name in ("named-bodies-2023", "small-adopters", "consortium-members"))
    printed = {
        **dict(zip(small.body_ja, small.population, strict=True)),
        **dict(zip(members.member_ja, members.population, strict=True)),
    }
    every(table, ["name_ja"], table.name_ja.isin(printed), "a municipality of small-adopters or consortium-members")
    holds(table, "population == printed", " (small-adopters, consortium-members)", printed=table.name_ja.map(printed))
    if len(table) != len(printed):
        fail(
            Path(table.attrs["table"]),
            "rows",
            f"{len(table)} rows",
            f"{len(printed)}: small-adopters, consortium-members",
        )
    every(table, ["code"], table.code.is_monotonic_increasing | table.code.isna(), "codes in ascending order")


CROSS_CHECKS = (_check_slides, _check_census, _check_2023, _check_prefectures, _check_named, _check_strangers)
