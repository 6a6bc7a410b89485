"""The builders: on an invented country of the same shape, and against the official files.

The official files are no part of the repository. Where the folder ../shared holds them, the
committed tables are rebuilt and compared byte for byte, and their counts are checked against
the files by another route than the builders' own.
"""

import csv
import importlib
import io
import itertools
import math
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adoption import data

ROOT = Path(__file__).resolve().parents[1]
BUILDERS = ROOT / "data" / "builders"
SHARED = ROOT.parent / "shared"
CENSUS = SHARED / "census" / "001_00.csv"
MUNICIPALITIES = SHARED / "dashboard" / "municipalities.csv"
PREFECTURES = SHARED / "dashboard" / "prefectures.csv"
FISCAL = SHARED / "fiscal" / "mic-main-fiscal-indices-municipalities-FY2019.xlsx"
NATION = 127_094_745
LIMITS = [1000 * k for k in (5, 10, 30, 50, 100, 200, 300, 500, 1000)]


@pytest.fixture(scope="module")
def builders():
    """The builders' modules, imported as the scripts import each other."""
    sys.path.insert(0, str(BUILDERS))
    try:
        names = ("sources", "intervals", "build_population", "build_adoption_2023", "build_fiscal_strength")
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(BUILDERS))


@pytest.fixture(scope="module")
def shared():
    """The official files, or the reason why there are none."""
    missing = [file for file in (CENSUS, MUNICIPALITIES, PREFECTURES, FISCAL) if not file.is_file()]
    if missing:
        if os.environ.get("REQUIRE_SHARED") == "1":
            pytest.fail(f"REQUIRE_SHARED=1 and missing: {', '.join(map(str, missing))}")
        pytest.skip("the official files are not beside this repository (../shared)")


# ------------------------------------------------------------------------ the official files


def test_committed_tables_are_what_the_builders_build(shared, tmp_path):
    """The scripts as a reader runs them, in a folder of their own: the same bytes."""
    for script, sources in (
        ("build_adoption_2023.py", (CENSUS, MUNICIPALITIES, PREFECTURES)),
        ("build_population.py", (CENSUS,)),
        ("build_fiscal_strength.py", (CENSUS, MUNICIPALITIES, FISCAL)),
    ):
        subprocess.run([sys.executable, BUILDERS / script, *sources, "--out", tmp_path], check=True, cwd=tmp_path)
    built = sorted(tmp_path.glob("*.csv"))
    assert [file.stem for file in built] == [
        "adoption-2023-by-fiscal-strength",
        "adoption-2023-by-prefecture",
        "adoption-2023-by-size",
        "adoption-2023-published",
        "bodies-by-prefecture",
        "fiscal-strength-by-prefecture",
        "median-neighbours",
        "named-bodies-2023",
        "population-distribution-2015",
    ]
    for file in built:
        assert file.read_bytes() == (data.DATA / file.name).read_bytes(), file.name


@pytest.fixture(scope="module")
def bodies(shared):
    """The 1,788 bodies by pandas and plain filters, an independent reading of the file."""
    table = pd.read_csv(CENSUS, encoding="cp932", header=None, skiprows=10, dtype=str)
    table = table[[2, 3, 4, 6, 7]].set_axis(["code", "id", "year", "name", "population"], axis=1)
    table = table[(table.year == "2015") & table.code.notna()]
    prefecture = (table.id == "a") & (table.code != "00000")
    city = (table.id == "1") & (table.code != "13100")
    ward = (table.id == "0") & (table.code.str[:3] == "131")
    other = table.id.isin(["2", "3"]) | ward
    table["kind"] = np.select([prefecture, city, other], ["prefecture", "designated_city", "other_municipality"], "")
    table = table[table.kind != ""].astype({"population": int}).reset_index(drop=True)
    assert len(table) == 1788 and ward.sum() == 23
    return table


