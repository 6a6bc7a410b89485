"""The tables of the folder data/: strict loading, checks, checksums, codebook.

Every table is described in ``data/datapackage.json`` (Frictionless Data Package): field types,
units, constraints, keys, sources. ``load`` compares the raw strings of a table with its schema
before anything is typed, and then checks what a schema cannot say. Nothing is coerced, trimmed
or dropped: data that differ from their description raise ``DataError``, whose message names
file, row, column, what was found and what was expected. ``csvfile`` states the form of the
tables, ``descriptor`` that of their description.

    python -m adoption.data            check the rows of all tables, then renew the checksums
    python -m adoption.data --check    check the rows, then the checksums, then the package

An edit that changes no form, key, sum, order or quotation (a translation, a count that no other
figure depends on) may be meant. Checksums tell of it, and the first command renews them.
"""

import argparse
import hashlib
import itertools
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from adoption import csvfile, descriptor
from adoption.csvfile import ChecksumError, DataError, fail, label, row_place

DATA = Path(__file__).resolve().parents[1] / "data"
PACKAGE = "datapackage.json"

KIND_COUNTS = {"prefecture": 47, "designated_city": 20, "other_municipality": 1721}
BODIES = 1788
MUNICIPALITIES = 1741
NATION = 127_094_745  # population of Japan, 2015 census

# Strict patterns of raw strings, by the type of field.
PATTERNS = {"integer": csvfile.INTEGER, "number": csvfile.DECIMAL}


# ------------------------------------------------------------------------------- the package


def package(folder: Path = DATA) -> dict:
    """The descriptor datapackage.json of ``folder`` as a dictionary."""
    return descriptor.read(Path(folder) / PACKAGE)


def names(folder: Path = DATA) -> list[str]:
    """Names of all tables, in the order of the package."""
    sys.audit("adoption.table", "*")
    return [resource["name"] for resource in package(folder)["resources"]]


def describe(name: str, folder: Path = DATA) -> dict:
    """Descriptor of one table: title, description, sources, licenses, schema, hash, bytes."""
    # Tells the build which tables a chapter uses; without a listener it does nothing.
    sys.audit("adoption.table", name)
    resources = package(folder)["resources"]
    for resource in resources:
        if resource["name"] == name:
            return resource
    known = ", ".join(resource["name"] for resource in resources)
    raise DataError(f"{label(Path(folder) / PACKAGE)}: found no table named {name!r}, "
                    f"expected one of {known}")


def path(name: str, folder: Path = DATA) -> Path:
    """The CSV file of one table."""
    return Path(folder) / f"{name}.csv"


# ------------------------------------------------------------------------------------ loading


def load(name: str, folder: Path = DATA) -> pd.DataFrame:
    """One table as a typed DataFrame, in the order of its file.

    Integers become int64 (Int64 where empty cells are allowed), numbers float64, strings str;
    empty cells are missing values. Opens the package and this table's file, no other.
    Raises DataError where the table differs from its description or contradicts itself.
    """
    return _load(describe(name, folder), folder)


def _load(resource: dict, folder: Path) -> pd.DataFrame:
    name = resource["name"]
    file = path(name, folder)
    table = _typed(resource, file)
    _check_keys(table, resource, file)
    for check_table in TABLE_CHECKS.get(name, ()):
        with _uses(file):
            check_table(table, file)
    table.attrs["table"] = f"data/{name}.csv"  # figures name where their numbers come from
    return table


