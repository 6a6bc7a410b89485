"""adoption.validation: the stored tables, and the builder that makes them."""

import importlib
import os
import shutil
import sys

import pandas as pd
import pytest
from joblib import Parallel, delayed

from adoption import census, data, mic, simulation, validation
from adoption.csvfile import ChecksumError, DataError


@pytest.fixture(scope="module")
def builder():
    """data/builders/build_stored.py as a module."""
    folder = str(data.DATA / "builders")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("build_stored")
    finally:
        sys.path.remove(folder)


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(validation.STORED, tmp_path / "stored")


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def test_stored_tables_are_in_order():
    validation.check()


@pytest.mark.parametrize(
    "name, old, new, words",
    [
        (
            "outside-range.csv",
            "ai,municipal,ordered",
            "ai,municipal,probit",
            "row 1 (line 2), columns technology and base and model and known: found technology 'ai', base 'municipal', "
            "model 'probit', known 'no', expected technology 'ai', base 'municipal', model 'ordered', known 'no'",
        ),
        (
            "outside-range.csv",
            ",2.0531073,",
            ",3.0531073,",
            "row 1 (line 2), columns odds_ratio_lower and odds_ratio_least and odds_ratio_most and odds_ratio_upper: "
            "found odds_ratio_lower 1.9165176, odds_ratio_least 3.0531073, "
            "odds_ratio_most 2.1516993, odds_ratio_upper 2.3207583, "
            "expected 0 < odds_ratio_lower <= odds_ratio_least",
        ),
        (
            "outside-range.csv",
            ",14950,",
            ",14950.5,",
            "row 1 (line 2), column vectors: found '14950.5', expected an integer >= 0",
        ),
        (
            "simulation.csv",
            "\nordered,1,",
            "\northered,1,",
            "row 2 (line 3), columns truth and block: found truth 'orthered', block '1', expected truth 'ordered', block 1",
        ),
        (
            "simulation.csv",
            "\nordered,1,5,0,",
            "\nordered,1,5,6,",
            "row 2 (line 3), columns ordered_failed and replicates: found ordered_failed 6, replicates 5, expected "
            "ordered_failed <= replicates",
        ),
        (
            "inputs.csv",
            "\nsimulation,seed",
            "\nsimulation,sead",
            "row 5 (line 6), columns table and input: found table 'simulation', input 'sead', expected",
        ),
    ],
)
def test_damage_is_refused_with_its_place(folder, name, old, new, words):
    change(folder / name, old, new)
    with pytest.raises(DataError) as error:
        validation.check(folder)
    assert f"stored/{name}, {words}" in str(error.value)
    assert not isinstance(error.value, ChecksumError)


@pytest.mark.parametrize(
    "name, old, new, row",
    [
        ("outside-range.csv", ",2.0531073,", ",2.0531074,", 4),
        ("simulation.csv", "0.10884431", "0.10884432", 9),
        ("inputs.csv", "20200228", "20200229", 5),
    ],
)
def test_other_numbers_and_inputs_are_noticed_by_their_digest(folder, name, old, new, row):
    change(folder / name, old, new)
    with pytest.raises(ChecksumError, match=rf"stored/inputs.csv, row {row} .*column value: found"):
        validation.check(folder)


def test_builder_writes_the_stored_form(builder):
    for table, name in ((validation.simulated(), "simulation"), (validation.outside_ranges(), "outside-range")):
        assert builder.written(table) == (validation.STORED / f"{name}.csv").read_text("utf-8")


def assert_stored(again):
    """Counts are those stored; sums differ by what another processor's last digits make of them."""
    stored = again[["truth", "block"]].merge(validation.simulated(), on=["truth", "block"])
    pd.testing.assert_frame_equal(
        again.reset_index(drop=True), stored[again.columns], rtol=1e-5, atol=1e-6, check_dtype=False
    )


def test_stored_rows_are_found_again():
    """The last block of two laws; the chapter takes the first of each."""
    last = validation.REPLICATES // simulation.BLOCK - 1
    frame = validation.municipal_frame()
    again = pd.DataFrame(
        [simulation.block(law, last, frame, census.CLASS_LIMITS) for law in ("multinomial", "non-proportional")]
    )
    assert_stored(again)


def test_a_sample_of_the_vectors_lies_inside_the_stored_range(builder):
    stored, sample = validation.outside_ranges(), builder.outside_ranges(every=5000, jobs=1)
    for name in ("odds_ratio", "half_size", "J"):
        assert (sample[f"{name}_least"] >= stored[f"{name}_least"] * (1 - 1e-6)).all()
        assert (sample[f"{name}_most"] <= stored[f"{name}_most"] * (1 + 1e-6)).all()
    for name in ("odds_ratio", "half_size"):
        assert (sample[f"{name}_lower"] >= stored[f"{name}_lower"] * (1 - 1e-6)).all()
        assert (sample[f"{name}_upper"] <= stored[f"{name}_upper"] * (1 + 1e-6)).all()
    for row in stored.itertuples():
        surveys = [mic.survey(row.technology, row.base)] if row.known == "no" else mic.given_known(row.base)
        assert row.vectors == sum(len(survey.outside_vectors()) for survey in surveys)


def test_cluster_and_local_workers_agree_exactly(builder):
    """Two Dask workers in processes of their own against this process."""
    from distributed import LocalCluster

    laws = ("hump", "null")
    here = builder.simulated(simulation.BLOCK, jobs=1, laws=laws)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with builder.workers(cluster.scheduler_address):
            there = builder.simulated(simulation.BLOCK, laws=laws)
            pids = Parallel()(delayed(os.getpid)() for _ in range(8))
    assert os.getpid() not in pids
    assert there.equals(here)
    assert_stored(there)


def test_command_line_selects_parts(builder, folder, monkeypatch):
    stored = {"outside-range": validation.outside_ranges(), "simulation": validation.simulated()}
    done = []

    def part(name):
        done.append(name)
        return stored[name]

    monkeypatch.setattr(builder, "PARTS", {name: lambda name=name: part(name) for name in stored})
    monkeypatch.setattr(validation, "STORED", folder)
    builder.main(["--only", "simulation"])
    assert done == ["simulation"]
    (folder / "inputs.csv").unlink()
    builder.main([])
    assert done[1:] == ["outside-range", "simulation"]
    validation.check(folder)
    with pytest.raises(SystemExit):
        builder.main(["--only", "nothing"])
