"""adoption.validation: the stored tables and their builder, what they say, the sealed envelope."""

import importlib
import os
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed

from adoption import census, curve, data, mic, register, simulation, validation
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


# --- the stored tables ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(validation.STORED, tmp_path / "stored")


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def test_stored_tables_are_in_order():
    validation.check()


@pytest.mark.parametrize("name, old, new, words", [
    ("outside-range.csv", "ai,municipal,ordered", "ai,municipal,probit",
     "row 1 (line 2), columns technology, base, model: found ai, municipal, probit, expected ai, "
     "municipal, ordered"),
    ("outside-range.csv", ",2.0531073,", ",3.0531073,",
     "row 1 (line 2), columns odds_ratio_least and odds_ratio_most: found 3.05311 and"),
    ("outside-range.csv", ",14950,", ",14950.5,",
     "row 1 (line 2), column vectors: found '14950.5', expected an integer >= 0"),
    ("simulation.csv", "\nordered,1,", "\northered,1,",
     "row 2 (line 3), columns truth, block: found orthered, 1, expected ordered, 1"),
    ("simulation.csv", "\nordered,1,5,0,", "\nordered,1,5,6,",
     "row 2 (line 3), column ordered_failed: found 6, expected at most 5"),
    ("inputs.csv", "\nsimulation,seed", "\nsimulation,sead",
     "row 4 (line 5), column input: found 'sead', expected"),
])
def test_damage_is_refused_with_its_place(folder, name, old, new, words):
    change(folder / name, old, new)
    with pytest.raises(DataError) as error:
        validation.check(folder)
    assert f"stored/{name}, {words}" in str(error.value)
    assert not isinstance(error.value, ChecksumError)


@pytest.mark.parametrize("name, old, new, row", [
    ("outside-range.csv", ",2.0531073,", ",2.0531074,", 3),
    ("simulation.csv", "0.10884431", "0.10884432", 8), ("inputs.csv", "20200228", "20200229", 4)])
def test_other_numbers_and_inputs_are_noticed_by_their_digest(folder, name, old, new, row):
    change(folder / name, old, new)
    with pytest.raises(ChecksumError, match=rf"stored/inputs.csv, row {row} .*column value: found"):
        validation.check(folder)


def test_builder_writes_the_stored_form(builder):
    for table, name in ((validation.simulated(), "simulation"),
                        (validation.outside_ranges(), "outside-range")):
        assert builder.written(table) == (validation.STORED / f"{name}.csv").read_text("utf-8")


def test_stored_rows_are_found_again():
    """The last block of two laws; the chapter takes the first of each."""
    last = validation.REPLICATES // simulation.BLOCK - 1
    frame = validation.municipal_frame()
    again = pd.DataFrame([simulation.block(law, last, frame, census.CLASS_LIMITS)
                          for law in ("multinomial", "non-proportional")])
    assert validation.disagreements(validation.simulated(), again) == []


def test_a_changed_cell_is_named():
    row = validation.simulated()[:1]
    assert validation.disagreements(row, row) == []
    [sentence] = validation.disagreements(row, row.assign(slope_covered=row["slope_covered"] + 1))
    assert sentence.startswith("law ordered, block 0, slope_covered: stored")
    [sentence] = validation.disagreements(row, row.assign(slope_error_sum=1.5))
    assert "slope_error_sum" in sentence


def test_a_sample_of_the_vectors_lies_inside_the_stored_range(builder):
    stored, sample = validation.outside_ranges(), builder.outside_ranges(every=5000, jobs=1)
    for name in ("odds_ratio", "J"):
        assert (sample[f"{name}_least"] >= stored[f"{name}_least"] * (1 - 1e-6)).all()
        assert (sample[f"{name}_most"] <= stored[f"{name}_most"] * (1 + 1e-6)).all()
    every = [len(mic.survey(row.technology, row.base).outside_vectors())
             for row in stored.itertuples()]
    assert stored["vectors"].tolist() == every


def test_cluster_and_local_workers_agree_exactly(builder):
    """Two Dask workers in processes of their own against this process."""
    from distributed import LocalCluster
    laws = ("hump", "null")
    here = builder.simulated(2 * simulation.BLOCK, jobs=1, laws=laws)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with builder.workers(cluster.scheduler_address):
            there = builder.simulated(2 * simulation.BLOCK, laws=laws)
            pids = Parallel()(delayed(os.getpid)() for _ in range(8))
    assert os.getpid() not in pids
    assert there.equals(here)
    assert validation.disagreements(validation.simulated(), there) == []


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


# --- what the simulation must say -----------------------------------------------------------------


def share(id):
    return register.get(id).value


def test_free_bounds_never_miss_and_facts_never_by_more_than_a_body():
    for law in simulation.TRUTHS:
        assert share(f"validation.{law}.free-contains") == 1
        assert share(f"validation.{law}.facts-within-a-body") == 1


@pytest.mark.parametrize("law,what", [
    ("ordered", "slope"), ("ordered", "ordered.half"), ("ordered", "ordered.share-30000"),
    ("null", "slope"), ("null", "contrast"), ("null", "multinomial.share-30000"),
    ("multinomial", "contrast"), ("multinomial", "multinomial.half"),
    ("multinomial", "multinomial.share-100000")])
