"""The tables of the folder data/: strict loading, checks, checksums, codebook.

Every table is described in ``data/datapackage.json`` (Frictionless Data Package): field types,
units, constraints, keys, sources. ``load`` compares the raw cells of a table with its schema before
anything is typed, and then checks what a schema cannot say. Data that differ raise ``DataError``,
whose message names file, row, column, what was found and what was expected. ``csvfile`` states the
form of the tables, ``descriptor`` that of their description.

    python -m adoption.data            check the rows of all tables, then renew the checksums
    python -m adoption.data --check    check the rows, then the checksums, then the package

An edit that changes no form, key, sum, order or quotation (a translation, a count of its own) may
be meant. Checksums tell of it, and the first command renews them.
"""

import argparse
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from adoption import HOME, csvfile, descriptor
from adoption.csvfile import ChecksumError, DataError, fail, label, row_place

DATA = HOME / "data"
PACKAGE = "datapackage.json"

KIND_COUNTS = {"prefecture": 47, "designated_city": 20, "other_municipality": 1721}
BODIES = 1788
MUNICIPALITIES = 1741
NATION = 127_094_745  # population of Japan, 2015 census
WHAT_IF = 'to try other numbers leave the tables and take a notebook: "Other numbers" in chapters/how-to-rerun.md'
LOG_FLOOR = 100  # people: in logarithms a smaller municipality counts as this


def package(folder: Path = DATA) -> dict:
    """The descriptor datapackage.json of ``folder`` as a dictionary."""
    return descriptor.read(Path(folder) / PACKAGE)


def names(folder: Path = DATA) -> list[str]:
    """Names of all tables, in the order of the package."""
    return [resource["name"] for resource in package(folder)["resources"]]


def describe(name: str, folder: Path = DATA) -> dict:
    """Descriptor of one table: title, description, sources, licenses, schema, hash, bytes."""
    resources = {resource["name"]: resource for resource in package(folder)["resources"]}
    if name not in resources:
        raise DataError(
            f"{label(Path(folder) / PACKAGE)}: found no table named {name!r}, expected one of {', '.join(resources)}"
        )
    return resources[name]


def path(name: str, folder: Path = DATA) -> Path:
    """The CSV file of one table."""
    return Path(folder) / f"{name}.csv"


# --- loading --------------------------------------------------------------------------------------


def load(name: str, folder: Path = DATA) -> pd.DataFrame:
    """One table as a typed DataFrame, in the order of its file.

    Integers become int64 (Int64 where empty cells are allowed), numbers float64, strings str;
    empty cells are missing values. Opens the package and this table's file, no other.
    Raises DataError where the table differs from its description or contradicts itself.
    """
    return _load(describe(name, folder), path(name, folder))