@pytest.fixture(scope="module")
def adopters(bodies):
    """Municipalities and prefectures with their answers of 2023, joined without the builders.

    The one town that became a city in between (its column moves) is taken out of both lists,
    the rest is joined by position and the town put back with its own answers.
    """
    parts = []
    for file, rows in (
        (MUNICIPALITIES, bodies[bodies.kind != "prefecture"]),
        (PREFECTURES, bodies[bodies.kind == "prefecture"]),
    ):
        table = pd.read_csv(file, header=0, index_col=1, dtype=str)
        answers = table.iloc[:, 1:].loc[["外部人材活用", "AIの導入状況", "RPAの導入状況"]].T
        answers = answers[answers.notna().all(axis=1)].set_axis(["staff", "ai", "rpa"], axis=1)
        moved = answers.index == "富谷市"
        rows = pd.concat([rows[rows.name != "富谷町"], rows[rows.name == "富谷町"]])
        answers = pd.concat([answers[~moved], answers[moved]])
        assert len(rows) == len(answers)
        # of the joined names all but a handful agree to the letter
        assert (rows.name.to_numpy() != answers.index.str.replace(r"\.\d+$", "", regex=True)).sum() <= 4
        parts.append(pd.concat([rows.reset_index(drop=True), answers.reset_index(drop=True)], axis=1))
    table = pd.concat(parts, ignore_index=True)
    table["staff"] = table.staff.map({"実施": "yes", "未実施": "no", "調査無し": "not_surveyed"})
    table[["ai", "rpa"]] = table[["ai", "rpa"]] == "実施"
    return table


def points():
    """Values with an exact count below, at and above: medians and printed populations."""
    return {
        *data.load("adoption-by-stage").median_population,
        *data.load("adoption-2023-published").median_population,
        *data.load("small-adopters").population,
        *data.load("consortium-members").population,
    }


def test_distribution_counts_agree_with_the_census(bodies):
    table = data.load("population-distribution-2015")
    assert len(points()) == 10 + 4 + 18
    for kind, own in bodies.groupby("kind").population:
        rows = table[table.kind == kind]
        for value in points():
            assert rows.bodies[rows.upper <= value].sum() == (own < value).sum()
            assert rows.bodies[rows.lower == value].sum() == (own == value).sum()
            assert rows.bodies[rows.lower > value].sum() == (own > value).sum()
            assert rows.population[rows.upper <= value].sum() == own[own < value].sum()
            assert ((rows.lower == value) & (rows.upper == value + 1)).sum() == 1
        for low, high in itertools.pairwise([0, *LIMITS, math.inf]):
            inside = (rows.lower >= low) & (rows.upper <= high)
            if high == math.inf:
                inside = rows.lower >= low
            assert rows.bodies[inside].sum() == ((own >= low) & (own < high)).sum()
            assert rows.population[inside].sum() == own[(own >= low) & (own < high)].sum()
    assert (bodies.population == 0).sum() == table.bodies[table.upper == 1].sum() == 4


def test_printed_populations_are_those_of_the_named_bodies(bodies):
    by_name = bodies.assign(prefecture=bodies.code.str[:2]).set_index(["prefecture", "name"])
    prefectures = bodies[bodies.kind == "prefecture"]
    codes = dict(zip(prefectures.name, prefectures.code.str[:2], strict=True))
    printed = [
        (codes[row.prefecture_ja], row.body_ja, row.population) for row in data.load("small-adopters").itertuples()
    ]
    printed += [
        (codes[{"nara": "奈良県", "toyama": "富山県"}[row.consortium]], row.member_ja, row.population)
        for row in data.load("consortium-members").itertuples()
    ]
    assert len(set(printed)) == 18
    for prefecture, name, population in printed:
        assert by_name.population[prefecture, name] == population


def test_figures_about_nara_are_those_of_the_census(bodies):
    nara = bodies[bodies.code.str.startswith("29") & (bodies.kind != "prefecture")]
    stated = data.load("consortium-figures").set_index(["consortium", "figure"]).value
    assert stated["nara", "municipalities_in_prefecture"] == len(nara)
    assert stated["nara", "municipalities_under_50000"] == (nara.population < 50_000).sum()


def test_neighbours_agree_with_the_census(bodies):
    """Every pair of the 1,788 bodies, by brute force."""
    sizes = np.sort(bodies.population.to_numpy())
    first, second = np.triu_indices(sizes.size, k=1)
    rounded = (sizes[first] + sizes[second] + 1) // 2
    for row in data.load("median-neighbours").itertuples():
        own = bodies[bodies.population == row.median].kind
        assert (own != "prefecture").sum() == row.municipalities_at
        assert (own == "prefecture").sum() == row.prefectures_at
        assert sizes[sizes < row.median][-1] == row.nearest_below
        assert sizes[sizes > row.median][0] == row.nearest_above
        hits = rounded == row.median
        between = second[hits] - first[hits] - 1
        assert between.min() == row.bodies_between
        pairs = set(
            zip(
                sizes[first[hits]][between == between.min()], sizes[second[hits]][between == between.min()], strict=True
            )
        )
        assert (row.pair_lower, row.pair_upper) in pairs
        assert row.pair_upper - row.pair_lower == min(high - low for low, high in pairs)


