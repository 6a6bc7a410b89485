"""adoption.stored: the files of results/ are read strictly, and compared with their digests."""

import shutil

import pytest

from adoption import stored
from adoption.csvfile import ChecksumError, DataError


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(stored.FOLDER, tmp_path / "results")


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def test_stored_files_are_in_order(folder):
    stored.check(folder)


CASES = {
    "short row": ("results.csv", ",ai-versus-rpa\n", "\n", "row 1 (line 2): found 11 cells"),
    "no number": ("results.csv", "bodies,74,", "bodies,74人,",
                  "row 2 (line 3), column value: found '74人', expected a number"),
    "infinite": ("results.csv", "bodies,74,", "bodies,1e999,", "column value: found '1e999'"),
    "evidence": ("results.csv", "RPA adopters less AI adopters,fact", "x,facts",
                 "row 1 (line 2), column evidence: found 'facts', expected one of fact, range"),
    "order": ("results.csv", "\nai-rpa.difference,", "\nb,", "row 2 (line 3), column id: found "
              "ai-rpa.difference.bodies, expected an id after b"),
    "no words": ("results.csv", "percentage points", "",
                 "row 1 (line 2), column unit: found an empty cell, expected text"),
    "no reason": ("changes.csv", "version,id,reason\n", "version,id,reason\n0.1.0,a.b,\n",
                  "row 1 (line 2), column reason: found an empty cell, expected text"),
    "no change": ("changes.csv", "version,id,reason\n", "version,id,reason\n0.1.0,a.b,Why\n",
                  "version 0.1.0, id a.b: found a reason for a change, expected none"),
    "curve": ("outside-range.csv", "ai,municipal,ordered", "ai,municipal,probit",
              "row 1 (line 2), columns technology, base, model: found ai, municipal, probit, "
              "expected ai, municipal, ordered"),
    "least": ("outside-range.csv", ",2.0531073,", ",3.0531073,",
              "row 1 (line 2), columns odds_ratio_least and odds_ratio_most: found 3.05311 and"),
    "vectors": ("outside-range.csv", ",14950,", ",14950.5,",
                "row 1 (line 2), column vectors: found '14950.5', expected an integer >= 0"),
    "law": ("simulation.csv", "\nordered,1,", "\northered,1,",
            "row 2 (line 3), columns truth, block: found orthered, 1, expected ordered, 1"),
    "count": ("simulation.csv", "\nordered,1,5,0,", "\nordered,1,5,6,",
              "row 2 (line 3), column ordered_failed: found 6, expected at most 5"),
    "no file": ("outside-range.csv", None, None, "found no such file, expected a table"),
}


@pytest.mark.parametrize("case", CASES)
def test_damage_is_refused_with_its_place(folder, case):
    name, old, new, words = CASES[case]
    if old is None:
        (folder / name).unlink()
    else:
        change(folder / name, old, new)
    with pytest.raises(DataError) as error:
        stored.read(folder)
    assert f"results/{name}" in str(error.value) and words in str(error.value), str(error.value)
    assert not isinstance(error.value, ChecksumError)


@pytest.mark.parametrize("name, old, new", [
    ("results.csv", "bodies,74,", "bodies,75,"), ("results.json", '"value": 74.0', '"value": 75.0'),
    ("outside-range.csv", ",2.0531073,", ",2.0531074,"),
    ("simulation.csv", "0.10884431", "0.10884432")])
def test_another_number_is_noticed_by_its_digest(folder, name, old, new):
    change(folder / name, old, new)
    stored.read(folder)
    with pytest.raises(ChecksumError, match=rf"results/{name}, digest in inputs.json: found"):
        stored.check(folder)


def test_register_may_be_absent_for_the_build_to_compute_it(folder):
    (folder / "results.csv").unlink()
    stored.read(folder)


def test_command_line(folder, monkeypatch, capsys):
    monkeypatch.setattr(stored, "read", lambda: stored.simulated(folder / "simulation.csv"))
    stored.main()
    assert "22 tables and the stored results are in order" in capsys.readouterr().out
    change(folder / "simulation.csv", "truth", "law")
    with pytest.raises(SystemExit, match=r"results/simulation.csv, header \(line 1\): found law"):
        stored.main()
