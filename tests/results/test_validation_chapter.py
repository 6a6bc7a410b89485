"""Chapter validation: the sealed envelope and the simulated surveys, by hand and by brute force."""

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from adoption import census, data, mic, register, simulation
from adoption.survey import Frame, Survey

RESULTS = Path(__file__).resolve().parents[2] / "results"


def value(id):
    return register.get(id).value


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
    envelope.rates(), envelope.slope(), envelope.half_size("ordered"), envelope.curve([1e4])
    envelope.bounds(1, census.CLASS_LIMITS)
    assert "adoption-2023-published" in opened
    assert envelope.misfit()["df"].item() == 1


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_holds_what_the_answers_give(t):
    envelope, answers = mic.envelope(t), mic.answers_2023(abandoned=True)
    assert sum(envelope.counts) == answers["bodies"].sum() == 1741
    assert envelope.counts[0] == answers[t].sum()
    for members, n, median in zip((answers[t], answers["bodies"] - answers[t]), envelope.counts, envelope.medians):
        assert members[answers["upper"] <= median].sum() <= n / 2
        assert members[answers["lower"] > median].sum() <= n / 2


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_rates_by_hand(t):
    """439 of 498 and 439 of 1,242 for AI, 360 of 409 and 360 of 1,332 for RPA."""
    half, above, below = {"ai": (439, 498, 1242), "rpa": (360, 409, 1332)}[t]
    for side, bodies in (("above", above), ("below", below)):
        for suffix in ("", ".opened"):
            assert value(f"envelope.{t}.rate-{side}{suffix}") == pytest.approx(half / bodies, rel=1e-9)


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_envelope_slope_is_the_logit_of_the_answers_to_within_its_error(t):
    """Hausman's test by hand: the two differ by less than the loss of precision explains."""
    fit = mic.envelope(t).fit("ordered").fit
    opened = register.get(f"envelope.{t}.odds-ratio-per-doubling.opened")
    error = math.log(opened.upper / opened.lower) / (2 * 1.96)
    spread = math.sqrt(fit.covariance[1, 1] - error**2)
    assert abs(fit.slopes[0] - math.log(opened.value)) < 2.5 * spread


def test_envelope_errors_and_widths_by_hand():
    for t in mic.TECHNOLOGIES:
        for what in ("odds-ratio-per-doubling", "half-adoption-population"):
            sealed = register.get(f"envelope.{t}.{what}")
            opened = register.get(f"envelope.{t}.{what}.opened")
            assert value(f"envelope.{t}.{what}.error") == pytest.approx(sealed.value / opened.value, rel=1e-8)
            width = math.log(sealed.upper / sealed.lower) / math.log(opened.upper / opened.lower)
            assert value(f"envelope.{t}.{what}.width-ratio") == pytest.approx(width, rel=1e-7)
            assert width > 1


def test_envelope_fit_does_not_depend_on_the_intervals_of_the_frame():
    """Merged by fours, except around the medians."""
    fine = mic.envelope("ai")
    frame = fine.frame
    cuts = np.searchsorted(frame.lower, sorted([*fine.medians, *(m + 1 for m in fine.medians)]))
    starts = np.unique([*range(0, frame.lower.size, 4), *cuts])
    bodies = np.add.reduceat(frame.bodies, starts)
    people = np.add.reduceat(frame.bodies * np.nan_to_num(frame.mean_size), starts)
    merged = Frame(frame.lower[starts], frame.upper[[*starts[1:] - 1, -1]], bodies, people / np.maximum(bodies, 1))
    coarse = Survey(fine.counts, fine.medians, merged, fine.floor, odd=fine.odd)
    assert coarse.slope()["odds_ratio"].item() == pytest.approx(fine.slope()["odds_ratio"].item(), rel=0.01)


def test_bounds_of_the_envelope_hold_the_answers():
    """The free ones must; by 2023 adoption rose from class to class, so the others do too."""
    for t in mic.TECHNOLOGIES:
        shares = [value(f"envelope.{t}.adoption.{name}") for name in census.CLASS_IDS]
        assert shares == sorted(shares) and value(f"envelope.{t}.adoption.falls") == 0
        for how in ("free", "monotone"):
            for name, share in zip(census.CLASS_IDS, shares):
                row = register.get(f"envelope.{t}.bound.{name}.{how}")
                assert row.lower - 1e-9 <= share <= row.upper + 1e-9
    assert value("envelope.free-bounds.hold") == value("envelope.monotone-bounds.hold") == 12
    assert value("envelope.size-classes") == 12


def test_one_median_would_have_been_misread():
    """Of 878 and 863, 720 and 1,021 bodies: an even count with a municipality at its median."""
    table = data.load("adoption-2023-published")
    answers = mic.answers_2023(abandoned=True)
    at = [
        answers.loc[(answers["lower"] == m) & (answers["upper"] == m + 1), "bodies"].sum()
        for m in table["median_population"]
    ]
    misread = [n for n, bodies in zip(table["bodies"], at) if n % 2 == 0 and bodies]
    assert value("envelope.medians-misread") == len(misread) == 1


def test_departure_from_a_line_goes_unnoticed_in_the_envelope():
    assert register.get("envelope.rpa.curvature.opened").p_value < 0.05
    assert register.get("envelope.rpa.fit").p_value > 0.05


# --- the simulated surveys ------------------------------------------------------------------------