def test_2023_counts_agree_with_the_dashboard(adopters):
    table = data.load("adoption-2023-by-size")
    published = data.load("adoption-2023-published")
    edges = {*table.lower, *table.upper}
    for median in (*published.median_population, *data.load("adoption-by-stage").median_population):
        assert {median, median + 1} <= edges
    assert {1, *(1000 * k for k in (10, 30, 50, 100, 200, 500, 1000))} <= edges
    for (kind, staff), rows in table.groupby(["kind", "external_staff"]):
        own = adopters[(adopters.kind == kind) & (adopters.staff == staff)]
        for edge in sorted(edges):
            low = own[own.population < edge]
            below = rows[rows.upper <= edge]
            assert below.bodies.sum() == len(low)
            assert below.ai.sum() == low.ai.sum()
            assert below.rpa.sum() == low.rpa.sum()
            assert below.both.sum() == (low.ai & low.rpa).sum()
            assert below.population.sum() == low.population.sum()


def test_2023_medians_agree_with_the_dashboard(adopters):
    municipal = adopters[adopters.kind != "prefecture"]
    assert len(municipal) == 1741 and municipal.ai.sum() == 879 and municipal.rpa.sum() == 720
    for row in data.load("adoption-2023-published").itertuples():
        group = municipal[municipal[row.technology.lower()] == (row.state == "adopters")]
        assert len(group) == row.bodies
        assert math.floor(group.population.median() + 0.5) == row.median_population


def test_2023_table_stays_an_aggregate(builders):
    """At least twenty municipalities an interval, but where exact edges on both sides cut it shorter."""
    table = data.load("adoption-2023-by-size")
    medians = {
        *data.load("adoption-2023-published").median_population,
        *data.load("adoption-by-stage").median_population,
    }
    exact = {0, 1, 100, table.upper.max(), *LIMITS, *medians, *(median + 1 for median in medians)}
    municipal = table[table.kind != "prefecture"].groupby(["lower", "upper"]).bodies.sum()
    small = [span for span, bodies in municipal.items() if bodies < builders["build_adoption_2023"].AT_LEAST]
    assert small
    for span in small:
        assert exact.issuperset(span)


def test_prefectures_agree_with_the_census(bodies):
    """Every median of 2020, in every prefecture, by plain filters."""
    table, municipal = data.load("bodies-by-prefecture"), bodies[bodies.kind != "prefecture"]
    assert len(table) == len(table.drop_duplicates(["prefecture", "kind", "lower"]))
    for (prefecture, kind), own in municipal.groupby([municipal.code.str[:2], "kind"]):
        rows = table[(table.prefecture == prefecture) & (table.kind == kind)]
        for edge in [value + k for value in data.load("adoption-by-stage").median_population for k in (0, 1)] + LIMITS:
            assert not ((rows.lower < edge) & (edge < rows.upper)).any()
            assert rows.bodies[rows.upper <= edge].sum() == (own.population < edge).sum()
            assert rows.population[rows.upper <= edge].sum() == own.population[own.population < edge].sum()
    above = table[table.lower >= 100]
    assert np.log10(above.upper / above.lower).max() <= 1 / 8 + 0.002  # rounded to whole people


@pytest.fixture(scope="module")
def in_prefectures(adopters):
    """The municipalities with their prefecture and logarithm."""
    own = adopters[adopters.kind != "prefecture"].copy()
    return own.assign(prefecture=own.code.str[:2], z=np.log2(own.population.clip(lower=100)))


