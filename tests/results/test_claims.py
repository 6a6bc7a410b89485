"""Chapter claims: verdicts counted, and Holm's adjustment by hand."""

import csv

import pytest

from adoption import data, phrases, register


@pytest.fixture(scope="module")
def claims():
    with data.path("claims").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def p_value(id):
    return register.get(id).p_value


def test_verdicts_by_counting(claims):
    counts = {"count": len(claims), "tested": sum(bool(row["tests"]) for row in claims)}
    for verdict in ("supported", "supported in part", "open", "not testable"):
        counts[verdict.replace(" ", "-")] = sum(row["verdict"] == verdict for row in claims)
    assert {name: register.get(f"claims.{name}").value for name in counts} == counts
    assert counts["count"] == 9


def test_holm_by_hand(claims):
    """Of several tests the largest p; in order times 4, 3, 2, 1, and never falling."""
    worst = sorted((max(map(p_value, row["tests"].split())), row["claim"]) for row in claims if row["tests"])
    assert [name for _, name in worst] == ["small-lag", "rpa-larger-first", "ai-larger-first", "prefectures-lead"]
    largest = 0
    for times, (p, name) in zip((4, 3, 2, 1), worst, strict=True):
        largest = max(largest, times * p)
        assert p_value(f"claims.{name}.holm") == pytest.approx(largest, rel=1e-8)


def test_every_id_that_a_claim_names_is_a_result(claims):
    known = register.read().index
    for number, row in enumerate(claims, 1):
        for column in ("results", "tests"):
            for id in row[column].split():
                assert id in known, f"claims.csv, row {number}, column {column}: {id}"


def test_claims_agree_with_their_evidence(claims):
    """A verdict of "supported" is not kept by a test that says otherwise; all places are filled."""
    for row in claims:
        ids = row["results"].split()
        filled = phrases.fill(row["estimate_en"], map(register.get, ids))
        assert "{" not in filled and all("{" + id in row["estimate_en"] for id in ids)
        assert ("tested" in row["evidence"].split("; ")) == bool(row["tests"])
        if row["tests"] and row["verdict"] == "supported":
            assert p_value(f"claims.{row['claim']}.holm") < 0.05