def test_intervals_cover_where_their_model_is_right(law, what):
    # 500 surveys: two standard errors are two points.
    assert 0.925 < share(f"validation.{law}.{what}.coverage") < 0.985


def test_tests_keep_their_size_and_have_power():
    for law, test in (("ordered", "ordered"), ("null", "ordered"), ("multinomial", "multinomial"),
                      ("null", "multinomial")):
        assert share(f"validation.{law}.{test}-rejected") < 0.08
    for stage in (1, 5):
        assert share(f"validation.null.test-{stage}-rejected") < 0.07
        assert share(f"validation.ordered.test-{stage}-rejected") == 1
    assert share("validation.hump.multinomial-rejected") == 1


def test_invented_micro_data_mislead():
    assert share("validation.ordered.odds-ratio.true") == pytest.approx(np.exp(0.725))
    true = 0.725
    for how in ("apart", "together"):
        assert share(f"validation.ordered.invented-{how}.coverage") == 0
        assert share(f"validation.ordered.invented-{how}.bias") < -0.25 * true


# --- the sealed envelope --------------------------------------------------------------------------


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_is_opened_only_afterwards(t, monkeypatch):
    """What comes from the envelope never touches the table of answers."""
    load, opened = data.load, []

    def watched(name, *arguments):
        opened.append(name)
        assert name != "adoption-2023-by-size"
        return load(name, *arguments)

    mic.envelope.cache_clear()
    monkeypatch.setattr(data, "load", watched)
    envelope = mic.envelope(t)
    fit = envelope.fit().fit
    envelope.bounds(1, census.CLASS_LIMITS)
    envelope.curve([1e4])
    assert "adoption-2023-published" in opened
    assert fit.df == 1 and fit.moments.observed.size == 3


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_holds_what_the_answers_give(t):
    envelope, table = mic.envelope(t), mic.answers_2023(abandoned=True)
    assert sum(envelope.counts) == table["bodies"].sum() == 1741
    assert envelope.counts[0] == table[t].sum()
    for members, n, m in zip((table[t], table["bodies"] - table[t]), envelope.counts,
                             envelope.medians, strict=True):
        assert members[table["upper"] <= m].sum() <= n / 2
        assert members[table["lower"] > m].sum() <= n / 2


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_rates_by_hand(t):
    """439 of 498 and 439 of 1,242 for AI, 360 of 409 and 360 of 1,332 for RPA."""
    half, above, below = {"ai": (439, 498, 1242), "rpa": (360, 409, 1332)}[t]
    for side, bodies in (("above", above), ("below", below)):
        for suffix in ("", ".opened"):
            assert share(f"envelope.{t}.rate-{side}{suffix}") == pytest.approx(
                half / bodies, rel=1e-9)


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_slope_is_the_logit_of_the_answers_to_within_its_error(t):
    """Hausman's test by hand: the two differ by less than the loss of precision explains."""
    fit = mic.envelope(t).fit().fit
    opened = register.get(f"envelope.{t}.odds-ratio-per-doubling.opened")
    error = np.log(opened.upper / opened.lower) / (2 * 1.96)
    spread = np.sqrt(fit.covariance[1, 1] - error**2)
    assert abs(fit.slopes[0] - np.log(opened.value)) < 2.5 * spread
    assert share(f"envelope.{t}.odds-ratio-per-doubling.width-ratio") > 1


def test_envelope_fit_does_not_depend_on_the_intervals_of_the_frame():
    """Merged by fours, except around the medians."""
    envelope = mic.envelope("ai")
    sizes, weights = envelope.frame.binned(envelope.medians, envelope.floor)
    cuts = np.searchsorted(sizes, sorted([*envelope.medians, *(m + 1 for m in envelope.medians)]))
    starts = np.unique([*range(0, sizes.size, 4), *cuts])
    merged = np.add.reduceat(weights, starts)
    coarse = curve.fit("ordered", np.add.reduceat(sizes * weights, starts) / merged, merged,
                       envelope.counts, envelope.medians, envelope.odd, floor=mic.FLOOR)
    assert coarse.slopes[0] == pytest.approx(envelope.fit().fit.slopes[0], rel=0.01)


def test_free_bounds_of_the_envelope_hold_the_answers():
    classes = mic.classes_2023().set_index("t")
    for t in mic.TECHNOLOGIES:
        ends = mic.envelope(t).bounds(1, census.CLASS_LIMITS)
        true = classes.loc[t, "share"].to_numpy()
        assert (ends["lower"] <= true + 1e-12).all() and (true <= ends["upper"] + 1e-12).all()
    assert share("envelope.free-bounds.hold") == share("envelope.size-classes") == 12


def test_what_the_chapter_says_of_2023_in_words():
    """Shares rise from class to class; all monotone bounds hold; one median misread."""
    for t in mic.TECHNOLOGIES:
        assert share(f"envelope.{t}.adoption.falls") == 0
    assert share("envelope.monotone-bounds.hold") == 12
    assert share("envelope.medians-misread") == 1
    for suffix in ("fit", "curvature.opened"):
        assert (register.get(f"envelope.rpa.{suffix}").p_value < 0.05) == ("opened" in suffix)