def test_prefectures_agree_with_the_dashboard(in_prefectures):
    """Counts and sums by prefecture; by class of size too, where the answer on staff stands."""
    table = data.load("adoption-2023-by-prefecture")
    assert table.bodies.sum() == 1741 and table.bodies.min() == 3
    for row in table.itertuples():
        own = in_prefectures[
            (in_prefectures.prefecture == row.prefecture)
            & (in_prefectures.population >= row.lower)
            & (in_prefectures.population < row.upper)
        ]
        classes_under_any = table[(table.prefecture == row.prefecture) & (table.external_staff == "any")]
        if row.external_staff != "any":
            own = own[own.staff == row.external_staff]
            for other in classes_under_any.itertuples():
                own = own[(own.population < other.lower) | (own.population >= other.upper)]
        assert len(own) == row.bodies
        assert (own.ai.sum(), own.rpa.sum(), (own.ai & own.rpa).sum()) == (row.ai, row.rpa, row.both)
        assert own.population.sum() == row.population
        sums = own.z.sum(), own.z[own.ai].sum(), own.z[own.rpa].sum(), (own.z**2).sum()
        assert np.allclose(sums, row[-4:], rtol=1e-9, atol=0)
    abandoned = table[table.upper == 1]
    assert abandoned[["prefecture", "bodies", "population"]].values.tolist() == [["07", 4, 0]]


@pytest.fixture(scope="module")
def with_index(in_prefectures):
    """The index of fiscal strength, read out of the workbook by regular expressions and joined by code."""
    with zipfile.ZipFile(FISCAL) as book:
        strings = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    texts = [re.search("<t[^>]*>([^<]*)</t>", item)[1] for item in re.findall("<si>.*?</si>", strings, re.S)]
    index = {}
    for row in re.findall("<row .*?</row>", sheet, re.S):
        code = re.search(r'<c r="A\d+"[^>]* t="s"><v>(\d+)</v>', row)
        value = re.search(r'<c r="D\d+"[^>]*><v>([^<]+)</v>', row)
        if code and value and re.fullmatch("[0-9]{6}", texts[int(code[1])]):
            index[texts[int(code[1])][:5]] = float(value[1])
    assert len(index) == 1741
    codes = in_prefectures.code.replace({"04423": "04216", "40305": "40231"})
    return in_prefectures.assign(index=codes.map(index).astype(float))


def test_fiscal_strength_agrees_with_the_ministry(with_index):
    """Counts and sums of both tables by plain filters."""
    assert with_index["index"].notna().all()
    for name in ("adoption-2023-by-fiscal-strength", "fiscal-strength-by-prefecture"):
        table = data.load(name)
        assert table.bodies.sum() == 1741 and table.bodies.min() >= 3
        for row in table.itertuples():
            own = with_index[(with_index.population >= row.lower) & (with_index.population < row.upper)]
            if "prefecture" in table:
                own = own[own.prefecture == row.prefecture]
            else:
                own = own[(own["index"] >= row.index_lower) & (own["index"] < row.index_upper)]
            assert (len(own), own.ai.sum(), own.rpa.sum()) == (row.bodies, row.ai, row.rpa)
            assert own.population.sum() == row.population
            z, f = own.z, own["index"]
            sums = {"log2_population": z.sum(), "fiscal_strength": f.sum()}
            if "prefecture" in table:
                sums |= {
                    "log2_population_ai": z[own.ai].sum(),
                    "log2_population_rpa": z[own.rpa].sum(),
                    "log2_population_squared": (z**2).sum(),
                    "fiscal_strength_ai": f[own.ai].sum(),
                    "fiscal_strength_rpa": f[own.rpa].sum(),
                    "fiscal_strength_squared": (f**2).sum(),
                    "fiscal_strength_log2_population": (f * z).sum(),
                }
            else:
                assert (own.ai & own.rpa).sum() == row.both
            for column, found in sums.items():
                assert getattr(row, column) == pytest.approx(found, rel=1e-9), column


def test_named_municipalities_gave_these_answers(in_prefectures):
    table = data.load("named-bodies-2023")
    own = in_prefectures.set_index("code").loc[table.code]
    assert own.name.tolist() == table.name_ja.tolist() and own.population.tolist() == table.population.tolist()
    for technology in ("ai", "rpa"):
        assert (own[technology].to_numpy() == (table[technology] == "yes")).all()


def test_few_answers_of_a_prefecture_are_counted_with_others(in_prefectures):
    """One municipality of one prefecture alone has external staff: its class holds all answers."""
    answers = in_prefectures.groupby(["prefecture", "staff"]).size()
    few = answers[answers < 3]
    assert few.to_dict() == {("19", "yes"): 1}
    table = data.load("adoption-2023-by-prefecture")
    merged = table[table.external_staff == "any"]
    assert merged.prefecture.tolist() == ["19"] and "yes" not in set(table.external_staff[table.prefecture == "19"])
    size = in_prefectures.population[(in_prefectures.prefecture == "19") & (in_prefectures.staff == "yes")].item()
    assert merged.lower.item() <= size < merged.upper.item()


