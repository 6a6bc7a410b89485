"""adoption.results: the committed register is what the code computes, and some of it by hand."""

import csv
import json
import math
from math import comb

import numpy as np
import pandas as pd
import pytest

from adoption import data, register, results
from adoption.register import PATH, Result


@pytest.fixture(scope="session")
def computed():
    return {row.id: row for row in results.compute()}


@pytest.fixture(scope="session")
def committed():
    return register.read()


def test_committed_register_is_what_the_code_computes(computed):
    with PATH.open(encoding="utf-8", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    changed = results.differences({id: register.get(id) for id in ids}, computed)
    assert not changed, "\n".join(changed)


def test_inputs_are_those_that_it_was_computed_from():
    recorded = json.loads(PATH.with_name("inputs.json").read_text(encoding="utf-8"))
    found = results.input_digests() | results.digests(PATH, PATH.with_suffix(".json"))
    assert recorded == found, "run make results"


def test_json_holds_the_same_rows():
    rows = json.loads(PATH.with_suffix(".json").read_text(encoding="utf-8"))
    assert [Result(**row) for row in rows] == [register.get(row["id"]) for row in rows]
    assert len(rows) == len(register.read())


def test_columns_mean_what_the_evidence_says(committed):
    ranges = committed[committed["evidence"].isin(["range", "bound"])]
    assert ranges["value"].isna().all()
    assert (ranges["lower"] <= ranges["upper"]).all()
    tests = committed[committed["evidence"] == "test"]
    assert tests["p_value"].between(0, 1).all()
    facts = committed[committed["evidence"] == "fact"]
    assert facts[["lower", "upper", "p_value"]].isna().all(axis=None)
    fractions = committed.loc[committed["unit"] == "fraction", ["value", "lower", "upper"]]
    assert fractions.stack().dropna().between(0, 1).all()


def test_functions_and_chapters_exist(committed):
    import importlib
    for path in committed["function"].unique():
        module, _, name = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), path
    chapters = PATH.parents[1] / "chapters"
    for name in committed["chapter"].unique():
        assert (chapters / f"{name}.ipynb").exists(), name


def test_exact_facts_by_hand(committed):
    """With the counts of the census: 1,473 municipalities below the AI median, 267 above."""
    value, lower, upper = (committed[c] for c in ("value", "lower", "upper"))
    assert value["ai.rate-ratio.municipal"] == pytest.approx(1473 / 267, rel=1e-9)
    assert value["ai.rate-ratio.other"] == pytest.approx(1473 / (267 - 20), rel=1e-9)
    assert value["ai.rate-ratio.all"] == pytest.approx(1473 / (267 + 47), rel=1e-9)
    assert value["rpa.rate-ratio.municipal"] == pytest.approx(1464 / 277, rel=1e-9)
    # 296 adopters less an odd number of prefectures from 1 to 45 (stages 2 and 4 need one each).
    assert lower["ai.rate-above.municipal"] == pytest.approx(125 / 267, rel=1e-9)
    assert upper["ai.rate-above.municipal"] == pytest.approx(147 / 267, rel=1e-9)
    assert value["ai.rate-above.all"] == pytest.approx(148 / 314, rel=1e-9)
    # 370 less an even number from 0 to 46 (stage 2 needs one).
    assert lower["rpa.rate-above.municipal"] == pytest.approx(162 / 277, rel=1e-9)
    assert upper["rpa.rate-above.municipal"] == pytest.approx(185 / 277, rel=1e-9)


def test_medians_that_fit_by_hand(committed):
    fits = {id: value for id, value in committed["value"].items() if id.endswith("fits-count")}
    assert [fits[f"ai.stage-{k}.median-fits-count"] for k in range(1, 6)] == [0, 0, 1, 0, 1]
    assert [fits[f"rpa.stage-{k}.median-fits-count"] for k in range(1, 6)] == [1, 0, 1, 1, 1]


