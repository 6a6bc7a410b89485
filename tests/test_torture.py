"""tools/torture.py: spoilt data are refused, and the tool notices where they are not."""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from adoption import data, descriptor

ROOT = Path(__file__).resolve().parents[1]
COUNT = 300  # every kind three times or more; `make torture` does them all


@pytest.fixture(scope="module")
def torture():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import torture
        yield torture
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def outcomes(torture, pytestconfig):
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(flush=True)
        return torture.run(COUNT)


def test_spoilt_data_are_refused_with_their_place(torture, outcomes):
    assert len(outcomes) == COUNT
    wrong = [torture.shown(outcome, 1) for outcome in outcomes if outcome.complaint]
    assert not wrong, "\n".join(wrong)


def test_every_kind_and_every_file_has_its_turn(torture, outcomes):
    kinds = Counter(outcome.case.kind for outcome in outcomes)
    assert min(kinds.values()) >= 3 and kinds.keys() == {
        *torture.TABLE_KINDS, *torture.PACKAGE_KINDS}
    files = Counter(outcome.case.file for outcome in outcomes)
    assert files.keys() == {*torture.tables(), torture.PACKAGE}
    assert {Path(file).name for file in files if file.startswith("data/")} == {
        file.name for file in data.DATA.iterdir() if file.is_file()}


def test_both_ways_of_refusal_occur(outcomes):
    ways = Counter(outcome.by for outcome in outcomes)
    assert ways["content"] > ways["checksum"] > 20


def test_whole_run_meets_every_file_that_a_kind_can_befall(torture):
    plan = torture.plan(1)
    rounds = torture.COUNT // len(plan)
    assert torture.COUNT >= 2000
    assert all(len(files) <= rounds for name, files in plan)


def test_cases_come_again_from_their_number(torture):
    numbers = range(0, 1000, 7)
    first = [torture.case(number, 5) for number in numbers]
    assert first == [torture.case(number, 5) for number in numbers]
    assert first != [torture.case(number, 6) for number in numbers]


def test_a_case_spoils_what_it_says_and_nothing_else(torture):
    for number in range(0, 400, 3):
        case = torture.case(number, 2)
        for file, raw in case.fault.files.items():
            path = ROOT / file
            assert raw is None or not path.exists() or raw != path.read_bytes(), case


def first_of(torture, kind, file=None):
    """The first case of a kind (in a file) by number."""
    kinds = [name for name, _ in torture.plan(1)]
    number = kinds.index(kind)
    while file and torture.case(number, 1).file != file:
        number += len(kinds)
    return number


def complaints(torture, *numbers):
    return [outcome.complaint for outcome in torture.judge_all(numbers, 1)]


# The tool is only worth something if it finds a check that lets something pass.

def test_a_missing_check_of_sums_is_noticed(torture, monkeypatch):
    number = first_of(torture, "total or bound number off by one", "data/ai-joint-use-form.csv")
    assert complaints(torture, number) == [""]
    monkeypatch.setitem(data.TABLE_CHECKS, "ai-joint-use-form", ())
    assert complaints(torture, number) == ["noticed by its checksum alone"]


def test_missing_checksums_are_noticed(torture, monkeypatch):
    numbers = [first_of(torture, "loosened constraint"), first_of(torture, "wrong checksum")]
    assert complaints(torture, *numbers) == ["", ""]
    monkeypatch.setattr(data, "_check_sum", lambda *arguments: None)
    monkeypatch.setattr(data, "_check_package", lambda folder: None)
    assert complaints(torture, *numbers) == ["accepted silently"] * 2


def test_a_crash_is_noticed_and_shown(torture, monkeypatch):
    monkeypatch.setattr(descriptor, "_conform", lambda *arguments: None)
    [outcome] = torture.judge_all([first_of(torture, "whole description of another type")], 1)
    assert outcome.complaint == "crashed" and "Traceback" in outcome.message
    shown = torture.shown(outcome, 1)
    assert f"--seed 1 --case {outcome.case.number}" in shown and "datapackage.json" in shown


@pytest.mark.parametrize("message, complaint", [
    ("data/errata.csv, row 1 (line 2), column slide: found 'x', expected an integer", ""),
    ("data/errata.csv: found 'x', expected an integer", "the message names no place"),
    ("data/errata.csv, row 1 (line 2), column slide: bad", "the message does not say where"),
    ("data/claims.csv, row 1 (line 2), column slide: found 'x', expected y",
     "the message does not name the file"),
    ("data/errata.csv, row 2 (line 3), column slide: found 'x', expected y",
     "the message does not say 'row 1 (line 2)'"),
])
def test_a_vague_message_is_noticed(torture, message, complaint):
    case = torture.Case(0, "a kind", "data/errata.csv", torture.Fault(
        "row 1 (line 2), column slide", "4", "x", {"data/errata.csv": b""},
        says=("row 1 (line 2)", "slide")))
    assert torture.complain(case, "content", message).startswith(complaint)
    assert bool(complaint) == bool(torture.complain(case, "content", message))


def test_command_line_fails_where_something_passes(torture, monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        torture.main(["--case", str(first_of(torture, "missing column"))])
    assert ended.value.code == 0 and "missing column" in capsys.readouterr().out
    # in this process, where the check is missing
    monkeypatch.setattr(torture, "Parallel",
                        lambda jobs, return_as: lambda tasks: (f(*a) for f, a, _ in tasks))
    monkeypatch.setattr(data, "TABLE_CHECKS", {})
    monkeypatch.setattr(data, "CROSS_CHECKS", ())
    monkeypatch.setattr(torture, "plan", lambda seed: [
        ("total or bound number off by one", ["data/adoption-by-stage.csv"])])
    with pytest.raises(SystemExit) as ended:
        torture.main(["--count", "20"])
    out = capsys.readouterr().out
    assert ended.value.code == 1 and "noticed by its checksum alone" in out
    assert re.search(r"^total or bound number off by one +20 ", out, re.M)
    assert re.search(r"torture: 20 spoilt inputs, \d+ refused as they should be, [1-9]\d* not", out)