# ---------------------------------------------------------------------- an invented country


def country():
    """Rows (code, identifier, name, population) of 47 prefectures with the real numbers of bodies.

    Names are letters but for those that the join treats apart.
    """
    rng = np.random.default_rng(20200228)
    special = {"04423": "富谷町", "28214": "宝塚市", "28221": "篠山市", "40305": "那珂川町"}
    designated = [f"{number:02d}100" for number in range(1, 22) if number != 13]
    wards = [f"131{number:02d}" for number in range(1, 24)]
    others = [*special, *wards]
    number = 0
    while len(others) < 1721:
        code = f"{number % 47 + 1:02d}{501 + number // 47}"
        others.append(code)
        number += 1
    codes = sorted([*designated, *others])
    sizes = np.floor(rng.lognormal(10, 1.4, len(codes))).astype(int)
    sizes = sizes * (NATION - 5_000_000) // sizes.sum()
    sizes[0] += NATION - sizes.sum()
    rows = [("00000", "a", "nation", NATION)]
    for prefecture in range(1, 48):
        own = [(code, size) for code, size in zip(codes, sizes, strict=True) if code.startswith(f"{prefecture:02d}")]
        rows.append((f"{prefecture:02d}000", "a", f"prefecture{prefecture}", sum(size for _, size in own)))
        for code, size in own:
            identifier = (
                "1"
                if code in designated
                else "0"
                if code in wards
                else "2"
                if code == "28214" or code == "28221"
                else "3"
            )
            rows.append((code, identifier, special.get(code, f"body{code}"), int(size)))
        if prefecture == 1:  # rows that are no bodies of their own
            rows += [
                ("01101", "0", "ward", 5),
                ("01001", "b", "all cities", 7),
                ("01300", "c", "county", 7),
                ("01100", "d", "district", 7),
            ]
        if prefecture == 13:
            rows.append(("13100", "1", "23 wards", 1))
    return rows


def census_text(rows):
    """The official layout: nine lines of notes, the headings, one line a row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for number in range(1, 10):
        writer.writerow([number, "", "", "", "", "", "注", *[""] * 10])
    writer.writerow(
        [
            10,
            "※大項目",
            "地域コード",
            "地域識別コード",
            "境域年次(2015)",
            "境域年次(2000)",
            "",
            "人口　平成27年　(a)",
            *[""] * 9,
        ]
    )
    for number, (code, identifier, name, population) in enumerate(rows, start=11):
        year = "" if identifier == "9" else "2015"
        writer.writerow([number, "", code, identifier, year, "", name, population, *[""] * 9])
    return out.getvalue()


def dashboard_text(names, answers, first_cell, trailing):
    """The layout of the dashboard: BOM, one column a body, three rows that count and one not."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    end = [""] if trailing else []
    writer.writerow([first_cell, "", *names, *end])
    writer.writerow(["自治体DXの推進体制等", "CIOの任命", *["実施"] * len(names), *end])
    labels = [
        ("自治体DXの推進体制等", "外部人材活用"),
        ("自治体業務のDX", "AIの導入状況"),
        ("自治体業務のDX", "RPAの導入状況"),
    ]
    for label, row in zip(labels, answers, strict=True):
        writer.writerow([*label, *row, *end])
    return "\ufeff" + out.getvalue()


@pytest.fixture(scope="module")
def rows():
    return country()


@pytest.fixture
def write_census(tmp_path):
    def write(rows, encoding="cp932", change=lambda text: text):
        file = tmp_path / "census.csv"
        file.write_bytes(change(census_text(rows)).encode(encoding))
        return file

    return write


def test_invented_census_is_read(builders, rows, write_census):
    bodies = builders["sources"].read_census(write_census(rows))
    kinds = pd.Series([body.kind for body in bodies]).value_counts()
    assert kinds.to_dict() == {"other_municipality": 1721, "prefecture": 47, "designated_city": 20}
    expected = {
        code: (name, size) for code, identifier, name, size in rows if identifier in "a123" or code.startswith("131")
    }
    del expected["00000"], expected["13100"]
    assert {body.code: (body.name, body.population) for body in bodies} == expected
    # municipalities of the year 2000 have no year 2015 and are passed over
    old = [*rows, ("01202", "9", "old town", 5)]
    assert builders["sources"].read_census(write_census(old)) == bodies


