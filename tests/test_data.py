"""The data layer: every table loads, every corruption of it is refused with a useful message."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from adoption import data, descriptor

ROOT = Path(__file__).resolve().parents[1]
SLIDES = ROOT.parent / "shared" / "source" / "mic-2020-ai-rpa-slides.txt"
NAMES = data.names()


LOADED = {}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of data/ to spoil; a table of the same bytes and description is read once for all tests."""
    load = data._load

    def remembered(resource, file):
        known = json.dumps(resource), file.name, file.read_bytes() if file.exists() else None
        if known not in LOADED:
            LOADED[known] = load(resource, file)
        return LOADED[known].copy()

    monkeypatch.setattr(data, "_load", remembered)
    target = tmp_path / "data"
    target.mkdir()
    for file in [*data.DATA.glob("*.csv"), data.DATA / data.PACKAGE]:
        shutil.copy(file, target)
    return target


@pytest.fixture
def bare(tmp_path):
    """A folder with the package alone, for a table to be written into."""
    target = tmp_path / "data"
    target.mkdir()
    shutil.copy(data.DATA / data.PACKAGE, target)
    return target


def rows_of(name):
    """Raw cells of a committed table, header first."""
    return list(csv.reader(io.StringIO(data.path(name).read_text(encoding="utf-8"))))


def few_rows_of(name):
    """As ``rows_of``, but of a long table whose length is free only the header and two rows."""
    rows = rows_of(name)
    return rows if "rows" in data.describe(name) else [*rows[:2], rows[-1]]


