"""Chapter forecast: later surveys as pages quote them, by hand; and the targets."""

import csv
import json
from pathlib import Path

import pytest

from adoption import data, figures, mic, register
from adoption.register import get

LOAD = data.load
CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "forecast.ipynb"


def value(id):
    return get(id).value


def test_later_surveys_by_hand():
    assert value("since-2020.ai.prefecture.introduced.2020") == 0.85
    # 16 of 20 had introduced AI and two were on trial.
    assert value("since-2020.ai.designated-city.introduced.2020") == 16 / 20
    assert value("since-2020.ai.designated-city.with-trials.2020") == 18 / 20
    # No survey of fiscal 2021 for RPA: the bracket of March 2021 ends with fiscal 2022.
    assert "since-2020.rpa.prefecture.introduced.2021" not in register.read().index
    bracket = get("since-2020.rpa.prefecture.end-of-fiscal-2020")
    assert (bracket.lower, bracket.upper) == (0.74, 0.94)
    assert value("since-2020.ai.all.from-combinations.2024") == pytest.approx((716 + 347) / 1788)


@pytest.fixture
def cells(monkeypatch):
    """Function that runs cells of the chapter by name: what they record, and the tables shown.

    changed: another table of later surveys, to be read instead of the committed one.
    """

    def run(*ids, changed=None):
        recorded, shown = {}, []
        monkeypatch.setattr(
            data, "load", lambda name: changed.copy() if name == "later-surveys" and changed is not None else LOAD(name)
        )
        monkeypatch.setattr(
            register,
            "record",
            lambda template, table: recorded.update({row["id"]: row for row in register.rows_of(template, table)}),
        )
        monkeypatch.setattr(figures, "table", lambda frame, **how: shown.append(frame))
        known = {}
        for cell in json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]:
            if cell["id"] in ("setup", *ids):
                exec("".join(cell["source"]), known)
        return recorded, shown

    return run


def test_a_disagreement_between_sources_becomes_a_range(cells):
    table = LOAD("later-surveys")
    quoted = table["source"].str.startswith("Ines") & (table["survey_fy"] == 2020)
    table.loc[quoted & (table["body_type"] == "designated_city"), "percent"] = 85.0
    rows, _ = cells("later-surveys", "end-of-fiscal-2020", changed=table)
    row = rows["since-2020.ai.designated-city.introduced.2020"]
    assert (row["value"], row["lower"], row["upper"]) == ("", "0.8", "0.85")
    assert rows["since-2020.ai.designated-city.end-of-fiscal-2020"]["lower"] == "0.8"


def test_table_of_later_surveys_holds_every_figure_and_its_sources(cells):
    _, (table, pages) = cells("later-surveys", "forecast-table", "sources-table")
    table = table.set_index(["t", "year"]).drop(columns="as_of")
    assert (table != "").sum().sum() == len(mic.later_series())
    names = pages.set_index("number")["source"]
    cell = table.loc[("ai", 2020), "designated_city"]
    assert cell.startswith("80%, 90% with trials [")
    quoted = {names[n].split(",")[0].split(" (")[0] for n in cell[:-1].split("[")[1].split(", ")}
    assert quoted == {"ICT white paper 2025", "Ines Solutions"}
    assert table.loc[("ai", 2020), "prefecture"].startswith("85%* [")
    assert ("rpa", 2021) not in table.index


def test_the_verdict_rests_on_these_pages():
    """Eight figures; AI's of the prefectures and RPA's of 2020 have one page each, all vendors'."""
    table = LOAD("later-surveys").query("status == 'introduced' and body_type in ['prefecture', 'designated_city']")
    decide = [("AI", 2020), ("AI", 2021), ("RPA", 2020), ("RPA", 2022)]
    pages = {
        key: set(rows["source_kind"]) if rows["source"].nunique() == 1 else set()
        for key, rows in table.groupby(["technology", "survey_fy", "body_type"])
        if key[:2] in decide
    }
    assert value("forecast.bracket.points") == len(pages) == 8
    alone = {key for key, kinds in pages.items() if kinds == {"vendor"}}
    assert alone == {
        ("AI", 2020, "prefecture"),
        ("AI", 2021, "prefecture"),
        ("RPA", 2020, "prefecture"),
        ("RPA", 2020, "designated_city"),
    }
    assert value("forecast.bracket.single-vendor") == len(alone)


def test_targets_and_what_came_of_them():
    assert (value("forecast.target.2022"), value("forecast.target.2024")) == (500, 1065)
    assert value("forecast.ai-or-rpa.2024.quoted") == 1154
    # 85 % of 47 is 40, 80 % of 20 is 16, and 21 % of 1,721, rounded, is 353 to 370.
    row = get("forecast.ai.introduced.2020")
    assert (row.lower, row.upper) == (40 + 16 + 353, 40 + 16 + 370)
    assert get("forecast.ai.introduced.2021").lower > 500
    # With AI 1,063 less 47 and 20; with RPA 807 less 45, which alone rounds to 96 % of 47, and 20.
    for t, others in (("ai", 1063 - 67), ("rpa", 807 - 65)):
        id = f"since-2020.{t}.other-municipality"
        assert value(f"{id}.from-combinations.2024") == pytest.approx(others / 1721)
        assert round(others / 1721, 2) == value(f"{id}.introduced.2024")


def test_either_technology_in_2023_from_single_answers(shared):
    """Counted answer by answer in the two official files."""
    either = 0
    for name in ("municipalities", "prefectures"):
        with (shared / "dashboard" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            answers = {row[1]: row[2:] for row in csv.reader(file)}
        both = zip(answers["AIの導入状況"], answers["RPAの導入状況"], strict=True)
        either += sum("実施" in answer for answer in both)
    assert value("forecast.ai-or-rpa.2023") == either
