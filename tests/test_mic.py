"""adoption.mic: what later surveys found, from the table of pages that quote them."""

import pandas as pd
import pytest

from adoption import data, mic

LOAD = data.load


@pytest.fixture
def put(monkeypatch):
    """Function that puts another table of later surveys in the place of the committed one."""
    load = data.load
    return lambda table: monkeypatch.setattr(
        data, "load", lambda name: table.copy() if name == "later-surveys" else load(name)
    )


def test_sources_of_later_surveys_agree_as_the_chapter_says():
    series = mic.later_series()
    assert (series["lower"] == series["upper"]).all()
    # Those on either side of the promised date.
    sources = series.set_index(["t", "year", "kind"])["sources"].sort_index()
    assert (sources.loc["rpa", 2020] == 1).all() and (sources.loc["rpa", 2022] == 2).all()
    assert (sources.loc["ai", [2020, 2021]] == 1).groupby("kind").all().to_dict() == {
        "prefecture": True,
        "designated_city": False,
        "other_municipality": False,
    }


def test_a_page_that_disagrees_makes_a_range(put):
    table = data.load("later-surveys")
    quoted = table["source"].str.startswith("Ines") & (table["survey_fy"] == 2020)
    table.loc[quoted & (table["body_type"] == "designated_city"), "percent"] = 85.0
    put(table)
    row = mic.later_series().set_index(["t", "kind", "year"]).loc[("ai", "designated_city", 2020)]
    assert (row["lower"], row["upper"], row["sources"]) == (0.80, 0.85, 2)


def test_combinations_are_added_where_one_source_has_both(put):
    table = data.load("later-surveys")
    later = table[(table["survey_fy"] == 2024) & table["bodies"].notna()].assign(survey_fy=2025)
    put(
        pd.concat(
            [
                table,
                later,
                later.assign(source="Another", bodies=later["bodies"] - 10),
                # A source without the count of bodies with both says nothing.
                later[later["technology"] == "AI only"].assign(source="A third", bodies=1),
            ]
        )
    )
    rows = mic.later_combinations().set_index(["t", "year"])
    row = rows.loc[("ai", 2025)]
    assert (row["lower"], row["upper"]) == pytest.approx(((716 + 347 - 20) / 1788, (716 + 347) / 1788))
    assert row["source"] == "Another; Denpa Shimbun, 2025-07-01"
    assert rows.loc[("rpa", 2024), "lower"] == pytest.approx(807 / 1788)


def test_what_is_known_of_ai_by_hand():
    """68 % of 47 prefectures is 32; of 20 cities 10 + 6 at stage 1, 3 at stage 2, 1 at stage 3 or 4."""
    known = mic.given_known()
    assert [(survey.key["base"], survey.outside_least) for survey in known] == [
        ("municipal", [32, 0, 0, 0, 0]),
        ("other", [48, 3, 1, 0, 0]),
        ("other", [48, 3, 0, 1, 0]),
        ("all", None),
    ]
    assert {survey.key["t"] for survey in known} == {"ai"}
    assert mic.designated_cities_with_ai() == 16


def test_a_city_without_an_answer_is_noticed(monkeypatch):
    later = LOAD("later-surveys")
    late = later.drop(later.index[(later["survey_fy"] == 2019) & (later["status"] == "trial")])
    monkeypatch.setattr(data, "load", lambda name: late if name == "later-surveys" else LOAD(name))
    mic.designated_cities_ai.cache_clear()
    try:
        with pytest.raises(ValueError, match="designated cities by status: found .*expected a sum of 20"):
            mic.designated_cities_ai()
    finally:
        mic.designated_cities_ai.cache_clear()
