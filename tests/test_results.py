"""adoption.results: the committed register is what the code computes, and some of it by hand."""

import csv
import json

import pytest

from adoption import register, results
from adoption.register import PATH, Result

KINDS = {"fact", "range", "bound", "interval", "test"}


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
    assert recorded == results.input_digests(), "run make results"


def test_json_holds_the_same_rows():
    rows = json.loads(PATH.with_suffix(".json").read_text(encoding="utf-8"))
    assert [Result(**row) for row in rows] == [register.get(row["id"]) for row in rows]
    assert len(rows) == len(register.read())


def test_form_of_the_file(committed):
    raw = PATH.read_bytes()
    assert raw.endswith(b"\n") and b"\r" not in raw and not raw.startswith(b"\xef")
    assert list(committed.index) == sorted(committed.index)
    assert committed.index.is_unique
    assert set(committed["evidence"]) <= KINDS
    for column in ("unit", "label", "base", "source", "function", "chapter"):
        assert (committed[column] != "").all()


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