def test_joint_use_by_hand(committed):
    """Cross products, inclusion counts and pooled sums with the printed numbers."""
    value, lower, upper, p = (committed[c] for c in ("value", "lower", "upper", "p_value"))
    interest = "joint.rpa.prefecture-interest"
    # The conditional estimate is a little nearer to 1 than the cross product.
    assert 0.98 < value[interest] / ((8 / 39) / (91 / 1650)) < 1
    assert lower[interest] < value[interest] < upper[interest]
    # Fisher's p, summed anew: tables no likelier than 8 of the 47 among the 99 who consider.
    chance = [comb(99, k) * comb(1689, 47 - k) for k in range(48)]
    assert p[interest] == pytest.approx(
        sum(c for c in chance if c <= chance[8]) / comb(1788, 47), rel=1e-9)
    assert p["joint.rpa.status-by-type"] == pytest.approx(0.0382128548, rel=1e-8)  # R
    assert p["joint.ai.form-by-type"] == pytest.approx(0.1014689779, rel=1e-8)  # R
    assert value["joint.rpa.share-of-adopters"] == pytest.approx(11 / 370, rel=1e-9)
    assert value["joint.rpa.decisions"] == 4
    decided = "joint.rpa.other-municipality.implementing-share.decisions"
    assert value[decided] == pytest.approx(4 / 1714, rel=1e-9)
    assert (lower["joint.ai.bodies"], upper["joint.ai.bodies"]) == (25, 50)
    assert lower["joint.ai.share-range"] == pytest.approx(25 / 296, rel=1e-9)
    cities = (lower["joint.ai.designated-city.bodies"], upper["joint.ai.other-municipality.bodies"])
    assert cities == (4, 42)
    assert value["joint.ai.designated-city-use"] == pytest.approx((4 / 16) / (42 / 1679), rel=0.02)


def test_small_adopters_and_consortia_by_hand(committed):
    value = committed["value"]
    nara = [87050, 31105, 31691, 23025, 33487]
    toyama = [92308, 42935, 32755, 40991, 20930, 26317, 25335, 2982]
    for name, people, median in (("nara", nara, 108174), ("toyama", toyama, 102374)):
        assert value[f"consortium.{name}.population"] == sum(people)
        assert value[f"consortium.{name}.ratio-to-adopters-median"] == pytest.approx(
            sum(people) / median, rel=1e-9)
        assert value[f"consortium.{name}.members-above-adopters-median"] == 0
        assert value[f"consortium.{name}.population-without-largest"] == sum(sorted(people)[:-1])
    assert value["consortium.nara.prefecture-share-below-50k"] == pytest.approx(31 / 39, rel=1e-9)
    counts = {"bodies": 7, "above-median-municipality": 2, "below-no-plan-median": 2,
              "in-a-consortium": 2, "joint-use-or-member": 5, "not-alone": 6,
              "driver.joint-use": 4, "driver.prefecture-led": 2, "driver.national-subsidy": 1,
              "phase.trial": 4, "phase.operation": 3}
    for key, count in counts.items():
        assert value[f"small-adopters.{key}"] == count, key


def test_places_in_the_distribution_equal_the_census(shared, committed):
    """Percentiles, the median municipality and the class below 50,000, from the census itself."""
    with (shared / "census" / "001_00.csv").open(encoding="cp932", newline="") as file:
        rows = [row for row in csv.reader(file) if row[4:5] == ["2015"]]
    people = [int(row[7]) if row[7] != "-" else 0 for row in rows
              if (row[3] in "123" and row[2] != "13100")
              or (row[3] == "0" and 13101 <= int(row[2]) <= 13123)]
    assert len(people) == 1741
    for id, row in committed.iterrows():
        if id.startswith("small-adopters.") and id.endswith(".percentile"):
            own = committed["value"][id.replace("percentile", "population")]
            assert row["value"] == pytest.approx(sum(p < own for p in people) / 1741, rel=1e-9)
    for name in ("nara", "toyama"):
        row = committed.loc[f"consortium.{name}.percentile"]
        pooled = committed["value"][f"consortium.{name}.population"]
        assert row["lower"] <= sum(p < pooled for p in people) / 1741 <= row["upper"]
    row = committed.loc["frame.municipal.median-population"]
    assert row["lower"] <= sorted(people)[870] <= row["upper"]
    assert committed["value"]["frame.municipal.below-50k.share"] == pytest.approx(
        sum(p < 50_000 for p in people) / 1741, rel=1e-9)


def test_curve_at_the_pooled_size_by_its_formula(committed):
    """The share on the curve, from the fitted parameters by hand."""
    fit = results.fitted("rpa", "municipal", "multinomial").fit
    a, b = np.split(fit.params, 2)
    scores = np.exp(a + b * math.log2(284553))
    row = committed.loc["consortium.toyama.curve-at-pooled.municipal"]
    assert row["value"] == pytest.approx(scores[0] / (1 + scores.sum()), rel=1e-6)
    assert row["lower"] < row["value"] < row["upper"]
    pooled, single = (committed.loc[f"consortium.toyama.curve-at-{size}.every-base"]
                      for size in ("pooled", "median-member"))
    assert single["upper"] < pooled["lower"]