def spoilt(rows, position, **changes):
    keys = ("code", "identifier", "name", "population")
    row = dict(zip(keys, rows[position], strict=True)) | changes
    return [*rows[:position], tuple(row.values()), *rows[position + 1 :]]


def test_census_that_does_not_add_up_is_refused(builders, rows, write_census):
    read = builders["sources"].read_census
    cases = [
        (spoilt(rows, 3, identifier="x"), r"row 14, column 地域識別コード: found 'x', expected one of"),
        (spoilt(rows, 3, population="-"), r"row 14, column 人口.*: found '-', expected a whole numb"),
        (spoilt(rows, 3, population="１２"), r"row 14, .*: found '１２', expected a whole number"),
        (spoilt(rows, 3, population=rows[3][3] + 1), r"row of prefecture1, .*expected the sum of"),
        (spoilt(rows, 0, population=NATION - 1), r"row of the nation, .*expected 127094745"),
        (spoilt(rows, 3, code=rows[4][0]), r"row 15, column 地域コード: .*a code of five digits, once"),
        (rows[:2] + rows[3:], r"found '19 x designated_city', expected 20"),
        (rows[:-1], r"found '1720 x other_municipality', expected 1721"),
    ]
    for bad, message in cases:
        with pytest.raises(ValueError, match=f"census.csv, .*{message}"):
            read(write_census(bad))


def test_file_that_is_no_census_is_refused(builders, rows, write_census, tmp_path):
    read = builders["sources"].read_census
    with pytest.raises(ValueError, match="found bytes that are not cp932"):
        read(write_census(rows, change=lambda text: "\ufeff" + text, encoding="utf-16"))
    with pytest.raises(ValueError, match="row 10, column 8: found 'people', expected the heading"):
        read(write_census(rows, change=lambda text: text.replace("人口　平成27年　(a)", "people")))
    with pytest.raises(ValueError, match="found 10 rows, expected more"):
        read(write_census([]))
    with pytest.raises(ValueError, match="row 12, column .all.: found '18 cells', expected 17"):
        read(write_census(rows, change=lambda text: text.replace("prefecture1,", "prefecture1,,", 1)))
    with pytest.raises(ValueError, match="found no such file"):
        read(tmp_path / "nothing.csv")


@pytest.fixture
def invented(builders, rows, write_census):
    """The invented country's bodies, with names and answers as a dashboard would list them."""
    bodies = builders["sources"].read_census(write_census(rows))
    municipal = [body for body in bodies if body.kind != "prefecture"]
    rng = np.random.default_rng(1)
    answers = [
        rng.choice(values, len(municipal)).tolist()
        for values in (["実施", "未実施", "調査無し"], ["実施", "未実施"], ["実施", "未実施"])
    ]
    order = list(range(len(municipal)))
    town = next(i for i, body in enumerate(municipal) if body.name == "富谷町")
    # the dashboard lists the new city after another place of its prefecture
    order.remove(town)
    order.insert(town - 5, town)
    renamed = {"富谷町": "富谷市", "篠山市": "丹波篠山市", "那珂川町": "那珂川市", "宝塚市": "宝\ufa10市"}
    names = [renamed.get(municipal[i].name, municipal[i].name) for i in order]
    listed = [[row[i] for i in order] for row in answers]
    return municipal, answers, names, listed


@pytest.mark.parametrize("trailing", [True, False])
def test_dashboard_is_joined_in_order(builders, invented, tmp_path, trailing):
    municipal, answers, names, listed = invented
    file = tmp_path / "dashboard.csv"
    file.write_text(dashboard_text(names, listed, "", trailing), encoding="utf-8")
    joined = builders["sources"].read_dashboard(file, municipal, "")
    meaning = {"実施": "yes", "未実施": "no", "調査無し": "not_surveyed"}
    assert [tuple(body) for body in joined] == [
        (body.code, body.kind, body.population, meaning[staff], ai == "実施", rpa == "実施")
        for body, staff, ai, rpa in zip(municipal, *answers, strict=True)
    ]