ESTIMATES = {
    "slope": "slope",
    "contrast": "contrast",
    "micro": "micro-data",
    "apart": "invented-apart",
    "together": "invented-together",
    **{f"{model}_half": f"{model}.half" for model in ("ordered", "multinomial")},
    **{
        f"{model}_{size}": f"{model}.share-{size}" for model in ("ordered", "multinomial") for size in simulation.POINTS
    },
}
CHECKS = (
    "ordered_failed",
    "multinomial_failed",
    "ordered_rejected",
    "multinomial_rejected",
    "test_1_rejected",
    "test_5_rejected",
    "facts_exact",
    "facts_within_a_body",
    "free_contains",
    "monotone_contains",
    "monotone_impossible",
    "parity_misread",
    "parity_misread_unnoticed",
)


@pytest.fixture(scope="module")
def sums():
    """Each column of the stored table, added up by law."""
    [path] = RESULTS.rglob("simulation.csv")
    added = defaultdict(lambda: defaultdict(float))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name, cell in row.items():
                if name not in ("truth", "block"):
                    added[row["truth"]][name] += float(cell)
    return added


def assert_share(id, k, n):
    row, ends = register.get(id), binomtest(int(k), int(n)).proportion_ci(0.95, "exact")
    assert (row.value, row.lower, row.upper) == pytest.approx((k / n, *ends), rel=1e-8), id


@pytest.mark.parametrize("law", simulation.TRUTHS)
def test_coverage_and_bias_by_their_definitions(sums, law):
    """Clopper and Pearson's interval of scipy; the bias with 1.96 of its standard errors."""
    for name, id in ESTIMATES.items():
        n, covered, error, squares = (
            sums[law][f"{name}_{part}"] for part in ("compared", "covered", "error_sum", "error_squares")
        )
        if not n:
            with pytest.raises(KeyError):
                register.get(f"validation.{law}.{id}.coverage")
            continue
        assert_share(f"validation.{law}.{id}.coverage", covered, n)
        row, scale = register.get(f"validation.{law}.{id}.bias"), 100 if "share" in id else 1
        spread = math.sqrt(squares / n - (error / n) ** 2)
        assert row.value == pytest.approx(scale * error / n, rel=1e-8)
        assert row.upper - row.value == pytest.approx(scale * 1.959964 * spread / math.sqrt(n), rel=1e-6)
        assert row.value - row.lower == pytest.approx(row.upper - row.value, rel=1e-6)


@pytest.mark.parametrize("law", simulation.TRUTHS)
def test_shares_of_surveys_by_counting(sums, law):
    n = sums[law]["replicates"]
    assert n == value(f"validation.{law}.replicates") == 500
    for name in CHECKS:
        assert_share(f"validation.{law}.{name.replace('_', '-')}", sums[law][name], n)


def test_all_laws_are_added_up(sums):
    assert value("validation.replicates") == 2500
    for name in ("facts_exact", "facts_within_a_body", "free_contains", "parity_misread", "parity_misread_unnoticed"):
        assert_share(
            f"validation.all.{name.replace('_', '-')}", sum(sums[law][name] for law in simulation.TRUTHS), 2500
        )


def test_routes_to_the_slope_by_their_definitions(sums):
    """The true slope is 0.725; an odds ratio is its exponential, at the mean and the 95 % ends."""
    assert value("validation.ordered.odds-ratio.true") == pytest.approx(math.exp(0.725))
    spreads = {}
    for law in ("ordered", "null"):
        for name in ("slope", "micro", "apart", "together"):
            n, error, squares = (sums[law][f"{name}_{part}"] for part in ("compared", "error_sum", "error_squares"))
            spread = spreads[name] = math.sqrt(squares / n - (error / n) ** 2)
            if law == "ordered":
                row = register.get(f"validation.ordered.{ESTIMATES[name]}.odds-ratio")
                assert (row.value, row.lower, row.upper) == pytest.approx(
                    [math.exp(0.725 + error / n + z * spread) for z in (0, -1.96, 1.96)], rel=1e-4
                )
            if law == "ordered" and name in ("apart", "together"):
                assert value(f"validation.ordered.{ESTIMATES[name]}.shortfall") == pytest.approx(
                    -error / n / 0.725, rel=1e-8
                )
        assert value(f"validation.{law}.slope.spread-ratio") == pytest.approx(
            spreads["slope"] / spreads["micro"], rel=1e-8
        )


def test_free_bounds_never_miss_and_facts_never_by_more_than_a_body():
    for law in simulation.TRUTHS:
        assert value(f"validation.{law}.free-contains") == 1
        assert value(f"validation.{law}.facts-within-a-body") == 1


@pytest.mark.parametrize(
    "law, what",
    [
        ("ordered", "slope"),
        ("ordered", "ordered.half"),
        ("ordered", "ordered.share-30000"),
        ("null", "slope"),
        ("null", "contrast"),
        ("null", "multinomial.share-30000"),
        ("multinomial", "contrast"),
        ("multinomial", "multinomial.half"),
        ("multinomial", "multinomial.share-100000"),
    ],
)
def test_intervals_cover_where_their_model_is_right(law, what):
    # 500 surveys: two standard errors are two points.
    assert 0.925 < value(f"validation.{law}.{what}.coverage") < 0.985


def test_tests_keep_their_size_and_have_power():
    for law, test in (
        ("ordered", "ordered"),
        ("null", "ordered"),
        ("multinomial", "multinomial"),
        ("null", "multinomial"),
    ):
        assert value(f"validation.{law}.{test}-rejected") < 0.08
    for stage in (1, 5):
        assert value(f"validation.null.test-{stage}-rejected") < 0.07
        assert value(f"validation.ordered.test-{stage}-rejected") == 1
    assert value("validation.hump.multinomial-rejected") == 1


def test_invented_micro_data_mislead():
    for how in ("apart", "together"):
        assert value(f"validation.ordered.invented-{how}.coverage") == 0
        assert value(f"validation.ordered.invented-{how}.shortfall") > 0.25
