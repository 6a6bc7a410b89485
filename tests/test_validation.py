"""adoption.validation: the committed tables, the workers, and the sealed envelope."""

import hashlib
import json
import os

import numpy as np
import pytest
from joblib import Parallel, delayed

from adoption import census, curve, data, register, results, simulation, validation
from adoption.results import SIMULATION


# --- the stored simulation -----------------------------------------------------------------------


def test_stored_table_is_complete_and_has_its_digest():
    stored = json.loads(SIMULATION.with_suffix(".json").read_text(encoding="utf-8"))
    raw = SIMULATION.read_bytes()
    assert stored["sha256"] == hashlib.sha256(raw).hexdigest()
    assert stored["seed"] == simulation.SEED
    assert stored["laws"] == list(simulation.TRUTHS)
    rows = results.simulated()
    assert tuple(rows[0]) == simulation.COLUMNS
    assert [(row["truth"], row["block"]) for row in rows] == [
        (law, i) for law in simulation.TRUTHS
        for i in range(validation.REPLICATES // simulation.BLOCK)]
    assert validation.REPLICATES == 500 == stored["replicates"]


def test_stored_rows_are_found_again():
    """The last block of two laws; the chapter takes the first of each."""
    last = validation.REPLICATES // simulation.BLOCK - 1
    frame = validation.municipal_frame()
    again = [simulation.block(law, last, frame, census.CLASS_LIMITS)
             for law in ("multinomial", "non-proportional")]
    assert validation.disagreements(results.simulated(), again) == []


def test_a_changed_cell_is_named():
    row = results.simulated()[0]
    assert validation.disagreements([row], [row]) == []
    other = {**row, "slope_covered": row["slope_covered"] + 1}
    [found] = validation.disagreements([row], [other])
    assert found.startswith("law ordered, block 0, slope_covered: stored")
    [found] = validation.disagreements([row], [{**row, "slope_error_sum": 1.5}])
    assert "slope_error_sum" in found


def test_csv_reads_back_as_it_was_written():
    assert validation.to_csv(results.simulated()) == SIMULATION.read_text(encoding="utf-8")


def test_cluster_and_local_workers_agree_exactly():
    """Two Dask workers in processes of their own against this process."""
    from distributed import LocalCluster
    laws = ("hump", "null")
    here = validation.simulate(2 * simulation.BLOCK, jobs=1, laws=laws)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with validation.workers(cluster.scheduler_address):
            there = validation.simulate(2 * simulation.BLOCK, laws=laws)
            pids = Parallel()(delayed(os.getpid)() for _ in range(8))
    assert os.getpid() not in pids
    assert there == here
    stored = {(row["truth"], row["block"]): row for row in results.simulated()}
    assert validation.disagreements(stored.values(), there) == []


def test_command_line_selects_parts(monkeypatch):
    done = []
    monkeypatch.setattr(validation, "PARTS", {name: lambda name=name: done.append(name)
                                              for name in validation.PARTS})
    validation.main(["--only", "simulation"])
    assert done == ["simulation"]
    validation.main([])
    assert done[1:] == ["outside-range", "simulation"]
    with pytest.raises(SystemExit):
        validation.main(["--only", "nothing"])


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


@pytest.mark.parametrize("technology", results.TECHNOLOGIES)
def test_envelope_is_opened_only_afterwards(technology, monkeypatch):
    """What comes from the envelope never touches the table of answers."""
    load, opened = data.load, []

    def watched(name, *arguments):
        opened.append(name)
        assert name != "adoption-2023-by-size"
        return load(name, *arguments)

    for cached in (results.envelope_published, results.envelope_fit):
        cached.cache_clear()
    monkeypatch.setattr(data, "load", watched)
    fit = results.envelope_fit(technology)
    results.envelope_bounds(technology, False)
    results.envelope_curve(technology, [1e4])
    assert "adoption-2023-published" in opened
    assert fit.df == 1 and fit.moments.observed.size == 3


@pytest.mark.parametrize("technology", results.TECHNOLOGIES)
def test_envelope_holds_what_the_answers_give(technology):
    counts, values = results.envelope_published(technology)
    table = results.adoption_2023(abandoned=True)
    assert sum(counts) == table["bodies"].sum() == 1741
    assert counts[0] == table[technology].sum()
    for members, n, m in ((table[technology], counts[0], values[0]),
                          (table["bodies"] - table[technology], counts[1], values[1])):
        assert members[table["upper"] <= m].sum() <= n / 2
        assert members[table["lower"] > m].sum() <= n / 2


@pytest.mark.parametrize("technology", results.TECHNOLOGIES)
def test_envelope_rates_by_hand(technology):
    """439 of 498 and 439 of 1,242 for AI, 360 of 409 and 360 of 1,332 for RPA."""
    half, above, below = {"ai": (439, 498, 1242), "rpa": (360, 409, 1332)}[technology]
    for side, bodies in (("above", above), ("below", below)):
        for suffix in ("", ".opened"):
            assert share(f"envelope.{technology}.rate-{side}{suffix}") == pytest.approx(
                half / bodies, rel=1e-9)


def test_envelope_slope_is_the_logit_of_the_answers_to_within_its_error():
    """Hausman's test by hand: the two differ by less than the loss of precision explains."""
    for t in results.TECHNOLOGIES:
        fit = results.envelope_fit(t)
        opened = register.get(f"envelope.{t}.odds-ratio-per-doubling.opened")
        error = np.log(opened.upper / opened.lower) / (2 * 1.96)
        spread = np.sqrt(fit.covariance[1, 1] - error**2)
        assert abs(fit.slopes[0] - np.log(opened.value)) < 2.5 * spread
        assert share(f"envelope.{t}.odds-ratio-per-doubling.width-ratio") > 1


def test_envelope_fit_does_not_depend_on_the_intervals_of_the_frame():
    """Merged by fours, except around the medians."""
    counts, values = results.envelope_published("ai")
    sizes, weights, _ = results.curve_frame("municipal")
    cuts = np.searchsorted(sizes, sorted([*values, *(m + 1 for m in values)]))
    starts = np.unique([*range(0, sizes.size, 4), *cuts])
    merged = np.add.reduceat(weights, starts)
    coarse = curve.fit("ordered", np.add.reduceat(sizes * weights, starts) / merged, merged,
                       counts, values, [n % 2 == 1 for n in counts], floor=results.FLOOR)
    fine = results.envelope_fit("ai")
    assert coarse.slopes[0] == pytest.approx(fine.slopes[0], rel=0.01)


def test_free_bounds_of_the_envelope_hold_the_answers():
    classes = results.classes_2023()
    for t in results.TECHNOLOGIES:
        true = (classes[t] / classes["bodies"]).to_numpy()
        found = results.envelope_bounds(t, monotone=False)
        assert (found[:, 0] <= true + 1e-12).all() and (true <= found[:, 1] + 1e-12).all()
    assert share("envelope.free-bounds.hold") == share("envelope.size-classes") == 12


def test_what_the_chapter_says_of_2023_in_words():
    """Shares rise from class to class; all monotone bounds hold; one median misread."""
    for t in results.TECHNOLOGIES:
        assert share(f"envelope.{t}.adoption.falls") == 0
    assert share("envelope.monotone-bounds.hold") == 12
    assert share("envelope.medians-misread") == 1
    for suffix in ("fit", "curvature.opened"):
        assert (register.get(f"envelope.rpa.{suffix}").p_value < 0.05) == ("opened" in suffix)