def test_dashboard_that_does_not_fit_is_refused(builders, invented, tmp_path):
    municipal, _, names, listed = invented
    file = tmp_path / "dashboard.csv"

    def fails(message, names=names, listed=listed, first="", change=lambda text: text):
        file.write_text(change(dashboard_text(names, listed, first, True)), encoding="utf-8")
        with pytest.raises(ValueError, match=f"dashboard.csv, {message}"):
            builders["sources"].read_dashboard(file, municipal, "")

    fails("row 1, column 1: found 'x', expected ''", first="x")
    fails("row 1, column .all.: found '1740 names', expected 1741", names=names[1:], listed=[row[1:] for row in listed])
    fails(r"row 1, column 3: found 'another', expected .*census code", names=["another", *names[1:]])
    fails("row 1, column 3: found", names=[names[1], names[0], *names[2:]])
    # a renamed place elsewhere is no exception
    fails("row 1, column 3: found '丹波篠山市'", names=["丹波篠山市", *names[1:]])
    unknown = [listed[0], ["導入済", *listed[1][1:]], listed[2]]
    fails(r"row 4, column 3 \(.*\): found '導入済', expected one of 実施, 未実施", listed=unknown)
    # a body that was not asked about AI would need a category of its own: none is known
    silent = [listed[0], ["調査無し", *listed[1][1:]], listed[2]]
    fails(r"row 4, column 3 .*: found '調査無し', expected one of 実施, 未実施", listed=silent)
    fails("row .all., column 1-2: found .0 rows", change=lambda t: t.replace("AIの導入", "AI導入"))
    for change, found in ((lambda t: "", "None"), (lambda t: "\n" + t, "None")):
        fails(f"row 1, column 1: found {found}", change=change)
    fails("row 1, column .all.: found '0 names'", change=lambda t: ",項目\n")


@pytest.mark.parametrize("text", ['a,"b\n', 'a,"b"c\n'])
def test_broken_csv_is_refused(builders, tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match="x.csv: found broken CSV .*, expected a CSV file"):
        builders["sources"].read_rows(tmp_path / "x.csv", "utf-8")


def test_builders_stop_with_a_message_and_no_traceback(tmp_path):
    (tmp_path / "census.csv").write_text("no census\n")
    run = subprocess.run(
        [sys.executable, BUILDERS / "build_population.py", tmp_path / "census.csv"], capture_output=True, text=True
    )
    assert run.returncode != 0 and "Traceback" not in run.stderr
    assert "build_population: census.csv: found 1 rows, expected" in run.stderr


# --------------------------------------------------------------------------- the arithmetic


def test_median_rounds_half_up(builders):
    median = builders["sources"].median_half_up
    assert median([5]) == 5 and median([9, 1, 4]) == 4
    assert median([4, 5]) == 5 and median([5, 4, 4, 9]) == 5 and median([4, 6]) == 5
    assert median([10**7, 10**7 + 1]) == 10**7 + 1
    with pytest.raises(ValueError, match="found no populations"):
        median([])


@pytest.mark.parametrize("seed", range(6))
def test_tightest_pair_by_brute_force(builders, seed):
    """All pairs of small samples with many ties, for every possible median."""
    rng = np.random.default_rng(seed)
    sizes = np.sort(rng.integers(0, 12 + 8 * seed, size=12))
    for median in range(sizes.max() + 2):
        pairs = [
            (j - i - 1, sizes[j] - sizes[i], sizes[i], sizes[j])
            for i, j in itertools.combinations(range(sizes.size), 2)
            if (sizes[i] + sizes[j] + 1) // 2 == median
        ]
        found = builders["build_population"].tightest_pair(rng.permutation(sizes), median)
        if not pairs:
            assert found is None
        else:
            between, _, low, high = min(pairs)
            assert found == (low, high, between)


def test_edges(builders):
    intervals = builders["intervals"]
    medians = data.load("adoption-2023-published").median_population.tolist()
    edges = intervals.population_edges(medians)
    table = data.load("population-distribution-2015")
    assert edges == [0, *table.upper.unique()]
    assert edges == sorted(set(edges)) and 100 <= len(edges) - 1 <= 165
    needed = {edge for value in points() for edge in (value, value + 1)} | {0, 1, 100, *LIMITS}
    assert needed <= set(edges)
    widest = max(math.log10(b / a) for a, b in itertools.pairwise(edges) if a >= 100)
    assert widest <= 1 / 20 + 0.002  # rounded to whole people
    for bad in (99, 10**8):
        with pytest.raises(ValueError, match=f"found point {bad}, expected 100 <= point <"):
            intervals.exact_edges([bad])