def text_of(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def refused(folder, name, content, *words):
    """Write ``content`` in place of a table; ``load`` must refuse it, saying ``words``."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8")
    data.path(name, folder).write_bytes(raw)
    with pytest.raises(data.DataError) as error:
        data.load(name, folder)
    message = str(error.value)
    for word in (f"data/{name}.csv", "found", "expected", *words):
        assert word in message, message
    return message


def fields(name, kind):
    return [field["name"] for field in data.describe(name)["schema"]["fields"] if field["type"] == kind]


def required(name):
    return [field["name"] for field in data.describe(name)["schema"]["fields"] if field["constraints"].get("required")]


# --- damage (of every kind: test_torture.py) ------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_missing_file_is_refused(bare, name):
    with pytest.raises(data.DataError, match=f"data/{name}.csv: found no such file, expected"):
        data.load(name, bare)


@pytest.mark.parametrize("name", NAMES)
def test_every_required_cell_must_be_there_and_unpadded(bare, name):
    rows = few_rows_of(name)
    for column in required(name):
        position = rows[0].index(column)
        for bad, words in (
            ("", ("an empty cell",)),
            (" " + rows[-1][position], ()),
            (rows[-1][position] + "\u3000", ()),
        ):
            spoilt = [*rows[:-1], [*rows[-1]]]
            spoilt[-1][position] = bad
            refused(bare, name, text_of(spoilt), f"column {column}", f"row {len(rows) - 1} (line {len(rows)})", *words)


BAD_NUMBERS = ["-5", "5.5", "many", "５", "1,788", " 5", "+5", "2_022", "05", "5e3", "nan", "-0", "9" * 16, "٣"]


@pytest.mark.parametrize("name", [name for name in NAMES if fields(name, "integer")])
def test_every_integer_column_refuses_what_is_no_integer(bare, name):
    rows = few_rows_of(name)
    for column in fields(name, "integer"):
        position = rows[0].index(column)
        for bad in BAD_NUMBERS:
            spoilt = [*rows[:-1], [*rows[-1]]]
            spoilt[-1][position] = bad
            message = refused(bare, name, text_of(spoilt), repr(bad), "an integer")
            assert f"row {len(rows) - 1} (line {len(rows)}), column {column}:" in message


@pytest.mark.parametrize("bad", ["-1", "100.1", "5,8", "+5", "5.", ".5", "５", "1e1", "nan", "05.0"])
def test_percentages_are_strict_too(bare, bad):
    rows = rows_of("later-surveys")
    rows[1][rows[0].index("percent")] = bad
    refused(bare, "later-surveys", text_of(rows), "row 1 (line 2), column percent", repr(bad))


@pytest.mark.parametrize("name", NAMES)
def test_codes_outside_their_list_are_refused(bare, name):
    rows = few_rows_of(name)
    for field in data.describe(name)["schema"]["fields"]:
        if "enum" in field["constraints"] and field["type"] == "string":
            spoilt = [rows[0], [*rows[1]], *rows[2:]]
            spoilt[1][rows[0].index(field["name"])] = "something else"
            refused(bare, name, text_of(spoilt), f"row 1 (line 2), column {field['name']}", "one of")


@pytest.mark.parametrize("name", NAMES)
def test_missing_rows_and_changed_values_are_noticed(folder, name):
    """Where rows and sums do not give a change away, the checksum does."""
    rows = rows_of(name)
    file = data.path(name, folder)
    file.write_text(text_of(rows[:-1]), encoding="utf-8", newline="\n")
    with pytest.raises(data.DataError, match="found .*expected"):
        data.check(folder)
    changed = [*rows[:-1], [*rows[-1]]]
    changed[-1][-1] += "1"
    file.write_text(text_of(changed), encoding="utf-8", newline="\n")
    with pytest.raises(data.DataError, match="found .*expected"):
        data.check(folder)


def test_checksum_is_compared_after_the_rows(folder, monkeypatch):
    """A meant change of a translation passes the rows and dies on its checksum, until renewed."""
    file = data.path("consortium-tasks", folder)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Light vehicle tax", "Tax on light vehicles"), encoding="utf-8", newline="\n")
    data.check_rows(folder)
    with pytest.raises(data.DataError, match="consortium-tasks.csv, property bytes .*expected"):
        data.check(folder)
    assert data.renew(folder) == ["consortium-tasks"]
    monkeypatch.setattr(data, "_check_package", lambda folder: None)  # slow, tested elsewhere
    data.check(folder)
    assert data.renew(folder) == []


def test_changed_description_is_noticed_and_renewed(folder, monkeypatch):
    """A looser description agrees with all tables: only its own checksum tells."""
    file = folder / data.PACKAGE
    file.write_text(file.read_text("utf-8").replace('"maximum": 5', '"maximum": 6', 1), "utf-8")
    data.check_rows(folder)
    with pytest.raises(data.ChecksumError, match="data/datapackage.json, property hash .*: found"):
        data.check(folder)
    assert data.renew(folder) == [data.PACKAGE]
    monkeypatch.setattr(data, "_check_package", lambda folder: None)  # slow, tested elsewhere
    data.check(folder)
    assert data.renew(folder) == []


def test_rows_are_judged_before_checksums(folder, monkeypatch):
    def refuse(folder):
        raise data.DataError("by its rows")

    edit(folder, "errata", 1, "reason", "Another reason")
    monkeypatch.setattr(data, "check_rows", refuse)
    for judge in (data.check, data.renew):
        with pytest.raises(data.DataError, match="by its rows"):
            judge(folder)


def describe_anew(folder, change):
    """Change the description in a copy of data/, in its canonical form."""
    description = data.package(folder)
    change({resource["name"]: resource for resource in description["resources"]}, description)
    (folder / data.PACKAGE).write_text(descriptor.dump(description), encoding="utf-8")


def without(folder, name, column):
    """Take a column away, and its description too."""
    rows = rows_of(name)
    position = rows[0].index(column)
    describe_anew(folder, lambda resources, _: resources[name]["schema"]["fields"].pop(position))
    rows = [[*row[:position], *row[position + 1 :]] for row in rows]
    data.path(name, folder).write_text(text_of(rows), encoding="utf-8", newline="\n")


@pytest.mark.parametrize(
    "name, column, place",
    [
        ("adoption-by-stage", "stage", "data/adoption-by-stage.csv"),
        ("barriers", "text_ja", "data/datapackage.json"),
        ("median-neighbours", "median", "data/median-neighbours.csv"),
    ],
)
def test_a_column_that_a_check_needs_is_missed(folder, name, column, place):
    without(folder, name, column)
    with pytest.raises(
        data.DataError,
        match=rf"^{place}: found \w+Error: .*{column}.*, expected "
        "the tables, columns and cells that its checks use",
    ):
        data.check_rows(folder)


def test_a_table_that_a_check_needs_is_missed(folder):
    describe_anew(folder, lambda resources, description: description["resources"].remove(resources["errata"]))
    data.path("errata", folder).unlink()
    with pytest.raises(data.DataError, match="data/datapackage.json: found KeyError: 'errata'"):
        data.check_rows(folder)


def test_renewing_leaves_faulty_tables_alone(folder):
    before = (folder / data.PACKAGE).read_bytes()
    file = data.path("adoption-by-stage", folder)
    file.write_text(file.read_text(encoding="utf-8").replace(",296,", ",297,"), encoding="utf-8", newline="\n")
    with pytest.raises(data.DataError, match="found sum 1789, expected sum 1788"):
        data.renew(folder)
    assert (folder / data.PACKAGE).read_bytes() == before


def test_stray_and_unknown_tables(folder):
    (folder / "stray.csv").write_text("a\n1\n")
    with pytest.raises(data.DataError, match="found no description of data/stray.csv, expected"):
        data.check_rows(folder)
    with pytest.raises(data.DataError, match="no table named 'strays', expected one of adoption-"):
        data.load("strays", folder)


def test_broken_package(folder, tmp_path):
    with pytest.raises(data.DataError, match="found no such file, expected the data package"):
        data.names(tmp_path)
    (folder / data.PACKAGE).write_text("{")
    with pytest.raises(data.DataError, match="json: found no JSON .Expecting .* line 1 column 2.*"):
        data.names(folder)


# --------------------------------------------------------------- what types and keys cannot say


def edit(folder, name, row, column, value):
    """Change one cell (rows count from 1) in the copy of a table."""
    rows = list(csv.reader(io.StringIO(data.path(name, folder).read_text(encoding="utf-8"))))
    rows[row][rows[0].index(column)] = str(value)
    data.path(name, folder).write_text(text_of(rows), encoding="utf-8", newline="\n")


def find(name, **values):
    """Number (from 1) of the only row of a committed table with these values."""
    table = data.load(name)
    hits = table[(table[list(values)] == pd.Series(values)).all(axis=1)]
    assert len(hits) == 1, hits
    return hits.index[0] + 1


CONTRADICTIONS = {
    "stage counts": (
        "adoption-by-stage",
        3,
        "bodies",
        59,
        "technology AI, column bodies: found sum 1789, expected sum 1788",
    ),
    "label of a stage": ("adoption-by-stage", 2, "label_ja", "導入済み", "row 2 (line 3), column"),
    "status row": (
        "rpa-joint-use-status",
        2,
        "bodies",
        38,
        "body_type prefecture, column bodies: found sum 46, expected sum 47",
    ),
    "form total": (
        "ai-joint-use-form",
        10,
        "bodies",
        11,
        "form jointly_built_system, column bodies: found sum 11, expected sum 10",
    ),
    "phase of a body": ("small-adopters", 1, "phase", "operation", "phase"),
    "driver of a body": ("small-adopters", 1, "driver", "prefecture_led", "driver"),
    "RPA with application": ("small-adopters", 6, "application_ja", "OCR", "application"),
    "order of notes": ("consortium-notes", 3, "order", 3, "row 3 (line 4), column order: found order 3, number 2"),
    "order of contents": ("guidebook-contents", 1, "order", 14, "column order"),
    "order of problems": ("guidebook-problems", 7, "order", 8, "column order"),
    "gap": ("population-distribution-2015", 4, "lower", 2, "expected"),
    "impossible population": (
        "population-distribution-2015",
        3,
        "population",
        1,
        "found bodies 4, lower 0, population 1, upper 1, expected bodies",
    ),
    "unordered neighbours": (
        "median-neighbours",
        1,
        "nearest_below",
        108174,
        "found nearest_below 108174, median 108174",
    ),
    "sizes outside their interval": ("strangers-sizes", 1, "size", 179, "found bodies 2, lower 80, size 179, upper 90"),
    "pair off the median": ("median-neighbours", 2, "pair_upper", 64755, "found pair_lower 63621, pair_upper 64755"),
    "2023 sum": (
        "adoption-2023-published",
        1,
        "bodies",
        880,
        "technology AI, column bodies: found sum 1742, expected sum 1741",
    ),
    "date of another year": (
        "later-surveys",
        1,
        "survey_fy",
        2019,
        "row 1 (line 2), column survey_fy: found survey_fy 2019, year 2018",
    ),
    "half a second place": ("claims", 1, "again_slide", 10, "found again_slide 10, again_statement <NA>"),
    "percentage by two sources": ("later-surveys", 5, "percent", 61, "found percent 61.0, by_another_source 60.0"),
    "share of a count": ("later-surveys", 3, "percent", 25, "column percent"),
    "two editions as one": ("later-surveys", 106, "edition", "preliminary", "by_another_source"),
    "percentage not quoted": ("later-surveys", 101, "percent", "28.9", "a number that the row's quotation prints"),
    "figure not quoted": ("quoted-figures", 2, "value", 76, "found value 76.0, quotation '5万人以上"),
    "hours not quoted": ("imizu-hours", 3, "after", 71, "found saved 111, before 183, after 71"),
    "two municipalities": ("adoption-2023-by-prefecture", 9, "bodies", 2, "expected an integer from 3 to 1741"),
    "empty interval": ("bodies-by-prefecture", 1, "bodies", 0, "expected an integer from 1 to 1741"),
    "index out of its group": ("adoption-2023-by-fiscal-strength", 2, "fiscal_strength", 33, "bodies * index_lower"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_within_a_table(folder, case):
    name, row, column, value, words = CONTRADICTIONS[case]
    edit(folder, name, row, column, value)
    with pytest.raises(data.DataError) as error:
        data.load(name, folder)
    assert words in str(error.value)
    assert re.match(rf"data/{name}\.csv, .*: found .*, expected .*", str(error.value), re.DOTALL)


@pytest.mark.parametrize("column", ["ai", "rpa", "both"])
def test_impossible_adopters(folder, column):
    name = "adoption-2023-by-size"
    table = data.load(name)
    row = find(name, lower=1, kind="other_municipality", external_staff="no")
    edit(folder, name, row, column, int(table.bodies[row - 1]) + 1)
    with pytest.raises(data.DataError, match=rf"row {row} \(line {row + 1}\), column.*{column}"):
        data.load(name, folder)


def test_status_row_must_sum_to_the_bodies_of_its_type(folder):
    edit(folder, "rpa-joint-use-status", 2, "bodies", 38)
    edit(folder, "rpa-joint-use-status", 11, "bodies", 1677)
    with pytest.raises(data.DataError, match="type prefecture, .*found sum 46, expected sum 47"):
        data.load("rpa-joint-use-status", folder)


def test_distribution_must_sum_to_the_nation(folder):
    name = "population-distribution-2015"
    table = data.load(name)
    row = int(table[table.bodies > 5].index[-1]) + 1
    edit(folder, name, row, "population", int(table.population[row - 1]) + 1)
    with pytest.raises(data.DataError, match="column population: found sum .*expected sum 1270947"):
        data.load(name, folder)
    edit(folder, name, row, "population", int(table.population[row - 1]))
    edit(folder, name, row, "bodies", int(table.bodies[row - 1]) - 1)
    with pytest.raises(data.DataError, match="found"):
        data.load(name, folder)


def test_incomplete_grid_of_intervals(bare):
    name = "population-distribution-2015"
    rows = rows_of(name)
    refused(bare, name, text_of(rows[:10] + rows[11:]), "interval")
    refused(bare, name, text_of([rows[0], *rows[4:]]), "lower == last_upper")
    refused(bare, name, text_of([rows[0], rows[2], rows[1], *rows[3:]]))


BETWEEN_TABLES = {
    "squares of other bodies": (
        "fiscal-strength-by-prefecture",
        1,
        "log2_population_squared",
        7306.010857,
        "row 1 (line 2), columns log2_population and bodies and log2_population_squared: found",
    ),
    "products of other bodies": (
        "fiscal-strength-by-prefecture",
        1,
        "fiscal_strength_log2_population",
        "200.5",
        "row 1 (line 2), columns fiscal_strength and fiscal_strength_log2_population: found",
    ),
    "logarithms of other bodies": (
        "adoption-2023-by-fiscal-strength",
        2,
        "log2_population",
        26.57542476,
        "row 2 (line 3), columns bodies and log2_population: found bodies 164, log2_population 26.57542476, low",
    ),
    "population twice": (
        "small-adopters",
        5,
        "population",
        31691,
        "consortium-members.csv, row 2 (line 3), column population: found population 31105, earlier 31691",
    ),
    "population unknown": (
        "consortium-members",
        6,
        "population",
        92309,
        "consortium-members.csv, row 6 (line 7), column population: "
        "found 92309, expected the population of a municipality",
    ),
    "median differs": (
        "adoption-by-stage",
        4,
        "median_population",
        29639,
        "median-neighbours.csv, row 4 (line 5), column median: found median 29638, printed 29639",
    ),
    "body at the median": (
        "median-neighbours",
        2,
        "municipalities_at",
        1,
        "column municipalities_at: found municipalities_at 1, counted 0",
    ),
    "prefecture at the median": (
        "median-neighbours",
        2,
        "prefectures_at",
        1,
        "column prefectures_at: found prefectures_at 1, counted 0",
    ),
    "body at the median skipped": (
        "median-neighbours",
        1,
        "bodies_between",
        0,
        "column bodies_between: found bodies_between 0, inside 86",
    ),
    "members stated": (
        "consortium-members",
        6,
        "consortium",
        "nara",
        "consortium-figures.csv, row 3 (line 4), columns figure and value: found "
        "figure 'member_municipalities', value 5, members 6",
    ),
    "figure not printed": (
        "consortium-figures",
        4,
        "value",
        9,
        "found value 9, text_ja '富山県内の8市町村', expected a number that the words",
    ),
    "members' words": ("consortium-figures", 4, "text_ja", "富山県にある8市町村", "consortium-notes"),
    "barrier not printed": ("barriers", 3, "text_ja", "費用が高い", "a sentence of its slide"),
    "direction not printed": ("directions", 1, "text_ja", "国が主導する", "the sentence in statements"),
    "direction of another sentence": ("directions", 1, "statement", 4, "the sentence in statements"),
    "direction of no sentence": ("directions", 1, "statement", 9, "a row of statements"),
    "problem of no number": ("problem-mapping", 1, "problem", 8, "a row of guidebook-problems"),
    "item of no number": ("problem-mapping", 1, "item", 23, "a row of guidebook-contents"),
    "problem without an item": ("problem-mapping", 10, "problem", 4, "row 5 (line 6), column order: found 5"),
    "claim not printed": ("claims", 1, "text_ja", "小規模な団体", "the sentence in statements"),
    "claim of another sentence": ("claims", 1, "statement", 2, "the sentence in statements"),
    "claim of no sentence": ("claims", 1, "statement", 9, "a row of statements"),
    "claim not translated": ("claims", 2, "text_en", "for RPA also", "the sentence in statements"),
    "second place nowhere": ("claims", 3, "again_statement", 99, "a row of statements"),
    "misprint not printed": ("errata", 1, "printed", "1,087,174", "a sentence of its slide"),
    "misprint of no median": ("errata", 1, "read_as", 108175, "a median of adoption-by-stage"),
    "stages beside the frame": ("strangers", 2, "bodies", 62, "found bodies 359, other_stages 62, in_frame 420"),
    "sizes beside the stages": ("strangers-sizes", 17, "bodies", 21, "strangers.csv, row 1"),
    "truth of another stage": ("strangers-truth", 1, "stage_1_in_quarter_1", 85, "others 275, stage_1 359, expected"),
    "bodies of a prefecture": (
        "bodies-by-prefecture",
        2,
        "population",
        833,
        "kind other_municipality and upper up to 5000, column population: found sum",
    ),
    "adopters by prefecture": ("adoption-2023-by-prefecture", 1, "ai", 3, "column ai: found sum 880, expected sum 879"),
    "logarithms of a prefecture": (
        "adoption-2023-by-prefecture",
        1,
        "log2_population_ai",
        "39.5",
        "log2_population_ai 39.5",
    ),
    "adopters by strength": ("adoption-2023-by-fiscal-strength", 3, "rpa", 4, "upper up to 5000, column rpa: found"),
    "strength by prefecture": ("fiscal-strength-by-prefecture", 1, "bodies", 78, "prefecture 01, column bodies: found"),
    "sum of the index": ("fiscal-strength-by-prefecture", 1, "fiscal_strength", "15.68", "column fiscal_strength: "),
    "named population": ("named-bodies-2023", 2, "population", 20914, "found population 20914, printed 20913"),
    "nobody is named so": ("named-bodies-2023", 2, "name_ja", "会津坂下町", "a municipality of small-adopters"),
    "area of no task": ("imizu-hours", 1, "area_ja", "固定資産税", "a row of consortium-tasks"),
    "2023 median": ("adoption-2023-published", 1, "median_population", 9168, "expected above <= bodies / 2"),
}


@pytest.mark.parametrize("case", BETWEEN_TABLES)
def test_contradictions_between_tables(folder, case):
    name, row, column, value, words = BETWEEN_TABLES[case]
    edit(folder, name, row, column, value)
    data.load(name, folder)
    with pytest.raises(data.DataError) as error:
        data.check_rows(folder)
    assert words in str(error.value)
    assert re.match(r"data/[\w-]+\.csv, .*: found .*, expected .*", str(error.value), re.DOTALL)


def test_readers_of_the_guidebook_exist(folder):
    edit(folder, "guidebook-readers", 1, "reader", "primary")
    with pytest.raises(data.DataError, match="column reader: found 'primary', expected each key"):
        data.check_rows(folder)
    describe_anew(
        folder,
        lambda resources, _: resources["guidebook-readers"]["schema"]["fields"][0]["constraints"].update(
            enum=["primary", "other"]
        ),
    )
    edit(folder, "guidebook-readers", 1, "reader", "other")
    with pytest.raises(data.DataError, match="column reader: .*secondary.*a row of guidebook-re"):
        data.check_rows(folder)


def test_2023_agrees_with_2015(folder):
    """People moved between two intervals keep every sum and are still noticed."""
    name = "adoption-2023-by-size"
    table = data.load(name)
    first, second = table[
        (table.kind == "other_municipality")
        & (table.external_staff == "no")
        & (table.bodies > 10)
        & (table.lower > 100)
    ].index[:2]
    edit(folder, name, first + 1, "population", table.population[first] + 1)
    edit(folder, name, second + 1, "population", table.population[second] - 1)
    data.load(name, folder)
    with pytest.raises(data.DataError, match=f"data/{name}.csv, row .*, distribution_2015 "):
        data.check_rows(folder)


# ------------------------------------------------------------------------------- what is there


def test_everything_is_in_order():
    """Rows, tables together, checksums, and the package as frictionless reads it."""
    tables = data.check()
    assert list(tables) == NAMES
    assert {file.stem for file in data.DATA.glob("*.csv")} == set(NAMES)


def test_frictionless_has_its_say(folder):
    """A fault that only frictionless knows: a descriptor that breaks the standard."""
    descriptor = data.package(folder)
    descriptor["resources"][0]["schema"]["fields"][0]["type"] = "strings"
    (folder / data.PACKAGE).write_text(json.dumps(descriptor), encoding="utf-8")
    with pytest.raises(data.DataError, match="datapackage.json: frictionless found .*expected"):
        data._check_package(folder)


def test_types():
    stages = data.load("adoption-by-stage")
    assert stages.dtypes.astype(str).to_dict() == {
        "technology": "str",
        "stage": "int64",
        "label_ja": "str",
        "label_en": "str",
        "bodies": "int64",
        "median_population": "int64",
    }
    later = data.load("later-surveys")
    assert str(later.bodies.dtype) == "Int64" and later.bodies.isna().any()
    assert later.percent.dtype == float
    assert stages.label_ja.isna().sum() == 6


def run(code):
    """Standard output of a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_loading_opens_only_the_package_and_the_table():
    """The build traces which files a chapter opens, so that is what decides when it runs again."""
    opened = run("""if True:
        import sys
        from adoption import data, descriptor
        folder = str(data.DATA)
        sys.addaudithook(lambda event, args: event == "open" and str(args[0]).startswith(folder)
                         and print(args[0][len(folder) + 1:]))
        data.load("adoption-by-stage")
        """).split()
    assert set(opened) == {"datapackage.json", "adoption-by-stage.csv"}


def test_loading_does_not_import_frictionless():
    out = run("import sys; from adoption import data; data.load_all(); print(*sys.modules)").split()
    assert "pandas" in out and "frictionless" not in out


def test_every_field_is_described():
    for name in NAMES:
        resource = data.describe(name)
        assert resource["title"] and resource["description"] and resource["sources"]
        assert resource["licenses"] and resource["schema"]["primaryKey"]
        assert resource["hash"].startswith("sha256:") and resource["bytes"] > 0
        for field in resource["schema"]["fields"]:
            assert field["description"], (name, field["name"])
            assert ("unit" in field) == (field["type"] != "string"), (name, field["name"])


def test_field_table_has_every_field():
    for name in NAMES:
        fields = data.describe(name)["schema"]["fields"]
        table = data.field_table(name)
        assert table["Field"].tolist() == [field["name"] for field in fields]
        assert table["Type"].tolist() == [field["type"] for field in fields]
        assert table["Meaning"].tolist() == [field["description"] for field in fields]


def test_command_line(capsys, monkeypatch, folder):
    monkeypatch.setattr(data, "check", lambda: data.load_all(folder))
    data.main(["--check"])
    printed = capsys.readouterr().out
    assert f"{len(NAMES)} tables: rows, package and checksums are in order" in printed
    data.path("errata", folder).unlink()
    with pytest.raises(SystemExit, match="data/errata.csv: found no such file, expected a table"):
        data.main(["--check"])


# ---------------------------------------------------------------------------- against the slides


def squeezed(text):
    """Text without any white space, full-width spaces included."""
    return "".join(text.split())


@pytest.fixture(scope="module")
def slides():
    """Text of each slide, without white space; the dump separates slides by a form feed."""
    if not SLIDES.is_file():
        if os.environ.get("REQUIRE_SHARED") == "1":
            pytest.fail(f"{SLIDES} is missing and REQUIRE_SHARED=1")
        pytest.skip("the text dump of the slides is not beside this repository (../shared)")
    text = SLIDES.read_text(encoding="utf-8")
    parts = re.split(r"(?m)^\f?\s*(\d+)(?=\([12]\)|（３）|\(3\)|（[12]）)", text)
    found = {int(number): squeezed(part) for number, part in zip(parts[1::2], parts[2::2], strict=True)}
    return found


def number(value):
    return f"{value:,}"


def printed_cells():
    """(slide, text) of every cell that claims to be printed, longest texts first."""
    load = data.load
    yield from ((4, t) for t in load("adoption-by-stage").label_ja.dropna())
    for row in load("adoption-by-stage").itertuples():
        yield 4, str(row.bodies)
        yield 4, number(row.median_population)
    for row in load("small-adopters").itertuples():
        shown = f"{row.technology}({row.application_ja})" if row.technology == "AI" else "RPA"
        yield 6, (f"{row.prefecture_ja}{row.body_ja}{number(row.population)}{shown}{row.phase_ja}{row.driver_ja}")
    for row in load("consortium-members").itertuples():
        yield 7, f"{row.member_ja}{number(row.population)}人"
    for row in load("consortium-tasks").itertuples():
        yield 7, row.area_ja + row.task_ja
    for name in ("consortium-notes", "consortium-figures"):
        yield from ((7, text) for text in load(name).text_ja)
    for row in load("guidebook-contents").itertuples():
        slide = 8 if row.guidebook == "AI" else 9
        yield slide, row.item_ja
        yield slide, row.part_ja
        if not pd.isna(row.group_ja):
            yield slide, f"[{row.group_ja}]"
    yield from ((9, text) for text in load("guidebook-readers").text_ja)
    yield from ((9, text) for text in load("guidebook-problems").problem_ja)
    for name in ("statements", "barriers", "directions", "claims"):
        yield from ((row.slide, row.text_ja) for row in load(name).itertuples())
    yield from ((row.slide, row.printed) for row in load("errata").itertuples())


def test_every_japanese_text_is_printed_on_its_slide(slides):
    cells = [(slide, squeezed(text)) for slide, text in printed_cells()]
    assert len(cells) > 150
    missing = [(slide, text) for slide, text in cells if text not in slides[slide]]
    assert not missing


def test_joint_use_tables_are_the_printed_rows(slides):
    for name, heading in (("rpa-joint-use-status", "実施中実施予定なし検討中"), ("ai-joint-use-form", "その他")):
        table = data.load(name)
        column = table.columns[1]
        wide = table.pivot(index="body_type", columns=column, values="bodies")
        labels = dict(
            zip(
                ("prefecture", "designated_city", "other_municipality", "total"),
                ("都道府県", "指定都市", "その他の市区町村", "合計"),
                strict=True,
            )
        )
        columns = table[column].unique()
        printed = "".join(label + "".join(map(str, wide.loc[kind, columns])) for kind, label in labels.items())
        assert heading + printed in slides[5]


# What remains of each slide when the cells of all tables are taken away.
AXIS = "020,00040,00060,00080,000100,000120,0000100200300400500600700"
LEFT = {
    4: "(1)地方自治体におけるAI・RPAの導入状況（人口規模による比較）"
    "AI導入状況と人口規模の比較RPA導入状況と人口規模の比較"
    f"{AXIS}団体数人口中央値人口団体数{AXIS}800団体数人口中央値人口団体数",
    5: "(1)地方自治体におけるAI・RPAの導入状況（共同利用の導入・検討状況）"  # and the two tables,
    "区分実施中実施予定なし検討中都道府県0398指定都市0191"  # which have a test of their own
    "その他の市区町村11162090合計11167899AIの共同利用の形式RPAの共同利用での導入状況"
    "区分複数の自治体で共同でシステムを構築し、利用している"
    "複数の自治体で共同でサービス（ソフトウェアライセンスを含む）を契約し、利用しているその他"
    "都道府県100指定都市214その他の市区町村72015合計102119",
    6: "(1)地方自治体におけるAI・RPAの導入状況（小規模団体の導入状況）団体名人口導入区分導入状況導入要因",
    7: "(1)地方自治体におけるAI・RPAの導入状況（共同利用の事例）"
    "奈良県によるAIチャットボット共同利用富山県内8市町村でのRPA共同利用"
    "【導入背景】【導入内容】【導入のポイント】参加団体人口参加団体人口業務区分導入対象業務名"
    "【導入背景】【導入のポイント】",
    8: "(2)導入ガイドブックの策定（AI導入ガイドブック）",
    9: "(2)導入ガイドブックの策定（RPA導入ガイドブック）ガイドブックの目次構成（予定）"
    "１．３．４．（、）自治体の抱える課題２．",
    10: "（３）今後の課題と方向性",
}


@pytest.mark.parametrize("slide", LEFT)
def test_nothing_of_the_slides_is_left_out(slides, slide):
    """What no table holds is titles, headings of tables, bullets and axes, and nothing else."""
    rest = slides[slide]
    cells = [squeezed(text) for place, text in printed_cells() if place == slide]
    for text in sorted(cells, key=len, reverse=True):
        rest = rest.replace(text, "\n")
    assert re.sub(r"[\n•]|(?<=\n)・|(?<=．\n)・", "", rest) == LEFT[slide]