def test_mapping_counts_are_those_of_the_table(committed):
    value = committed["value"]
    assert value["guidebook.problems"] == 7
    assert value["guidebook.problems.named"] + value["guidebook.problems.indirect"] == 7
    assert value["guidebook.problems.unmet"] == 0
    for word in ("cost-or-budget", "staff"):
        assert value[f"guidebook.rpa.items-naming-{word}"] == 0


def test_group_sizes_have_the_parity_and_leave_room_for_the_others():
    sizes = results.group_sizes("ai", "municipal", 1)
    assert sizes == list(range(295, 250, -2))
    assert results.group_sizes("ai", "all", 1) == [296]
    # A stage with a median has a member: stage 3 counts 58, and 67 bodies lie outside `other`.
    assert min(results.group_sizes("ai", "other", 3)) == 2


def row(id="x", value=1.0, function="f", label="L"):
    return Result(id, value, None, None, None, "u", label, "fact", "b", "s", function, "c")


def test_differences_name_id_old_new_and_function():
    assert results.differences({"x": row()}, {"x": row(value=1 + 1e-7)}) == []
    [drift] = results.differences({"x": row()}, {"x": row(value=1.1, function="g")})[:1]
    assert "x: value was 1.0, is now 1.1 (made by g)" == drift
    [gone] = results.differences({"x": row()}, {})
    assert gone.startswith("x: in the file") and "made by f" in gone
    [new] = results.differences({}, {"x": row()})
    assert new == "x: computed by f, but not in the file"
    [renamed] = results.differences({"x": row()}, {"x": row(label="M")})
    assert "label was 'L', is now 'M'" in renamed


def test_an_id_claimed_twice_is_refused(monkeypatch):
    monkeypatch.setattr(results, "FAMILIES", (lambda: [row(), row()],))
    with pytest.raises(ValueError, match="two results have the id 'x'"):
        results.compute()


def test_not_a_number_is_refused(monkeypatch):
    monkeypatch.setattr(results, "FAMILIES", (lambda: [row(value=float("nan"))],))
    with pytest.raises(ValueError, match="'x': value is not a number"):
        results.compute()


# --- since 2020 -------------------------------------------------------------------------------


def test_later_surveys_by_hand(committed):
    value, lower, upper = (committed[c] for c in ("value", "lower", "upper"))
    assert value["since-2020.ai.prefecture.introduced.2020"] == 0.85
    # 16 of 20 had introduced AI and two were on trial.
    assert value["since-2020.ai.designated-city.introduced.2020"] == 16 / 20
    assert value["since-2020.ai.designated-city.with-trials.2020"] == 18 / 20
    # No survey of fiscal 2021 for RPA: the bracket of March 2021 ends with fiscal 2022.
    assert "since-2020.rpa.prefecture.introduced.2021" not in committed.index
    bracket = "since-2020.rpa.prefecture.end-of-fiscal-2020"
    assert (lower[bracket], upper[bracket]) == (0.74, 0.94)
    assert value["since-2020.ai.all.from-combinations.2024"] == pytest.approx((716 + 347) / 1788)


def test_sources_of_later_surveys_agree_as_the_chapter_says():
    series = results.later_series()
    assert (series["lower"] == series["upper"]).all()
    # Those on either side of the promised date.
    sources = series.set_index(["technology", "survey_fy", "body_type"])["sources"].sort_index()
    assert (sources.loc["RPA", [2020, 2022]] == 1).all()
    assert (sources.loc["AI", [2020, 2021]] == 1).groupby("body_type").all().to_dict() == {
        "prefecture": True, "designated_city": False, "other_municipality": False}


@pytest.fixture
def later_surveys(monkeypatch):
    """The table as it is, and a function that puts another in its place."""
    load = results.data.load

    def put(table):
        monkeypatch.setattr(results.data, "load", lambda name: table.copy()
                            if name == "later-surveys" else load(name))
    return load("later-surveys"), put


def test_combinations_are_added_where_one_source_has_both(later_surveys):
    table, put = later_surveys
    later = table[(table["survey_fy"] == 2024) & table["bodies"].notna()].assign(survey_fy=2025)
    put(pd.concat([
        table, later, later.assign(source="Another", bodies=later["bodies"] - 10),
        # A source without the count of bodies with both says nothing.
        later[later["technology"] == "AI only"].assign(source="A third", bodies=1)]))
    rows = {row.id: row for row in results._forecast()}
    row = rows["since-2020.ai.all.from-combinations.2025"]
    assert (row.value, row.evidence) == (None, "range")
    assert (row.lower, row.upper) == pytest.approx(((716 + 347 - 20) / 1788, (716 + 347) / 1788))
    assert row.source == "Another; Denpa Shimbun, 2025-07-01"
    assert rows["since-2020.rpa.all.from-combinations.2024"].value == pytest.approx(807 / 1788)


