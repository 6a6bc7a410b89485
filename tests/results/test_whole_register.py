"""The register as a whole: what the columns mean, and that no released number was lost."""

import csv
import json
from pathlib import Path

import pytest

from adoption import data, register
from adoption.register import NUMBERS

ROOT = Path(__file__).resolve().parents[2]
RELEASED = sorted((ROOT / "results" / "released").glob("*.csv"))
RESULTS = register.read()


def test_columns_mean_what_the_evidence_says():
    by_evidence = {kind: rows for kind, rows in RESULTS.groupby("evidence")}
    for kind in ("range", "bound"):
        assert by_evidence[kind]["value"].isna().all()
        assert (by_evidence[kind]["lower"] <= by_evidence[kind]["upper"]).all()
    assert by_evidence["test"]["p_value"].between(0, 1).all()
    assert by_evidence["fact"][["lower", "upper", "p_value"]].isna().all(axis=None)
    assert by_evidence["interval"][["lower", "upper"]].notna().all(axis=None)
    assert by_evidence["quoted"]["p_value"].isna().all()
    assert (by_evidence["quoted"]["value"].isna() == by_evidence["quoted"]["lower"].notna()).all()
    fractions = RESULTS.loc[RESULTS["unit"].isin(["fraction", "chance"]), ["value", "lower", "upper"]]
    assert fractions.stack().dropna().between(0, 1).all()


def test_a_figure_of_a_public_page_is_quoted_and_no_fact():
    pages = {name for table in ("later-surveys", "quoted-figures") for name in data.load(table)["source"]}
    from_pages = RESULTS["source"].str.split("; ").map(lambda names: pages.issuperset(names))
    assert from_pages.sum() > 60
    assert set(RESULTS.loc[from_pages, "evidence"]) == {"quoted", "range"}
    # Ranges are what follows from quoted figures for what they leave open.
    assert (RESULTS.index[from_pages & (RESULTS["evidence"] == "range")].str.contains("end-of-fiscal-2020")).all()


def test_an_estimate_lies_in_its_interval():
    rows = RESULTS[RESULTS[["value", "lower", "upper"]].notna().all(axis=1)]
    assert len(rows) > 100
    assert ((rows["lower"] <= rows["value"]) & (rows["value"] <= rows["upper"])).all()


def test_every_row_leads_to_a_cell_of_its_chapter():
    for chapter, rows in RESULTS.groupby("chapter"):
        cells = json.loads((ROOT / "chapters" / f"{chapter}.ipynb").read_text("utf-8"))["cells"]
        known = {cell["id"] for cell in cells if cell["cell_type"] == "code" and "record(" in "".join(cell["source"])}
        assert set(rows["cell"]) <= known, chapter


def test_labels_are_whole():
    for name in ("unit", "label", "base", "source"):
        assert not RESULTS[name].str.contains(r"[{}]").any(), name
    assert RESULTS["label"].str.match(r"[A-Z0-9]").all()


def test_no_two_results_have_the_same_label_base_and_source():
    """A reader who sees label and base knows which number it is."""
    twice = RESULTS[RESULTS.duplicated(["label", "base", "source", "unit"], keep=False)]
    assert twice.empty, sorted(twice.index)


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_released_numbers_are_kept_or_their_change_is_explained(path):
    with (ROOT / "results" / "changes.csv").open(encoding="utf-8", newline="") as file:
        explained = {row["id"] for row in csv.DictReader(file)}
    with path.open(encoding="utf-8", newline="") as file:
        released = list(csv.DictReader(file))
    assert len(released) >= 878
    for old in released:
        if old["id"] in explained:
            continue
        assert old["id"] in RESULTS.index, old["id"]
        new = register.get(old["id"])
        for name in NUMBERS:
            before = float(old[name]) if old[name] else None
            assert register.same(before, getattr(new, name)), (old["id"], name)
