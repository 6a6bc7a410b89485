"""Chapter since-2020: later surveys, and the answers of 2023, by hand."""

import json
from pathlib import Path

import pytest

from adoption import census, data, figures, followup, mic, register
from adoption.register import get

LOAD = data.load
CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "since-2020.ipynb"


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


def test_adoption_in_2023_by_hand():
    # 54 of 512 municipalities below 10,000, the four towns without inhabitants among them.
    assert value("since-2020.ai.adoption.under-10k") == pytest.approx(54 / 512)
    assert value("since-2020.ai.adopters.share") == pytest.approx(879 / 1741)
    assert value("since-2020.rpa.adopters.share") == pytest.approx(720 / 1741)
    assert value("since-2020.ai.rate-ratio") == pytest.approx((267 / 282) / (612 / 1459))
    assert value("since-2020.ai.rate-difference") == pytest.approx(100 * (267 / 282 - 612 / 1459))
    # One of the four empty towns uses RPA, and one of the two municipalities below 100.
    smallest = mic.answers_2023(abandoned=True).head(2)
    assert smallest[["upper", "bodies", "ai", "rpa"]].to_numpy().tolist() == [[1, 4, 0, 1], [100, 2, 0, 1]]
    assert len(mic.answers_2023(abandoned=True)) == len(mic.answers_2023()) + 1
    crude = (350 / (522 - 350)) / (525 / (1207 - 525))
    assert value("since-2020.ai.external-staff.odds-ratio-unadjusted") == pytest.approx(crude)


def test_classes_that_rose_whatever_2020_was_like():
    """The chapter names them: 10,000 to 100,000 for AI, none for RPA, and none has fallen."""
    beyond = {
        (t, c)
        for t in mic.TECHNOLOGIES
        for c in census.CLASS_IDS
        if value(f"since-2020.{t}.adoption.{c}") > get(f"{t}.adoption-bound.{c}.free").upper
    }
    assert beyond == {("ai", "10k-30k"), ("ai", "30k-50k"), ("ai", "50k-100k")}
    assert value("since-2020.ai.classes-beyond-2020") == 3
    assert value("since-2020.rpa.classes-beyond-2020") == 0
    for c in census.CLASS_IDS:
        assert value(f"since-2020.rpa.adoption.{c}") >= get(f"rpa.adoption-bound.{c}.free").lower


def test_difference_of_2020_by_hand():
    """Under `all` 148 of 314 above and 148 of 1,473 below; the largest under `other`."""
    row = get("since-2020.ai.rate-difference.2020")
    assert row.lower == pytest.approx(100 * (148 / 314 - 148 / 1473))
    assert row.upper == pytest.approx(100 * (147 / 247 - 147 / 1473))


def test_shift_is_the_ratio_of_the_two_years():
    for t in mic.TECHNOLOGIES:
        ratios = [
            value(f"{t}.half-adoption-population.{base}") / value(f"since-2020.{t}.half-adoption-population")
            for base in mic.BASES
        ]
        shift = get(f"since-2020.{t}.half-adoption-population.shift")
        assert (shift.lower, shift.upper) == pytest.approx((min(ratios), max(ratios)), rel=1e-6)


def test_size_logit_of_2023_gives_back_the_number_of_adopters():
    """The maximum of a logit with a constant expects as many adopters as there are."""
    table = mic.answers_2023()
    for t in mic.TECHNOLOGIES:
        fit = followup.size_logit(table["mean_size"], table["bodies"], table[t], floor=mic.FLOOR)
        share, lower, upper = followup.predict(fit, table["mean_size"])
        assert share @ table["bodies"] == pytest.approx(table[t].sum(), rel=1e-8)
        assert ((lower <= share) & (share <= upper)).all()
        a, b = fit.params
        assert value(f"since-2020.{t}.half-adoption-population") == pytest.approx(2 ** (-a / b))