def test_table_of_later_surveys_holds_every_figure_and_its_sources():
    table, pages = results.later_table()
    cells = table.set_index(["Technology", "Survey of fiscal"])
    assert (cells.drop(columns="As of") != "").sum().sum() == len(results.later_series())
    names = pages.set_index("No.")["Page"]
    cell = cells.loc[("AI", "2020"), "Designated cities"]
    assert cell.startswith("80%, 90% with trials [")
    quoted = {names[n].split(",")[0].split(" (")[0] for n in cell[:-1].split("[")[1].split(", ")}
    assert quoted == {"ICT white paper 2025", "Ines Solutions"}
    assert cells.loc[("AI", "2020"), "Prefectures"].startswith("85%* [")
    assert ("RPA", "2021") not in cells.index


def test_a_disagreement_between_sources_becomes_a_range(later_surveys):
    table, put = later_surveys
    quoted = table["source"].str.startswith("Ines") & (table["survey_fy"] == 2020)
    table.loc[quoted & (table["body_type"] == "designated_city"), "percent"] = 85.0
    put(table)
    rows = {row.id: row for row in results._forecast()}
    row = rows["since-2020.ai.designated-city.introduced.2020"]
    assert (row.value, row.lower, row.upper, row.evidence) == (None, 0.80, 0.85, "range")
    assert rows["since-2020.ai.designated-city.end-of-fiscal-2020"].lower == 0.80


def test_adoption_in_2023_by_hand(committed):
    value = committed["value"]
    # 54 of 512 municipalities below 10,000, the four towns without inhabitants among them.
    assert value["since-2020.ai.adoption.under-10k"] == pytest.approx(54 / 512)
    assert value["since-2020.ai.adopters.share"] == pytest.approx(879 / 1741)
    assert value["since-2020.rpa.adopters.share"] == pytest.approx(720 / 1741)
    assert value["since-2020.ai.rate-ratio"] == pytest.approx((267 / 282) / (612 / 1459))
    # One of the four empty towns uses RPA, and one of the two municipalities below 100.
    smallest = results.adoption_2023(abandoned=True).head(2)
    assert smallest[["upper", "bodies", "ai", "rpa"]].to_numpy().tolist() == [[1, 4, 0, 1],
                                                                              [100, 2, 0, 1]]
    assert len(results.adoption_2023(abandoned=True)) == len(results.adoption_2023()) + 1
    crude = (350 / (522 - 350)) / (525 / (1207 - 525))
    assert value["since-2020.ai.external-staff.odds-ratio-unadjusted"] == pytest.approx(crude)


def test_classes_that_rose_whatever_2020_was_like(committed):
    """The chapter names them: 10,000 to 100,000 for AI, none for RPA, and none has fallen."""
    beyond = {(t, c) for t in ("ai", "rpa") for c in results.census.CLASS_IDS
              if committed.loc[f"since-2020.{t}.adoption.{c}", "value"]
              > committed.loc[f"{t}.adoption-bound.{c}.free", "upper"]}
    assert beyond == {("ai", "10k-30k"), ("ai", "30k-50k"), ("ai", "50k-100k")}
    assert committed.loc["since-2020.ai.classes-beyond-2020", "value"] == 3
    assert committed.loc["since-2020.rpa.classes-beyond-2020", "value"] == 0
    for c in results.census.CLASS_IDS:
        assert (committed.loc[f"since-2020.rpa.adoption.{c}", "value"]
                >= committed.loc[f"rpa.adoption-bound.{c}.free", "lower"])


def test_difference_of_2020_by_hand(committed):
    """Under `all` 148 of 314 above and 148 of 1,473 below; the largest under `other`."""
    row = committed.loc["since-2020.ai.rate-difference.2020"]
    assert row["lower"] == pytest.approx(100 * (148 / 314 - 148 / 1473))
    assert row["upper"] == pytest.approx(100 * (147 / 247 - 147 / 1473))


def test_size_logit_of_2023_gives_back_the_number_of_adopters():
    """The maximum of a logit with a constant expects as many adopters as there are."""
    table = results.adoption_2023()
    for t in ("ai", "rpa"):
        curves = results.curves_of_both_years(t, table["mean_size"].to_numpy())
        shares = curves.loc[curves["year"] == 2023, "share"].to_numpy()
        assert shares @ table["bodies"] == pytest.approx(table[t].sum(), rel=1e-8)
        assert curves["share"].between(curves["lower"], curves["upper"]).all()