def load_all(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    sys.audit("adoption.table", "*")
    return {resource["name"]: _load(resource, folder)
            for resource in package(folder)["resources"]}


@contextmanager
def _uses(file: Path) -> Iterator[None]:
    """For a check that needs columns (or tables) which an edited description may not have."""
    try:
        yield
    except (KeyError, AttributeError, TypeError) as error:
        raise DataError(f"{label(file)}: found {type(error).__name__}: {error}, expected the "
                        "tables, columns and cells that its checks use") from error


def _typed(resource: dict, file: Path) -> pd.DataFrame:
    """The raw cells of a table compared with the schema and typed."""
    fields = resource["schema"]["fields"]
    rows = csvfile.read(file, [field["name"] for field in fields])
    expected = resource.get("rows")
    if not rows or (expected is not None and len(rows) != expected):
        fail(file, "rows", f"{len(rows)} rows", f"{expected or 'at least one'}")
    return pd.DataFrame({
        field["name"]: pd.Series([
            _value(row[position], field, file, f"{row_place(index)}, column {field['name']}")
            for index, row in enumerate(rows)
        ], dtype=_dtype(field)) for position, field in enumerate(fields)})


def _dtype(field: dict) -> str:
    if field["type"] == "integer":
        return "int64" if field["constraints"].get("required") else "Int64"
    return {"number": "float64", "string": "str"}[field["type"]]


def _value(raw: str, field: dict, file: Path, place: str):
    """One raw string checked against its field and typed; None for an allowed empty cell."""
    constraints = field["constraints"]
    if raw == "":
        if constraints.get("required"):
            fail(file, place, "an empty cell", expectation(field))
        return None
    if field["type"] == "string":
        value = csvfile.words(raw, file, place)
    else:
        if not PATTERNS[field["type"]].fullmatch(raw):
            fail(file, place, repr(raw), expectation(field))
        value = int(raw) if field["type"] == "integer" else float(raw)
    in_range = (field["type"] == "string"
                or constraints.get("minimum", value) <= value <= constraints.get("maximum", value))
    listed = value in constraints.get("enum", (value,))
    if not (in_range and listed and re.fullmatch(constraints.get("pattern", ".*"), raw)):
        fail(file, place, repr(raw), expectation(field))
    return value


def expectation(field: dict) -> str:
    """In words, what a cell of ``field`` must hold: 'an integer >= 0', 'one of AI, RPA'."""
    constraints = field["constraints"]
    kind = {"integer": "an integer", "number": "a number", "string": "text"}[field["type"]]
    if "enum" in constraints:
        return "one of " + ", ".join(str(value) for value in constraints["enum"])
    if "expected" in field:  # what the field's pattern means, in words
        return field["expected"]
    low, high = constraints.get("minimum"), constraints.get("maximum")
    if low is not None and high is not None:
        return f"{kind} from {low} to {high}"
    if low is not None:
        return f"{kind} >= {low}"
    return kind if high is None else f"{kind} <= {high}"


def _check_keys(table: pd.DataFrame, resource: dict, file: Path) -> None:
    """Primary key and unique fields."""
    schema = resource["schema"]
    keys = [schema["primaryKey"], *([field["name"]] for field in schema["fields"]
                                    if field["constraints"].get("unique"))]
    for key in keys:
        first = {}
        cells = zip(*(table[name] for name in key), strict=True)
        for index, value in enumerate(cells):
            if value in first:
                shown = ", ".join(map(str, value))
                fail(file, f"{row_place(index)}, column {' + '.join(key)}",
                     f"({shown}) again, as in {row_place(first[value])}", "each key once")
            first[value] = index


# ------------------------------------------------------------- what one table must add up to


def _equal(file: Path, place: str, found, expected, why: str = "") -> None:
    if found != expected:
        fail(file, place, found, f"{expected}{why}")


def _check_stages(table: pd.DataFrame, file: Path) -> None:
    for technology, group in table.groupby("technology"):
        _equal(file, f"rows with technology {technology}, column bodies",
               f"sum {group.bodies.sum()}", f"sum {BODIES}", " (all local governments)")
    named = {1: "導入済み", 5: "検討未実施(導入予定なし)"}
    for index, (stage, label, english) in enumerate(
        zip(table.stage, table.label_ja, table.label_en, strict=True)
    ):
        expected = named.get(stage)
        if (None if pd.isna(label) else label) != expected or pd.isna(english) != pd.isna(label):
            fail(file, f"{row_place(index)}, columns label_ja and label_en", (label, english),
                 f"{expected or 'empty cells'} at stage {stage}")


def _check_joint_totals(table: pd.DataFrame, file: Path) -> None:
    """Each category's total is the sum over the three types of body."""
    category = table.columns[1]
    for value, group in table.groupby(category):
        parts = group.loc[group.body_type != "total", "bodies"].sum()
        total = group.loc[group.body_type == "total", "bodies"].sum()
        _equal(file, f"rows with {category} {value}, column bodies",
               f"total {total}", f"total {parts}", " (the sum of the three types)")


def _check_status_rows(table: pd.DataFrame, file: Path) -> None:
    """Every body of a type has exactly one status."""
    for kind, expected in {**KIND_COUNTS, "total": BODIES}.items():
        found = table.loc[table.body_type == kind, "bodies"].sum()
        _equal(file, f"rows with body_type {kind}, column bodies",
               f"sum {found}", f"sum {expected}")


def _check_labels(table: pd.DataFrame, file: Path) -> None:
    """Printed words and their codes go together, one to one."""
    for printed, code in (("phase_ja", "phase"), ("driver_ja", "driver"),
                          ("application_ja", "application_en"),
                          ("prefecture_ja", "prefecture_en")):
        for left, right in ((printed, code), (code, printed)):
            pairs = table[[left, right]].drop_duplicates()
            twice = pairs[pairs[left].duplicated(keep=False)]
            if len(twice):
                fail(file, f"columns {printed} and {code}", twice.to_numpy().tolist(),
                     "one code for one printed word")
    for index, (technology, application) in enumerate(
        zip(table.technology, table.application_ja, strict=True)
    ):
        if (technology == "RPA") != pd.isna(application):
            fail(file, f"{row_place(index)}, column application_ja", repr(application),
                 "an application for AI and an empty cell for RPA")


def _check_order(table: pd.DataFrame, file: Path) -> None:
    """``order`` counts from 1 within the other columns of the key."""
    groups = [name for name in ("slide", "consortium", "section", "guidebook")
              if name in table.columns]
    grouped = table.groupby(groups, sort=False) if groups else [((), table)]
    for key, group in grouped:
        found = group.order.tolist()
        _equal(file, f"rows with {groups} {key}, column order" if groups else "column order",
               found, list(range(1, len(found) + 1)))


def _check_intervals(table: pd.DataFrame, file: Path) -> None:
    """A complete grid of contiguous intervals from 0; populations possible; known totals."""
    others = [name for name in ("kind", "external_staff") if name in table.columns]
    grid = list(itertools.product(*(table[name].unique() for name in others)))
    cells = list(zip(*(table[name] for name in others), strict=True))
    spans = list(zip(table.lower.tolist(), table.upper.tolist(), strict=True))
    previous = 0
    for index, (lower, upper) in enumerate(spans):
        place = f"{row_place(index)}, interval [{lower}, {upper})"
        position = index % len(grid)
        if position == 0:
            _equal(file, f"{place}, column lower", lower, previous,
                   " (intervals start at 0 and follow each other without gap)")
            if upper <= lower:
                fail(file, f"{place}, column upper", upper, f"more than {lower}")
            previous = upper
        else:
            _equal(file, f"{place}, columns lower and upper", (lower, upper), spans[index - 1],
                   " as in the row before")
        _equal(file, f"{place}, {' and '.join(others)}", cells[index], grid[position],
               " (the same order in every interval)")
    _equal(file, "rows of the last interval", len(spans) % len(grid), 0, " missing")
    bounds = zip(table.lower, table.upper, table.bodies, table.population, strict=True)
    for index, (lower, upper, bodies, population) in enumerate(bounds):
        if not bodies * lower <= population <= bodies * (upper - 1):
            fail(file, f"{row_place(index)}, column population", population,
                 f"from {bodies * lower} to {bodies * (upper - 1)} for {bodies} bodies")
    for kind, expected in KIND_COUNTS.items():
        _equal(file, f"rows with kind {kind}, column bodies",
               f"sum {table.loc[table.kind == kind, 'bodies'].sum()}", f"sum {expected}")
    for what, rows in (("kind prefecture", table.kind == "prefecture"),
                       ("a municipal kind", table.kind != "prefecture")):
        _equal(file, f"rows with {what}, column population",
               f"sum {table.loc[rows, 'population'].sum()}", f"sum {NATION}",
               " (population of Japan)")


def _check_adopters(table: pd.DataFrame, file: Path) -> None:
    """Adopters of one technology or of both are possible numbers among the bodies."""
    cells = zip(table.bodies, table.ai, table.rpa, table.both, strict=True)
    for index, (bodies, ai, rpa, both) in enumerate(cells):
        for column, found in (("ai", ai), ("rpa", rpa)):
            if found > bodies:
                fail(file, f"{row_place(index)}, column {column}", found,
                     f"at most {bodies} bodies")
        low, high = max(0, ai + rpa - bodies), min(ai, rpa)
        if not low <= both <= high:
            fail(file, f"{row_place(index)}, column both", both, f"an integer from {low} to {high}")


def _check_published(table: pd.DataFrame, file: Path) -> None:
    for technology, group in table.groupby("technology"):
        _equal(file, f"rows with technology {technology}, column bodies",
               f"sum {group.bodies.sum()}", f"sum {MUNICIPALITIES}", " (all municipalities)")


def _check_neighbours(table: pd.DataFrame, file: Path) -> None:
    """The neighbours enclose the median, the pair's mean rounds half up to it."""
    for index, row in enumerate(table.itertuples()):
        if not row.nearest_below < row.median < row.nearest_above:
            fail(file, f"{row_place(index)}, columns nearest_below and nearest_above",
                 (row.nearest_below, row.nearest_above), f"values around {row.median}")
        mean = (row.pair_lower + row.pair_upper + 1) // 2
        if not row.pair_lower <= row.pair_upper or mean != row.median:
            fail(file, f"{row_place(index)}, columns pair_lower and pair_upper",
                 (row.pair_lower, row.pair_upper), f"a pair whose mean rounds to {row.median}")
        at = row.municipalities_at + row.prefectures_at
        if at == 1 and row.bodies_between < 1:
            fail(file, f"{row_place(index)}, column bodies_between", row.bodies_between,
                 "at least the one body at the median")


def _check_shares(table: pd.DataFrame, file: Path) -> None:
    """A percentage is the count over the known number of bodies, to at least one decimal."""
    totals = {"all": BODIES, **KIND_COUNTS}
    rows = zip(table.body_type, table.bodies, table.percent, strict=True)
    for index, (kind, bodies, percent) in enumerate(rows):
        if not pd.isna(bodies) and abs(100 * bodies / totals[kind] - percent) > 0.0500001:
            fail(file, f"{row_place(index)}, column percent", f"{percent:g}",
                 f"{100 * bodies / totals[kind]:.2f} % for {bodies} of {totals[kind]} bodies")


def _check_years(table: pd.DataFrame, file: Path) -> None:
    """A reference date lies in its fiscal year, April to March."""
    for index, (year, date) in enumerate(zip(table.survey_fy, table.reference_date, strict=True)):
        if not pd.isna(date) and year != int(date[:4]) - (int(date[5:7]) < 4):
            fail(file, f"{row_place(index)}, columns survey_fy and reference_date", (year, date),
                 f"a date from {year}-04 to {year + 1}-03")


TABLE_CHECKS = {
    "adoption-by-stage": (_check_stages,),
    "rpa-joint-use-status": (_check_joint_totals, _check_status_rows),
    "ai-joint-use-form": (_check_joint_totals,),
    "small-adopters": (_check_labels,),
    "consortium-notes": (_check_order,),
    "guidebook-contents": (_check_order,),
    "guidebook-problems": (_check_order,),
    "barriers": (_check_order,),
    "directions": (_check_order,),
    "statements": (_check_order,),
    "population-distribution-2015": (_check_intervals,),
    "median-neighbours": (_check_neighbours,),
    "adoption-2023-by-size": (_check_intervals, _check_adopters),
    "adoption-2023-published": (_check_published,),
    "later-surveys": (_check_shares, _check_years),
}


# --------------------------------------------------------------- what tables must say together


def _check_foreign_keys(tables: dict, folder: Path) -> None:
    for resource in package(folder)["resources"]:
        name, table = resource["name"], tables[resource["name"]]
        for key in resource["schema"].get("foreignKeys", ()):
            other, target = key["reference"]["resource"], key["reference"]["fields"]
            known = set(tables[other][target].itertuples(index=False, name=None))
            for index, value in enumerate(table[key["fields"]].itertuples(index=False, name=None)):
                if not any(pd.isna(cell) for cell in value) and value not in known:
                    fail(path(name, folder),
                         f"{row_place(index)}, column {' + '.join(key['fields'])}",
                         f"({', '.join(map(str, value))})",
                         f"a row of {other} with this {' + '.join(target)}")


def _check_printed_populations(tables: dict, folder: Path) -> None:
    """A printed population is some municipality's in the census; a body has one population."""
    distribution = tables["population-distribution-2015"]
    single = distribution[(distribution.upper == distribution.lower + 1)
                          & (distribution.kind == "other_municipality")
                          & (distribution.bodies > 0)]
    known = set(single.lower)
    first = {}
    for name, column in (("small-adopters", "body_ja"), ("consortium-members", "member_ja")):
        for index, row in tables[name].iterrows():
            place = f"{row_place(index)}, column population"
            if row.population not in known:
                fail(path(name, folder), place, row.population,
                     "the population of a municipality in population-distribution-2015")
            earlier = first.setdefault(row[column], row.population)
            if row.population != earlier:
                fail(path(name, folder), place, row.population,
                     f"{earlier} as in small-adopters for {row[column]}")


def _check_medians(tables: dict, folder: Path) -> None:
    """The neighbours are those of the published medians and agree with the distribution."""
    file = path("median-neighbours", folder)
    stages = tables["adoption-by-stage"].set_index(["technology", "stage"]).median_population
    distribution = tables["population-distribution-2015"]
    cells = distribution.set_index(["lower", "upper", "kind"]).bodies
    for index, row in tables["median-neighbours"].iterrows():
        published = stages[row.technology, row.stage]
        _equal(file, f"{row_place(index)}, column median", row["median"], published,
               " as in adoption-by-stage")
        try:
            at = cells.loc[row["median"], row["median"] + 1]
        except KeyError:
            fail(path("population-distribution-2015", folder), "columns lower and upper",
                 f"no interval [{row['median']}, {row['median'] + 1})",
                 "one for every published median")
        _equal(file, f"{row_place(index)}, column municipalities_at", row.municipalities_at,
               at.sum() - at["prefecture"], " as in population-distribution-2015")
        _equal(file, f"{row_place(index)}, column prefectures_at", row.prefectures_at,
               at["prefecture"], " as in population-distribution-2015")


def _check_consortium_figures(tables: dict, folder: Path) -> None:
    """A figure stands in its printed words; stated numbers of members are numbers of rows."""
    file = path("consortium-figures", folder)
    members = tables["consortium-members"].consortium.value_counts()
    for index, row in tables["consortium-figures"].iterrows():
        place = f"{row_place(index)}, column value"
        if str(row.value) not in re.findall("[0-9]+", row.text_ja):
            fail(file, place, row.value, f"a number that {row.text_ja!r} prints")
        if row.figure == "member_municipalities":
            _equal(file, place, row.value, members.get(row.consortium, 0),
                   " rows of consortium-members")


def _check_quotations(tables: dict, folder: Path) -> None:
    """Words quoted from a slide stand in a sentence of that slide; a misprint does too."""
    texts = {}
    for row in tables["statements"].itertuples():
        texts.setdefault(row.slide, []).append(row.text_ja)
    texts.setdefault(7, []).extend(tables["consortium-notes"].text_ja)
    medians = set(tables["adoption-by-stage"].median_population)
    for name, column in (("barriers", "text_ja"), ("directions", "text_ja"),
                         ("errata", "printed")):
        for index, row in tables[name].iterrows():
            if not any(row[column] in text for text in texts.get(row.slide, ())):
                fail(path(name, folder), f"{row_place(index)}, column {column}", repr(row[column]),
                     f"words that a sentence of slide {row.slide} prints (statements; "
                     "consortium-notes for slide 7)")
    for index, row in tables["directions"].iterrows():
        statements = tables["statements"]
        source = statements[(statements.slide == row.slide) & (statements.order == row.statement)]
        if not source.text_ja.str.contains(row.text_ja, regex=False).any():
            fail(path("directions", folder), f"{row_place(index)}, column statement", row.statement,
                 f"the sentence in statements that prints {row.text_ja!r}")
    for index, row in tables["consortium-figures"].iterrows():
        notes = tables["consortium-notes"]
        notes = notes[notes.consortium == row.consortium]
        if not notes.text_ja.str.contains(row.text_ja, regex=False).any():
            fail(path("consortium-figures", folder), f"{row_place(index)}, column text_ja",
                 repr(row.text_ja), "words that consortium-notes prints")
    for index, row in tables["errata"].iterrows():
        if row.read_as not in medians:
            fail(path("errata", folder), f"{row_place(index)}, column read_as", row.read_as,
                 "a median of adoption-by-stage")


def _check_mapping(tables: dict, folder: Path) -> None:
    """Every problem that the guidebook is to answer has a place in the mapping."""
    missing = set(tables["guidebook-problems"].order) - set(tables["problem-mapping"].problem)
    if missing:
        fail(path("problem-mapping", folder), "column problem", f"no row for {sorted(missing)}",
             "at least one row for every problem of guidebook-problems")


def _check_claims(tables: dict, folder: Path) -> None:
    """A claim quotes its sentence in both languages; a second place is complete or absent."""
    file = path("claims", folder)
    statements = tables["statements"].set_index(["slide", "order"])
    for index, row in tables["claims"].iterrows():
        sentence = statements.loc[(row.slide, row.statement)]
        for column in ("text_ja", "text_en"):
            if row[column] not in sentence[column]:
                fail(file, f"{row_place(index)}, column {column}", repr(row[column]),
                     f"words of sentence {row.statement} of slide {row.slide} (statements)")
        if pd.isna(row.again_slide) != pd.isna(row.again_statement):
            fail(file, f"{row_place(index)}, columns again_slide and again_statement",
                 "one of the two", "both or neither")


def _check_2023(tables: dict, folder: Path) -> None:
    """The tables of 2023 agree with the distribution of 2015 and with each other."""
    file = path("adoption-2023-by-size", folder)
    table, distribution = tables["adoption-2023-by-size"], tables["population-distribution-2015"]
    edges = {*distribution.lower, *distribution.upper}
    for index, (lower, upper) in enumerate(zip(table.lower, table.upper, strict=True)):
        for column, value in (("lower", lower), ("upper", upper)):
            if value not in edges:
                fail(file, f"{row_place(index)}, column {column}", value,
                     "an edge of population-distribution-2015")
    # per kind, bodies and people below an edge: an interval holds the difference of two
    below = distribution.pivot(index="upper", columns="kind", values=["bodies", "population"])
    below = below.cumsum().to_dict()
    sums = table.groupby(["lower", "upper", "kind"])[["bodies", "population"]].sum()
    for (lower, upper, kind), *found in sums.itertuples():
        for column, value in zip(sums.columns, found, strict=True):
            under = below[column, kind]
            _equal(file, f"rows with interval [{lower}, {upper}) and kind {kind}, column {column}",
                   f"sum {value}", f"sum {under[upper] - under.get(lower, 0)}",
                   " as in population-distribution-2015")
    municipal = table[table.kind != "prefecture"]
    published = path("adoption-2023-published", folder)
    for index, row in tables["adoption-2023-published"].iterrows():
        column = row.technology.lower()
        members = municipal[column]
        if row.state == "non_adopters":
            members = municipal.bodies - members
        _equal(published, f"{row_place(index)}, column bodies", row.bodies, members.sum(),
               " as in adoption-2023-by-size")
        # half of a group lies on either side of its median, at most
        for side, rows in (("below", municipal.upper <= row.median_population),
                           ("above", municipal.lower > row.median_population)):
            if members[rows].sum() > row.bodies / 2:
                fail(published, f"{row_place(index)}, column median_population",
                     f"{row.median_population} with {members[rows].sum()} of {row.bodies} {side}",
                     "at most half of them, as counted in adoption-2023-by-size")


CROSS_CHECKS = (
    _check_foreign_keys,
    _check_printed_populations,
    _check_medians,
    _check_consortium_figures,
    _check_quotations,
    _check_mapping, _check_claims,
    _check_2023,
)


def check_rows(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """Load all tables and check them against each other; returns them. Checksums play no part."""
    folder = Path(folder)
    tables = load_all(folder)
    for file in sorted(folder.glob("*.csv")):
        if file.stem not in tables:
            fail(folder / PACKAGE, "resources", f"no description of {label(file)}",
                 "one of every CSV file")
    for cross_check in CROSS_CHECKS:
        with _uses(folder / PACKAGE):
            cross_check(tables, folder)
    return tables


def digest(file: Path) -> tuple[int, str]:
    """Size in bytes and checksum of a file, as the package states them."""
    raw = Path(file).read_bytes()
    return len(raw), "sha256:" + hashlib.sha256(raw).hexdigest()


def check(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """Everything: rows, tables together, then the checksums, then the package by frictionless.

    In this order, so that an edited table is judged by what it says before it is judged by its
    checksum. Returns the tables; raises DataError at the first fault, ChecksumError if it is that
    of a checksum.
    """
    folder = Path(folder)
    tables = check_rows(folder)
    description = package(folder)
    for resource in description["resources"]:
        file = path(resource["name"], folder)
        for key, found in zip(("bytes", "hash"), digest(file), strict=True):
            _check_sum(file, f"property {key} of {PACKAGE}", found, resource[key])
    _check_sum(folder / PACKAGE, "property hash (of all but sizes and checksums of the tables)",
               descriptor.digest(description), description["hash"])
    _check_package(folder)
    return tables


def _check_sum(file: Path, place: str, found, stated) -> None:
    if found != stated:
        raise ChecksumError(f"{label(file)}, {place}: found {found}, expected {stated} "
                            "(after a change that is meant, run: python -m adoption.data)")


def _check_package(folder: Path) -> None:
    """The package as frictionless reads it."""
    from frictionless import validate  # slow to import, and only needed here

    report = validate(str(Path(folder) / PACKAGE))
    if not report.valid:
        faults = report.flatten(["rowNumber", "fieldName", "note"])
        raise DataError(f"{label(Path(folder) / PACKAGE)}: frictionless found {faults[:3]}, "
                        "expected a valid data package")


def renew(folder: Path = DATA) -> list[str]:
    """Check all rows, then write sizes and checksums into the package.

    Returns the names of the changed tables, and the package's where the description changed.
    """
    folder = Path(folder)
    check_rows(folder)
    description = package(folder)
    changed = []
    for resource in description["resources"]:
        size, checksum = digest(path(resource["name"], folder))
        if (resource["bytes"], resource["hash"]) != (size, checksum):
            changed.append(resource["name"])
        resource["bytes"], resource["hash"] = size, checksum
    if description["hash"] != descriptor.digest(description):
        changed.append(PACKAGE)
        description["hash"] = descriptor.digest(description)
    if changed:
        text = json.dumps(description, ensure_ascii=False, indent=2) + "\n"
        csvfile.write(folder / PACKAGE, text)
    return changed


# ----------------------------------------------------------------------------------- codebook


def _constraints(field: dict, schema: dict) -> Iterator[str]:
    constraints = field["constraints"]
    if "enum" in constraints:
        yield expectation(field)
    elif "expected" in field:
        yield field["expected"]
    elif "minimum" in constraints or "maximum" in constraints:
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
    return pd.DataFrame([
        {"Field": field["name"], "Type": field["type"], "Unit": field.get("unit", ""),
         "Values": "; ".join(_constraints(field, schema)), "Meaning": field["description"]}
        for field in schema["fields"]])


def main(arguments: list[str] | None = None) -> None:
    """Command line: renew the checksums, or with --check compare them."""
    parser = argparse.ArgumentParser(description="Check the tables of data/, renew checksums.")
    parser.add_argument("--check", action="store_true", help="change nothing, compare checksums")
    try:
        if parser.parse_args(arguments).check:
            print(f"{len(check())} tables: rows, package and checksums are in order")
        else:
            changed = renew()
            print(f"{len(names())} tables in order; checksums renewed: "
                  f"{', '.join(changed) or 'none'}")
    except DataError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