def test_classes_are_merged_with_their_neighbours(builders):
    """Numbers of municipalities by class, in the classes' order, and how they are put together."""

    def merged(*counts):
        group = [at for at, count in enumerate(counts) for _ in range(count)]
        return [(*ends, len(cell)) for *ends, cell in builders["intervals"].merged(group, lambda at: at, "group")]

    assert merged(3, 0, 4) == [(0, 0, 3), (2, 2, 4)]
    assert merged(1, 2, 5) == [(0, 1, 3), (2, 2, 5)]
    assert merged(3, 3, 2) == [(0, 0, 3), (1, 2, 5)]
    assert merged(2, 0, 0, 1, 1, 1) == [(0, 5, 5)]
    assert merged() == []
    with pytest.raises(ValueError, match="group: found 2 municipalities in a cell, expected at least 3"):
        merged(0, 2)
    lone = [builders["sources"].Adoption("01100", "other_municipality", 7000, "no", False, False)] * 2
    with pytest.raises(ValueError, match="prefecture 01, external staff any: found 2 municip.*expected at least 3"):
        builders["build_adoption_2023"].by_prefecture(lone)


def workbook(file, rows):
    """A workbook as the reader expects it: every cell a shared string, with its pronunciation."""
    texts = [text for row in rows for text in row.values()]
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = "".join(f"<si><t>{text}</t><rPh><t>ヨミ</t></rPh></si>" for text in texts)
    number, lines = itertools.count(), []
    for at, row in enumerate(rows, start=1):
        cells = "".join(f'<c r="{letter}{at}" t="s"><v>{next(number)}</v></c>' for letter in row)
        lines.append(f"<row>{cells}</row>")
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("xl/sharedStrings.xml", f"<sst {space}>{strings}</sst>")
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}>{''.join(lines)}</worksheet>")
    return file


def test_index_of_fiscal_strength_is_read_by_code(builders, tmp_path):
    """Two municipalities, one of them with a later code; what does not fit is refused with its place."""
    module = builders["build_fiscal_strength"]
    bodies = [builders["sources"].Body(code, "other_municipality", "x", 5) for code in ("01100", "04423")]
    head = [{"A": "title"}, {"A": "団体コード", "D": "財政力指数"}]
    rows = [{"A": "011002", "D": "0.71"}, {"A": "042161", "D": "0.31"}, {"A": "mean", "D": "0.51"}]

    def read(*rows):
        return module.read_strength(workbook(tmp_path / "book.xlsx", rows), bodies)

    assert read(*head, *rows) == {"01100": 0.71, "04423": 0.31}
    for changed, message in (
        ([{"A": "title"}, {"A": "団体コード", "D": "指数"}, *rows], "column D: found '指数', expected the heading"),
        ([*head, {"A": "011002", "D": "-"}, *rows[1:]], "column A and D .011002.: found '-', expected a number"),
        ([*head, rows[0], rows[0]], "each code once"),
        ([*head, rows[0]], "codes .'04216'. here or in the census alone"),
        ([*head, {"A": "011002", "D": "0.75"}, *rows[1:]], "found .mean 0.5300., expected the printed mean, 0.51"),
    ):
        with pytest.raises(ValueError, match=f"book.xlsx, .*{message}"):
            read(*changed)
    (tmp_path / "no.xlsx").write_text("no workbook")
    with pytest.raises(ValueError, match="no.xlsx: found no workbook"):
        module.read_sheet(tmp_path / "no.xlsx")
    with pytest.raises(ValueError, match="none.xlsx: found no such file"):
        module.read_sheet(tmp_path / "none.xlsx")


def test_thinning_keeps_what_it_must(builders):
    thin = builders["intervals"].thin
    edges = [0, 1, 2, 3, 4, 5, 6, 8]
    populations = [0, 1, 1, 2, 3, 4, 5, 7]
    assert thin(edges, [0, 8], populations, 4) == [0, 3, 8]
    assert thin(edges, [0, 8], populations, 9) == [0, 8]
    assert thin(edges, [0, 5, 6, 8], populations, 3) == [0, 2, 5, 6, 8]
    assert thin(edges, edges, populations, 9) == edges