def test_ranges_over_outside_bodies_contain_the_fixed_point(committed):
    """The stored extremes are those of all combinations that the parities allow."""
    for t in ("ai", "rpa"):
        for base in ("municipal", "other"):
            for id in ("odds-ratio-per-doubling", "proportional-odds", "multinomial-fit"):
                if f"{t}.{id}.{base}.outside-range" in committed.index:
                    span = committed.loc[f"{t}.{id}.{base}.outside-range"]
                    value = committed.loc[f"{t}.{id}.{base}", "value"]
                    assert span["lower"] <= value * (1 + 1e-6), (t, base, id)
                    assert value <= span["upper"] * (1 + 1e-6), (t, base, id)
    # Stars and bars: 47 prefectures in five stages, three (AI) or one (RPA) odd, in steps of two.
    from math import comb
    assert committed.loc["ai.outside-vectors.municipal", "value"] == comb(22 + 4, 4)
    assert committed.loc["rpa.outside-vectors.municipal", "value"] == comb(23 + 4, 4)


def test_overlap_by_hand(committed):
    """Over all 1,788: 148 AI and 185 RPA adopters above 102,374, where there are 324 bodies."""
    assert committed.loc["ai-rpa.overlap.medians.every-base", "lower"] == 148 + 185 - 324


def test_bounds_by_hand(committed):
    """Half of the AI adopters below 108,174 could all be below 10,000: 147 of 512 (q = 295)."""
    assert committed.loc["ai.adoption-bound.under-10k.free", "upper"] == pytest.approx(147 / 512)
    # No plan: p_5 at most 44, so at least 334 of 669 below 8,596 and one at it.
    assert committed.loc["ai.no-plan-bound.under-10k.free", "lower"] == pytest.approx(335 / 512)
    assert committed.loc["rpa.adoption-bound.over-200k.free", "lower"] == pytest.approx(14 / 129)


def test_prefectures_with_ai_by_hand():
    assert round(100 * 32 / 47) == 68 and results.prefectures_with_ai() == 32


# --- claims of the deck --------------------------------------------------------------------------

def claim_table(monkeypatch, *rows):
    names = ("claim", "results", "tests", "verdict")
    table = pd.DataFrame([dict(zip(names, row)) for row in rows])
    monkeypatch.setattr(results.data, "load", lambda name: {"claims": table}[name])


def with_p(id, p):
    return Result(id, None, None, None, p, "p-value", "L", "test", "B", "S", "f", "c")


def test_claims_by_hand(monkeypatch):
    """Holm by hand: p in order times 3, 2, 1, never falling; of several tests the largest."""
    claim_table(monkeypatch, ("one", "a", "a b", "supported"), ("two", "c", "c", "open"),
                ("three", "d", "d", "not testable"), ("four", "a", None, "supported"))
    found = {id: with_p(id, p) for id, p in
             {"a": 0.001, "b": 0.02, "c": 0.011, "d": 0.04}.items()}
    rows = {row.id: row for row in results.claims(found)}
    assert {id: row.p_value for id, row in rows.items() if id.endswith(".holm")} == pytest.approx(
        {"claims.two.holm": 3 * 0.011, "claims.one.holm": 2 * 0.02, "claims.three.holm": 0.04})
    assert {id: row.value for id, row in rows.items() if not id.endswith(".holm")} == {
        "claims.count": 4, "claims.tested": 3, "claims.supported": 2,
        "claims.supported-in-part": 0, "claims.open": 1, "claims.not-testable": 1}


@pytest.mark.parametrize("row", [("one", "a z", "a", "open"), ("one", "a", "a z", "open")])
def test_claim_with_an_unknown_result(monkeypatch, row):
    claim_table(monkeypatch, row)
    with pytest.raises(ValueError, match=r"claims.csv, row 1 \(line 2\), .*: found 'z'"):
        list(results.claims({"a": with_p("a", 0.5)}))


def test_claims_agree_with_their_evidence(committed):
    """A verdict of "supported" is not kept by a test that says otherwise; all places are filled."""
    table = data.load("claims")
    for row in table.itertuples():
        assert "{" not in register.fill(row.estimate_en, row.results.split())
        for id in row.results.split():
            assert "{" + id in row.estimate_en, (row.claim, id)
        tests = results.named_tests(row)
        assert ("tested" in row.evidence.split("; ")) == bool(tests)
        if tests:
            adjusted = committed.loc[f"claims.{row.claim}.holm"].p_value
            assert adjusted >= max(committed.loc[id].p_value for id in tests)
            if row.verdict == "supported":
                assert adjusted < 0.05
    assert committed.loc["claims.count"].value == len(table)