def load_all(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    return {
        resource["name"]: _load(resource, path(resource["name"], folder)) for resource in package(folder)["resources"]
    }


def _load(resource: dict, file: Path) -> pd.DataFrame:
    with _uses(file):
        table = _typed(resource, file)
        table.attrs["table"] = f"data/{file.name}"  # figures name where their numbers come from
        _check_table(table, resource)
    return table


@contextmanager
def _uses(file: Path, place: str = "") -> Iterator[None]:
    """For what needs properties, columns or tables that an edited description may not have."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{label(file)}{place}: found {type(error).__name__}: {error}, expected "
            "the tables, columns and cells that its checks use"
        ) from error


def _typed(resource: dict, file: Path) -> pd.DataFrame:
    """The raw cells of a table compared with the schema and typed."""
    fields = resource["schema"]["fields"]
    rows = csvfile.read(file, [field["name"] for field in fields])
    expected = resource.get("rows")
    if not rows or (expected is not None and len(rows) != expected):
        fail(file, "rows", f"{len(rows)} rows", f"{expected or 'at least one'}")
    return pd.DataFrame(
        {
            field["name"]: pd.Series(
                [
                    _value(row[position], field, file, f"{row_place(index)}, column {field['name']}")
                    for index, row in enumerate(rows)
                ],
                dtype=_dtype(field),
            )
            for position, field in enumerate(fields)
        }
    )


def _dtype(field: dict) -> str:
    whole = "int64" if field["constraints"].get("required") else "Int64"
    return {"integer": whole, "number": "float64", "string": "str"}[field["type"]]


def _value(raw: str, field: dict, file: Path, place: str) -> int | float | str | None:
    """One raw cell checked against its field and typed; None for an allowed empty cell."""
    constraints = field["constraints"]
    if raw == "" and not constraints.get("required"):
        return None
    read = {
        "string": csvfile.words,
        "integer": csvfile.integer,
        "number": partial(csvfile.number, forms=(".10g", ".1f")),
    }  # 40 or 40.0, as printed
    value = read[field["type"]](raw, file, place, expectation(field))
    if field["type"] == "string":
        allowed = value in constraints.get("enum", (value,)) and re.fullmatch(constraints.get("pattern", ".*"), raw)
    else:
        allowed = constraints["minimum"] <= value <= constraints.get("maximum", value)
    if not allowed:
        fail(file, place, repr(raw), expectation(field))
    return value


def expectation(field: dict) -> str:
    """In words, what a cell of ``field`` must hold: 'an integer >= 0', 'one of AI, RPA'."""
    constraints = field["constraints"]
    if "enum" in constraints:
        return "one of " + ", ".join(constraints["enum"])
    if field["type"] == "string":  # what the field's pattern means, in words
        return field.get("expected", csvfile.TEXT)
    low, high = constraints["minimum"], constraints.get("maximum")
    kind = {"integer": "an integer", "number": "a number"}[field["type"]]
    return f"{kind} >= {low}" if high is None else f"{kind} from {low} to {high}"


# --- relations: what a schema cannot say ----------------------------------------------------------

ADOPTERS = ("ai <= bodies", "rpa <= bodies", "both <= ai", "both <= rpa", "ai + rpa - bodies <= both")
# What holds in every row, as an expression of the columns.
RULES = {
    "adoption-by-stage": (
        "(stage == 1) == (label_ja == '導入済み')",
        "(stage == 5) == (label_ja == '検討未実施(導入予定なし)')",
    ),
    "small-adopters": ("(technology == 'RPA') == application_ja.isna()",),
    "claims": ("again_slide.isna() == again_statement.isna()",),
    "median-neighbours": (
        "nearest_below < median < nearest_above",
        "pair_lower <= pair_upper",
        "(pair_lower + pair_upper + 1) // 2 == median",
    ),
    "strangers-truth": ("odds_ratio_lower <= odds_ratio <= odds_ratio_upper",),
    "adoption-2023-by-size": ADOPTERS,
    "bodies-by-prefecture": ("lower < upper", "1 <= bodies", "bodies * lower <= population <= bodies * (upper - 1)"),
    "adoption-2023-by-prefecture": (
        *ADOPTERS,
        "lower < upper",
        "3 <= bodies",  # no answers of one or two municipalities
        "bodies * lower <= population <= bodies * (upper - 1)",
    ),
    "adoption-2023-by-fiscal-strength": (
        *ADOPTERS,
        "lower < upper and index_lower < index_upper",
        "3 <= bodies",
        "bodies * lower <= population <= bodies * (upper - 1)",
        "bodies * index_lower <= fiscal_strength < bodies * index_upper",
    ),
    "fiscal-strength-by-prefecture": (
        "ai <= bodies and rpa <= bodies",
        "lower < upper",
        "3 <= bodies",
        "bodies * lower <= population <= bodies * (upper - 1)",
        "fiscal_strength ** 2 <= bodies * fiscal_strength_squared * (1 + 1e-9)",
        "fiscal_strength_ai <= fiscal_strength and fiscal_strength_rpa <= fiscal_strength",
    ),
    "imizu-hours": ("saved == before - after", "-0.0500001 <= percent - 100 * saved / before <= 0.0500001"),
}
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


def _every(
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


def _rule(table: pd.DataFrame, rule: str, why: str = "", **more) -> None:
    """DataError for the first row for which an expression of columns, own and more, is false."""
    wide = table.assign(**more)
    used = [name for name in dict.fromkeys(re.findall(r"\w+", rule)) if name in wide]
    _every(
        wide,
        [name for name in used if name in table],
        wide.eval(rule, engine="python"),
        rule + why,
        [name for name in used if name in more],
    )


def _sums(table: pd.DataFrame, by: str, expected: Mapping, column: str = "bodies") -> None:
    for value, total in expected.items():
        if (found := table.loc[table[by] == value, column].sum()) != total:
            fail(Path(table.attrs["table"]), f"rows with {by} {value}, column {column}", f"sum {found}", f"sum {total}")


def _check_table(table: pd.DataFrame, resource: dict) -> None:
    """Keys, words with their translations and codes, running numbers; RULES and SUMS."""
    name, schema = resource["name"], resource["schema"]
    unique = [[field["name"]] for field in schema["fields"] if field["constraints"].get("unique")]
    for key in (schema["primaryKey"], *unique):
        _every(table, key, ~table.duplicated(key), "each key once")
    for printed in (column for column in table if column.endswith("_ja")):
        for other in {f"{printed[:-3]}_en", printed[:-3]} & set(table):
            cells = table[[printed, other]].fillna("")
            for left, right in ((printed, other), (other, printed)):
                first = cells.groupby(left)[right].transform("first")
                _every(table, [left, right], cells[right] == first, first.to_frame())
    if "order" in table:
        groups = [column for column in ("slide", "consortium", "section", "guidebook") if column in table]
        number = (table.groupby(groups).cumcount() if groups else table.index.to_series()) + 1
        _rule(table, "order == number", f" (from 1 within each {' and '.join(groups) or 'table'})", number=number)
    if "upper" in table and "kind" in table and "prefecture" not in table:
        _check_intervals(table)
    for rule in RULES.get(name, ()):
        _rule(table, rule)
    if name in SUMS:
        _sums(table, *SUMS[name])
    if name in ("rpa-joint-use-status", "ai-joint-use-form"):
        category, total = table.columns[1], table.body_type == "total"
        _sums(table[total], category, table[~total].groupby(category).bodies.sum())
    if name == "later-surveys":
        share = 100 * table.bodies / table.body_type.map(KIND_COUNTS | {"all": BODIES})
        _rule(table, "-0.0500001 <= percent - share <= 0.0500001", share=share)
        answer = ["survey_fy", "technology", "body_type", "status", "edition"]
        by_answer = table.fillna({"edition": ""}).groupby(answer)
        _rule(table, "percent == by_another_source", by_another_source=by_answer.percent.transform("first"))
        date = table.reference_date.str.extract("(....)-(..)").astype("Int64")
        _rule(table, "survey_fy == year", " (April to March)", year=date[0] - (date[1] < 4))

    for column in QUOTED.get(name, ()):
        quoted = [
            pd.isna(row.quotation) or pd.isna(row[column]) or float(row[column]) in numbers_in(row.quotation)
            for _, row in table.iterrows()
        ]
        _every(table, [column], quoted, "a number that the row's quotation prints", ["quotation"])


def numbers_in(text: str) -> set[float]:
    """The numbers that Japanese or English words print: 28.8 as 28.8 or 28・8, 1095 as 1,095 too."""
    text = re.sub("(?<=[0-9]),(?=[0-9]{3})", "", re.sub("(?<=[0-9])・(?=[0-9])", ".", text))
    return {float(number) for number in re.findall(r"[0-9]+(?:\.[0-9]+)?", text)}


def _check_intervals(table: pd.DataFrame) -> None:
    """A complete grid of contiguous intervals from 0; populations possible; known totals."""
    spans = table[["lower", "upper"]].drop_duplicates()
    _rule(spans, "lower == last_upper", last_upper=spans.upper.shift(fill_value=0))
    _rule(table, "lower < upper")
    others = [name for name in ("kind", "external_staff") if name in table]
    grid = spans.merge(table[others].drop_duplicates(), how="cross")
    if len(table) != len(grid):
        fail(Path(table.attrs["table"]), "rows, each interval with all kinds", f"{len(table)} rows", f"{len(grid)}")
    _every(table, list(grid), (table[list(grid)] == grid).all(axis=1), grid)
    _rule(table, "bodies * lower <= population <= bodies * (upper - 1)")
    level = table.kind.where(table.kind == "prefecture", "municipal")
    _sums(table.assign(level=level), "level", dict.fromkeys(level, NATION), "population")


def _quoted(table: pd.DataFrame, column: str, sources: Callable, where: str) -> None:
    """Each text of a column is part of one of its sources."""
    _every(
        table,
        [column],
        [any(row[column] in text for text in sources(row)) for _, row in table.iterrows()],
        f"words that {where} prints",
    )


def _check_foreign_keys(tables: dict, folder: Path) -> None:
    for resource in package(folder)["resources"]:
        with _uses(folder / PACKAGE, f", resources[{resource['name']}].schema.foreignKeys"):
            for key in resource["schema"].get("foreignKeys", ()):
                other, target = key["reference"]["resource"], key["reference"]["fields"]
                cells = tables[resource["name"]][key["fields"]]
                known = set(tables[other][target].itertuples(index=False, name=None))
                _every(
                    cells,
                    key["fields"],
                    [row in known or any(map(pd.isna, row)) for row in cells.itertuples(index=False, name=None)],
                    f"a row of {other} with this {' + '.join(target)}",
                )


def _check_slides(tables: dict) -> None:
    """What is said twice on the slides is the same; what is quoted is printed."""
    statements, notes = tables["statements"], tables["consortium-notes"]
    errata, figures = tables["errata"], tables["consortium-figures"]
    printed = pd.concat([statements, notes.assign(slide=7)]).groupby("slide").text_ja.agg(list)
    for name, column in (("barriers", "text_ja"), ("errata", "printed")):
        _quoted(
            tables[name],
            column,
            lambda row: printed.get(row.slide, []),
            "a sentence of its slide in statements (slide 7: consortium-notes)",
        )
    sentence = statements.set_index(["slide", "order"])
    for name, column in (("claims", "text_ja"), ("claims", "text_en"), ("directions", "text_ja")):
        _quoted(
            tables[name],
            column,
            lambda row: [sentence[column].get((row.slide, row.statement), "")],
            "the sentence in statements with this slide and number",
        )
    _quoted(
        figures,
        "text_ja",
        lambda row: notes.text_ja[notes.consortium == row.consortium],
        "a note of its consortium (consortium-notes)",
    )
    numbers = figures.text_ja.str.findall("[0-9]+")
    _every(
        figures,
        ["value", "text_ja"],
        [str(value) in found for value, found in zip(figures.value, numbers, strict=True)],
        "a number that the words print",
    )
    members = figures.consortium.map(tables["consortium-members"].consortium.value_counts())
    _rule(figures, "figure != 'member_municipalities' or value == members", " (consortium-members)", members=members)
    _every(
        errata,
        ["read_as"],
        errata.read_as.isin(tables["adoption-by-stage"].median_population),
        "a median of adoption-by-stage",
    )
    problems = tables["guidebook-problems"]
    _every(
        problems,
        ["order"],
        problems.order.isin(tables["problem-mapping"].problem),
        "a problem that has a place in problem-mapping",
    )


def _check_census(tables: dict) -> None:
    """Printed populations and the neighbours of the medians agree with the distribution."""
    grid = tables["population-distribution-2015"]
    alone = grid[grid.upper == grid.lower + 1]
    small, members = tables["small-adopters"], tables["consortium-members"]
    single = alone.lower[(alone.kind == "other_municipality") & (alone.bodies > 0)]
    for table in (small, members):
        _every(
            table,
            ["population"],
            table.population.isin(single),
            "the population of a municipality in population-distribution-2015",
        )
    earlier = members.member_ja.map(small.set_index("body_ja").population).astype("Int64")
    _rule(members, "population == earlier", " (small-adopters)", earlier=earlier)
    table = tables["median-neighbours"]
    stages = tables["adoption-by-stage"].set_index(["technology", "stage"]).median_population
    printed = [stages[row.technology, row.stage] for row in table.itertuples()]
    _rule(table, "median == printed", " (adoption-by-stage)", printed=printed)
    for column, kinds in (
        ("municipalities_at", alone.kind != "prefecture"),
        ("prefectures_at", alone.kind == "prefecture"),
    ):
        counted = table["median"].map(alone[kinds].groupby("lower").bodies.sum()).fillna(-1)
        _rule(table, f"{column} == counted", " (population-distribution-2015)", counted=counted)
    # bodies strictly between the pair: those of whole intervals, and of the two at its ends
    inside = [
        grid.bodies[(grid.lower > row.pair_lower) & (grid.upper <= row.pair_upper)].sum() for row in table.itertuples()
    ]
    around = [
        grid.bodies[(grid.upper > row.pair_lower) & (grid.lower <= row.pair_upper)].sum() for row in table.itertuples()
    ]
    _rule(
        table, "inside <= bodies_between <= around - 2", " (population-distribution-2015)", inside=inside, around=around
    )


def _check_2023(tables: dict) -> None:
    """The tables of 2023 agree with the distribution of 2015 and with each other."""
    table, grid = tables["adoption-2023-by-size"], tables["population-distribution-2015"]
    for column in ("lower", "upper"):
        _every(
            table, [column], table[column].isin([*grid.lower, *grid.upper]), "an edge of population-distribution-2015"
        )
    lowers = table.lower.drop_duplicates()
    wide = grid.assign(
        lower=pd.cut(grid.lower, [*lowers, table.upper.max()], right=False, labels=lowers).astype("int64")
    )
    for column in ("bodies", "population"):
        known = wide.groupby(["lower", "kind"])[column].sum()
        found = table.groupby(["lower", "kind"])[column].transform("sum")
        _rule(
            table,
            "all_staff == distribution_2015",
            f" ({column} of interval and kind)",
            all_staff=found,
            distribution_2015=[known[row.lower, row.kind] for row in table.itertuples()],
        )
    municipal, published = table[table.kind != "prefecture"], tables["adoption-2023-published"]
    counted = []
    for row in published.itertuples():
        adopters = municipal[row.technology.lower()]
        members = adopters if row.state == "adopters" else municipal.bodies - adopters
        counted.append(
            (
                members.sum(),
                members[municipal.upper <= row.median_population].sum(),
                members[municipal.lower > row.median_population].sum(),
            )
        )
    more = dict(zip(("counted", "below", "above"), zip(*counted, strict=True), strict=True))
    for rule in ("bodies == counted", "below <= bodies / 2", "above <= bodies / 2"):
        _rule(published, rule, " (median_population and adoption-2023-by-size)", **more)


def _check_strangers(tables: dict) -> None:
    """Counts of other people's data add up to their frames, and what is known of stage 1 to it."""
    printed, frame, truth = (tables[f"strangers{part}"] for part in ("", "-sizes", "-truth"))
    totals = printed.groupby(["dataset", "outcome"]).bodies.transform("sum")
    in_frame = printed.dataset.map(frame.groupby("dataset").bodies.sum()).fillna(0)
    _rule(
        printed,
        "bodies + other_stages == in_frame",
        " (strangers-sizes)",
        other_stages=totals - printed.bodies,
        in_frame=in_frame,
    )
    first = printed[printed.stage == 1].set_index(["dataset", "outcome"]).bodies
    others = truth[[f"stage_1_in_quarter_{quarter}" for quarter in (2, 3, 4)]].sum(axis=1)
    stage_1 = [first.get((row.dataset, row.outcome), 0) for row in truth.itertuples()]
    _rule(truth, "stage_1_in_quarter_1 + others == stage_1", " (strangers)", others=others, stage_1=stage_1)


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
        _every(tables[name], key, in_order, "rows in the order of the key")
    edges = sorted({0, *grid.upper} & {*table.lower, *table.upper})
    spans = table[["lower", "upper"]].drop_duplicates().sort_values("lower")
    _rule(spans, "last_upper <= lower", last_upper=spans.upper.shift(fill_value=0))
    for column in ("bodies", "population"):
        for kind, rows in table.groupby("kind"):
            whole = grid[grid.kind == kind]
            for edge in edges:
                found, known = (part.loc[part.upper <= edge, column].sum() for part in (rows, whole))
                if found != known:
                    fail(
                        Path(table.attrs["table"]),
                        f"rows with kind {kind} and upper up to {edge}, column {column}",
                        f"sum {found}",
                        f"sum {known} (population-distribution-2015)",
                    )
    answers, by_size = tables["adoption-2023-by-prefecture"], tables["adoption-2023-by-size"]
    municipal = by_size[by_size.kind != "prefecture"]
    for column in ("bodies", "ai", "rpa", "both", "population"):
        _sums(answers.assign(all="municipalities"), "all", {"municipalities": municipal[column].sum()}, column)
    for column in ("bodies", "population"):
        _sums(answers, "prefecture", table.groupby("prefecture")[column].sum(), column)
    # Each sum of logarithms against what sizes in the interval can add up to.
    low, high = (np.log2(answers[end].clip(lower=LOG_FLOOR)) for end in ("lower", "upper"))
    for part, members in (("", "bodies"), ("_ai", "ai"), ("_rpa", "rpa")):
        _rule(
            answers,
            f"{members} * low <= log2_population{part} <= {members} * high",
            " (logarithms of lower and upper)",
            low=low - 1e-9,
            high=high + 1e-9,
        )
    _rule(answers, "log2_population ** 2 <= bodies * log2_population_squared * (1 + 1e-9)")
    strength, sums = tables["adoption-2023-by-fiscal-strength"], tables["fiscal-strength-by-prefecture"]
    for column in ("bodies", "ai", "rpa", "population"):
        _sums(sums, "prefecture", answers.groupby("prefecture")[column].sum(), column)
    for edge in sorted({*strength.upper} & {*municipal.upper}):
        for column in ("bodies", "ai", "rpa", "both", "population"):
            found, known = (part.loc[part.upper <= edge, column].sum() for part in (strength, municipal))
            if found != known:
                fail(
                    Path(strength.attrs["table"]),
                    f"rows with upper up to {edge}, column {column}",
                    f"sum {found}",
                    f"sum {known} (adoption-2023-by-size)",
                )
    # Sums of numbers with ten digits: equal but for the last of them.
    for column, tables_with in (("log2_population", (answers, sums, strength)), ("fiscal_strength", (sums, strength))):
        first, *others = (table[column].sum() for table in tables_with)
        for table, found in zip(tables_with[1:], others, strict=True):
            if abs(found - first) > 1e-8 * first:
                fail(Path(table.attrs["table"]), f"column {column}", f"sum {found:.10g}", f"sum {first:.10g}")
    for part in ("log2_population", "log2_population_ai", "log2_population_rpa"):
        found = sums.groupby("prefecture")[part].transform("sum")
        known = sums.prefecture.map(answers.groupby("prefecture")[part].sum())
        _rule(sums, "-1e-5 <= found - known <= 1e-5", f" ({part} of a prefecture)", found=found, known=known)


def _check_named(tables: dict) -> None:
    """The municipalities that the deck names, each once, with the populations that it prints."""
    table, small, members = (tables[name] for name in ("named-bodies-2023", "small-adopters", "consortium-members"))
    printed = {
        **dict(zip(small.body_ja, small.population, strict=True)),
        **dict(zip(members.member_ja, members.population, strict=True)),
    }
    _every(table, ["name_ja"], table.name_ja.isin(printed), "a municipality of small-adopters or consortium-members")
    _rule(table, "population == printed", printed=table.name_ja.map(printed))
    if len(table) != len(printed):
        fail(Path(table.attrs["table"]), "rows", f"{len(table)} rows", f"{len(printed)}, one for each")
    _every(table, ["code"], table.code.is_monotonic_increasing | table.code.isna(), "codes in ascending order")


CROSS_CHECKS = (_check_slides, _check_census, _check_2023, _check_prefectures, _check_named, _check_strangers)


# --- everything, checksums, codebook --------------------------------------------------------------


def check_rows(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """Load all tables and check them against each other; returns them. Checksums play no part."""
    folder = Path(folder)
    description = package(folder)
    descriptor.check(description, folder / PACKAGE)
    files = [resource["path"] for resource in description["resources"]]
    for name, resource in zip(names(folder), description["resources"], strict=True):
        if resource["path"] != f"{name}.csv":
            fail(folder / PACKAGE, f"resources[{name}].path", resource["path"], f"{name}.csv")
    for file in sorted(folder.glob("*.csv")):
        if file.name not in files:
            fail(folder / PACKAGE, "resources", f"no description of {label(file)}", "one of every CSV file")
    tables = load_all(folder)
    _check_foreign_keys(tables, folder)
    with _uses(folder / PACKAGE):
        for check_tables in CROSS_CHECKS:
            check_tables(tables)
    return tables


def digest(file: Path) -> tuple[int, str]:
    """Size in bytes and checksum of a file, as the package states them."""
    return file.stat().st_size, "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


def check(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """Everything: rows, tables together, then the checksums, then the package by frictionless.

    In this order: an edited table is judged by what it says before it is judged by its checksum.
    Returns the tables; raises DataError at the first fault, ChecksumError for that of a checksum.
    """
    folder = Path(folder)
    tables = check_rows(folder)
    description = package(folder)
    for resource in description["resources"]:
        file = path(resource["name"], folder)
        for key, found in zip(("bytes", "hash"), digest(file), strict=True):
            _check_sum(file, f"property {key} of {PACKAGE}", found, resource[key])
    _check_sum(
        folder / PACKAGE,
        "property hash (of all but sizes and checksums of the tables)",
        descriptor.digest(description),
        description["hash"],
    )
    _check_package(folder)
    return tables


def _check_sum(file: Path, place: str, found, stated) -> None:
    if found != stated:
        raise ChecksumError(
            f"{label(file)}, {place}: found {found}, expected {stated} "
            "(after a change that is meant, run: python -m adoption.data)"
        )


def _check_package(folder: Path) -> None:
    """The package as frictionless reads it."""
    from frictionless import validate  # slow to import, and only needed here

    report = validate(str(folder / PACKAGE))
    if not report.valid:
        faults = report.flatten(["rowNumber", "fieldName", "note"])
        raise DataError(f"{label(folder / PACKAGE)}: frictionless found {faults[:3]}, expected a valid data package")


def changed(folder: Path = DATA) -> list[str]:
    """Names of the tables that differ from their recorded checksum, and the package's if it does."""
    description = package(folder)
    found = [
        resource["name"]
        for resource in description["resources"]
        if (resource["bytes"], resource["hash"]) != digest(path(resource["name"], folder))
    ]
    return found + [PACKAGE] * (description["hash"] != descriptor.digest(description))


def renew(folder: Path = DATA) -> list[str]:
    """Check all rows, then write sizes and checksums into the package; returns what `changed`."""
    folder = Path(folder)
    check_rows(folder)
    found, description = changed(folder), package(folder)
    for resource in description["resources"]:
        resource["bytes"], resource["hash"] = digest(path(resource["name"], folder))
    description["hash"] = descriptor.digest(description)
    csvfile.write(folder / PACKAGE, descriptor.dump(description))
    return found


def _constraints(field: dict, schema: dict) -> Iterator[str]:
    constraints = field["constraints"]
    if field["type"] != "string" or "enum" in constraints or "expected" in field:
        yield expectation(field).removeprefix("an integer ").removeprefix("a number ")
    if not constraints.get("required"):
        yield "may be empty"
    if constraints.get("unique"):
        yield "unique"
    if field["name"] in schema["primaryKey"]:
        yield "part of the key" if len(schema["primaryKey"]) > 1 else "key"
    for key in schema.get("foreignKeys", ()):
        if field["name"] in key["fields"]:
            yield f"refers to {key['reference']['resource']}"


def field_table(name: str, folder: Path = DATA) -> pd.DataFrame:
    """The fields of one table, one row each: Field, Type, Unit, Values, Meaning."""
    schema = describe(name, folder)["schema"]
    return pd.DataFrame(
        [
            {
                "Field": field["name"],
                "Type": field["type"],
                "Unit": field.get("unit", ""),
                "Values": "; ".join(_constraints(field, schema)),
                "Meaning": field["description"],
            }
            for field in schema["fields"]
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Command line: renew the checksums, or with --check compare them."""
    parser = argparse.ArgumentParser(description="Check the tables of data/, renew checksums.")
    parser.add_argument("--check", action="store_true", help="change nothing, compare checksums")
    try:
        if parser.parse_args(arguments).check:
            print(f"{len(check())} tables: rows, package and checksums are in order")
        else:
            print(f"{len(names())} tables in order; checksums renewed: {', '.join(renew()) or 'none'}")
    except DataError as error:
        raise SystemExit(f"{error}\n{WHAT_IF}") from None


if __name__ == "__main__":
    main()
