"""adoption.survey against tiny surveys of which every possible truth is tried."""

import itertools
import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from adoption import curve, language, mic
from adoption.survey import Frame, Survey

LIMITS = [4]


# --- tiny surveys, and every truth that agrees with what they print -------------------------------


def printed_median(members):
    """The median of whole numbers as printed: rounded half up."""
    x, (half, odd) = np.sort(members), divmod(len(members), 2)
    return int(x[half] if odd else (x[half - 1] + x[half] + 1) // 2)


def agrees(members, median, odd):
    """Whether members can have the median, as far as bodies below, at and above it can tell."""
    if len(members) == 0 or len(members) % 2 != odd:
        return False
    x, half = np.sort(members), len(members) // 2
    if odd:
        return x[half] == median
    return x[half - 1] < median < x[half] or (x[half - 1] <= median and x[half] == median)


def frame_of(sizes, medians, kind):
    """The frame as single sizes, or as a table of intervals cut only where it has to be."""
    if kind == "sizes":
        return Frame.of_sizes(sizes)
    edges = np.unique([0, *medians, *(median + 1 for median in medians), *LIMITS, 1000])
    cell = np.searchsorted(edges, sizes, "right") - 1
    bodies = np.bincount(cell, minlength=len(edges) - 1)
    means = np.bincount(cell, sizes, len(edges) - 1) / np.maximum(bodies, 1)
    return Frame.of_intervals(
        pd.DataFrame({"lower": edges[:-1], "upper": edges[1:], "bodies": bodies, "mean_size": means})
    )


def tiny(seed, stages, kind="sizes", inside=7, outside=2, **given):
    """Sizes, the true stages inside and outside, and the survey that prints them."""
    rng = np.random.default_rng(seed)
    while True:
        sizes = rng.integers(0, 9, inside)
        truth, beside = rng.integers(0, stages, inside), rng.integers(0, stages, outside)
        within = np.bincount(truth, minlength=stages)
        if (within > 0).all() and len(np.unique(sizes >= LIMITS[0])) == 2:
            break
    medians = [printed_median(sizes[truth == k]) for k in range(stages)]
    counts = within + np.bincount(beside, minlength=stages)
    return (
        sizes,
        truth,
        beside,
        Survey(
            counts.tolist(),
            medians,
            frame_of(sizes, medians, kind),
            floor=1.0,
            outside=[50.0] * outside,
            odd=(within % 2 == 1).tolist(),
            **given,
        ),
    )


def possible(survey, sizes):
    """Every allocation of single bodies that agrees with the print: stages, numbers outside."""
    counts = np.array(survey.counts)
    least = np.zeros_like(counts) if survey.outside_least is None else survey.outside_least
    for choice in itertools.product(range(len(counts)), repeat=len(sizes)):
        stage_of = np.array(choice)
        beside = counts - np.bincount(stage_of, minlength=len(counts))
        if (beside >= least).all() and all(
            agrees(sizes[stage_of == k], median, odd)
            for k, (median, odd) in enumerate(zip(survey.medians, survey.odd, strict=True))
        ):
            yield stage_of, beside


def mirrored(survey):
    """The same survey printed the other way round: what was the first stage is the last."""

    def turned(given):
        return None if given is None else list(given)[::-1]

    return Survey(
        turned(survey.counts),
        turned(survey.medians),
        survey.frame,
        survey.floor,
        outside=survey.outside,
        odd=turned(survey.odd),
        between=turned(survey.between),
        outside_least=turned(survey.outside_least),
        key=survey.key,
        furthest={"first": "last", "last": "first"}[survey.furthest],
    )


def same(one, other):
    """Assert that two tables agree in everything but the numbers of the stages."""
    one, other = (table.drop(columns="stage", errors="ignore").reset_index(drop=True) for table in (one, other))
    pd.testing.assert_frame_equal(one, other, rtol=1e-6)


CASES = [(seed, stages, kind) for seed in range(6) for stages in (2, 3) for kind in ("sizes", "intervals")]


# --- members --------------------------------------------------------------------------------------


def members_by_trial(survey):
    """For each stage, what is left inside by every number outside with the right parities."""
    found = [set() for _ in survey.counts]
    least = survey.outside_least or [0] * len(survey.counts)
    for beside in itertools.product(range(len(survey.outside) + 1), repeat=len(survey.counts)):
        inside = np.array(survey.counts) - beside
        if (
            sum(beside) == len(survey.outside)
            and (inside > 0).all()
            and (inside % 2 == survey.odd).all()
            and (np.array(beside) >= least).all()
        ):
            for k, number in enumerate(inside):
                found[k].add(int(number))
    return [sorted(numbers, reverse=True) for numbers in found]


@pytest.mark.parametrize("outside", [1, 4, 9])
@pytest.mark.parametrize(("seed", "stages"), [(seed, stages) for seed in range(8) for stages in (2, 3)])
def test_members_are_all_numbers_that_counts_and_parities_allow(seed, stages, outside):
    _, _, beside, survey = tiny(seed, stages, outside=outside)
    assert [survey.members(stage) for stage in survey.stages] == members_by_trial(survey)
    least = np.maximum(np.bincount(beside, minlength=stages) - 1, 0).tolist()
    known = Survey(
        survey.counts, survey.medians, survey.frame, 1.0, outside=survey.outside, odd=survey.odd, outside_least=least
    )
    assert [known.members(stage) for stage in known.stages] == members_by_trial(known)
    turned = mirrored(known)
    assert [turned.members(stage) for stage in turned.stages[::-1]] == members_by_trial(known)


def test_members_by_hand():
    """Six bodies inside and six outside, of which the second stage, three, can have one at most."""
    frame = Frame.of_sizes([1, 3, 5, 8, 9, 20])
    survey = Survey([9, 3], [6, 8], frame, 1.0, outside=[50] * 6, odd=[False, False])
    assert (survey.members(1), survey.members(2)) == ([4], [2])
    inside = Survey([4, 2], [6, 8], frame, 1.0)
    assert (inside.members(1), inside.members(2)) == ([4], [2])
    # As printed where nobody is outside, whatever a body at the median says.
    assert Survey([3, 3], [6, 8], frame, 1.0).members(2) == [3]


def test_a_body_at_the_median_makes_a_stage_odd_where_the_members_are_not_known():
    frame = Frame.of_sizes([1, 3, 5, 8, 9, 20])
    assert list(Survey([3, 4], [6, 8], frame, 1.0, outside=[30])._odd) == [False, True]
    assert list(Survey([3, 3], [6, 8], frame, 1.0)._odd) == [True, True]  # counts tell more


def test_an_even_stage_whose_median_is_some_body_s_size_has_bounds():
    """The middle members may be 5 and 5, or on either side of 5: nobody has to stand alone at 5."""
    sizes = [1, 2, 4, 5, 5, 7, 9, 9]
    survey = Survey([4, 4], [5, 6], Frame.of_sizes(sizes), 1.0)
    every = [
        chosen
        for chosen in itertools.combinations(range(8), 4)
        if agrees([sizes[i] for i in chosen], 5, False)
        and agrees([sizes[i] for i in set(range(8)) - set(chosen)], 6, False)
    ]
    small = [sum(sizes[i] < 4 for i in chosen) / 2 for chosen in every]
    table = survey.bounds(1, LIMITS)
    assert every and (table["lower"][0], table["upper"][0]) == (min(small), max(small))


# --- rounded medians, ties, intervals cut elsewhere -------------------------------------------------


def truths_by_print(sizes, stages, outside, rounding):
    """Every allocation of single bodies, by the counts and medians that it prints."""
    found = {}
    for choice in itertools.product(range(stages), repeat=len(sizes)):
        truth = np.array(choice)
        inside = np.bincount(truth, minlength=stages)
        if not inside.all():
            continue
        middles = np.array([np.median(sizes[truth == k]) for k in range(stages)])
        medians = tuple((np.floor(middles / rounding + 0.5) * rounding).astype(int).tolist())
        for beside in itertools.product(range(outside + 1), repeat=stages):
            if sum(beside) == outside:
                found.setdefault((tuple((inside + beside).tolist()), medians), []).append(truth)
    return found


def coarse(sizes, edges):
    cell = np.searchsorted(edges, sizes, "right") - 1
    bodies = np.bincount(cell, minlength=len(edges) - 1)
    means = np.bincount(cell, sizes, len(edges) - 1) / np.maximum(bodies, 1)
    return Frame(np.array(edges[:-1]), np.array(edges[1:]), bodies, means)


@pytest.mark.parametrize("kind", ["sizes", "intervals"])
@pytest.mark.parametrize(("rounding", "top", "seed"), [(1, 30, 0), (1, 5, 1), (2, 9, 2), (5, 30, 3), (10, 40, 4)])
def test_whatever_prints_the_same_is_inside_what_is_said(rounding, top, seed, kind):
    """All surveys of eight bodies, two of them outside: members, rates and bounds hold every one.

    Ties where the sizes are few; intervals that are cut at no median.
    """
    rng = np.random.default_rng(seed)
    sizes = np.sort(rng.integers(0, top, 7))
    sizes[0], sizes[-1] = 0, top
    frame = Frame.of_sizes(sizes) if kind == "sizes" else coarse(sizes, [0, top // 3, top // 2, top - 1, top + 1])
    limit = int(frame.lower[len(frame.lower) // 2])
    prints = list(truths_by_print(sizes, 2, 2, rounding).items())
    checked = 0
    for at in rng.choice(len(prints), 25, replace=False):
        (counts, medians), truths = prints[at]
        survey = Survey(counts, medians, frame, 1.0, outside=[50.0] * 2, rounding=rounding)
        for odd, truth_odd in zip(
            survey._odd, np.array([np.bincount(t, minlength=2) % 2 for t in truths]).T, strict=True
        ):
            # No body where the median can be proves an even number; one is a guess, and the only one.
            assert odd is None or odd or not truth_odd.any()
        survey = replace(survey, odd=[None, None])
        inside = {int((truth == 0).sum()) for truth in truths}
        assert inside <= set(survey.members(1))
        found = survey.bounds(1, [limit])
        rates = np.array([np.bincount(sizes >= limit, truth == 0, 2) for truth in truths]) / np.bincount(sizes >= limit)
        assert (found["lower"] <= rates.min(axis=0) + 1e-9).all() and (rates.max(axis=0) <= found["upper"] + 1e-9).all()
        low, high = frame_interval(frame, medians[0], rounding)
        below, above = sizes < low, sizes >= high
        if not (below.any() and above.any()):
            continue
        said = survey.rates(1).set_index("members")
        for truth in truths:
            row = said.loc[(truth == 0).sum()]
            rate_below, rate_above = (truth[below] == 0).mean(), (truth[above] == 0).mean()
            assert row["rate_below_least"] - 1e-9 <= rate_below <= row["rate_below_most"] + 1e-9
            assert row["rate_above_least"] - 1e-9 <= rate_above <= row["rate_above_most"] + 1e-9
            if not np.isnan(row["ratio"]):
                assert rate_below == row["rate_below"] and rate_above == row["rate_above"]
            if rate_below:
                assert row["ratio_least"] - 1e-9 <= rate_above / rate_below <= row["ratio_most"] + 1e-9
            checked += 1
    assert checked > 20


def frame_interval(frame, median, rounding):
    """From the first to after the last size that an interval of the table shares with the rounding."""
    first, after = int(np.ceil(median - rounding / 2)), int(np.ceil(median + rounding / 2))
    for low, high, bodies in zip(frame.lower, frame.upper, frame.bodies, strict=True):
        if bodies and low < first < high:
            first = low
        if bodies and low < after < high:
            after = high
    return first, after


def test_tied_sizes_make_a_range_of_what_was_a_fact():
    """Three of the nine bodies at the median of stage 1; it has seven, and three on either side at most."""
    frame = Frame.of_sizes([1, 2, 3, 4, 4, 4, 5, 6, 7])
    row = Survey([7, 2], [4, 4], frame, 1.0).rates(1).iloc[0]
    assert (row["below"], row["at"], row["above"]) == (3, 3, 3)
    assert [row[f"rate_{side}_{end}"] for side in ("below", "above") for end in ("least", "most")] == [1 / 3, 1] * 2
    assert (row["ratio_least"], row["ratio_most"]) == (1 / 3, 3)
    assert np.isnan(row[["rate_below", "rate_above", "ratio"]].to_list()).all()


def test_median_tests_of_rounded_medians_are_valid_and_say_whether_they_are_exact():
    sizes = np.array([0, 2, 3, 7, 8, 11, 12, 17])
    frames = Frame.of_sizes(sizes), coarse(sizes, [0, 5, 15, 20])
    every = [np.array(group) for group in itertools.combinations(range(8), 4)]
    printed = np.array([np.floor(np.median(sizes[group]) / 5 + 0.5) * 5 for group in every])
    for median in np.unique(printed):
        p = min(1, 2 * min(np.mean(printed >= median), np.mean(printed <= median)))
        exact, wide = (
            Survey([4, 4], [int(median), 5], frame, 1.0, rounding=5).median_tests().iloc[0] for frame in frames
        )
        assert exact["p_value"] == pytest.approx(p) and exact["exact"]
        assert wide["p_value"] >= p - 1e-12 and not wide["exact"]


@pytest.mark.parametrize("t", mic.TECHNOLOGIES)
def test_medians_rounded_to_the_hundred_are_answered(t):
    """The published answers of 2023, their medians rounded, in a table that is not cut there."""
    fine = mic.envelope(t)
    rounded = replace(
        fine, medians=[(m + 50) // 100 * 100 for m in fine.medians], odd=None, rounding=100, between=[0, 0]
    )
    assert len(rounded.audit()) == 2 and rounded.members(1) == fine.members(1)
    narrow, wide = fine.rates().iloc[0], rounded.rates().iloc[0]
    for name in ("rate_below", "rate_above", "ratio"):
        assert wide[f"{name}_least"] <= narrow[name] * 1.02 and wide[f"{name}_most"] >= narrow[name] / 1.02
        assert wide[f"{name}_most"] / wide[f"{name}_least"] < 1.6
    assert (rounded.median_tests()["p_value"] < 1e-20).all()
    limits = (10_000, 30_000, 50_000, 100_000, 200_000)
    narrow, wide = fine.bounds(1, limits), rounded.bounds(1, limits)
    assert (wide["lower"] <= narrow["lower"] + 1e-9).all() and (narrow["upper"] <= wide["upper"] + 1e-9).all()
    assert (wide[["lower", "upper"]] - narrow[["lower", "upper"]]).abs().to_numpy().max() < 0.4


# --- bounds ---------------------------------------------------------------------------------------


def class_rates(sizes, members):
    """The members' share of each size class."""
    large = np.searchsorted(LIMITS, sizes, "right")
    return np.bincount(large, members, len(LIMITS) + 1) / np.bincount(large)


@pytest.mark.parametrize(("seed", "stages", "kind"), CASES)
@pytest.mark.parametrize("furthest", ["first", "last"])
def test_free_bounds_are_the_extremes_of_all_possible_truths(seed, stages, kind, furthest):
    sizes, truth, _, survey = tiny(seed, stages, kind, furthest=furthest, key={"t": "ai"})
    every = [stage_of for stage_of, _ in possible(survey, sizes)]
    assert any((stage_of == truth).all() for stage_of in every)
    for stage in survey.stages:
        rates = np.array([class_rates(sizes, stage_of == stage - 1) for stage_of in every])
        table = survey.bounds(stage, LIMITS, ["small", "large"])
        assert list(table) == ["t", "stage", "size_class", "lower", "upper"]
        assert table["size_class"].tolist() == ["small", "large"] and set(table["stage"]) == {stage}
        assert table["lower"].to_numpy() == pytest.approx(rates.min(axis=0))
        assert table["upper"].to_numpy() == pytest.approx(rates.max(axis=0))


@pytest.mark.parametrize("kind", ["sizes", "intervals"])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_known_of_the_outside_narrows_the_bounds(seed, kind):
    sizes, _, beside, wide = tiny(seed, 2, kind, inside=9, outside=4)
    least = np.bincount(beside, minlength=2).tolist()
    known = Survey(wide.counts, wide.medians, wide.frame, 1.0, outside=wide.outside, odd=wide.odd, outside_least=least)
    rates = np.array([class_rates(sizes, stage_of == 0) for stage_of, _ in possible(known, sizes)])
    narrow, table = known.bounds(1, LIMITS), wide.bounds(1, LIMITS)
    assert narrow["lower"].to_numpy() == pytest.approx(rates.min(axis=0))
    assert narrow["upper"].to_numpy() == pytest.approx(rates.max(axis=0))
    assert (narrow["lower"] >= table["lower"]).all() and (narrow["upper"] <= table["upper"]).all()


def monotone_case(furthest="first"):
    """200 bodies with a median of 15 and 1,200 with one of 7; 1,400 bodies in six intervals."""
    frame = Frame.of_intervals(
        pd.DataFrame(
            {
                "lower": [0, 5, 7, 8, 10, 15, 16],
                "upper": [5, 7, 8, 10, 15, 16, 30],
                "bodies": [300, 350, 0, 200, 150, 0, 400],
                "mean_size": [3, 6, np.nan, 9, 12, np.nan, 20],
            }
        )
    )
    return Survey([200, 1200], [15, 7], frame, 1.0, odd=[False, False], furthest=furthest)


def test_monotone_bounds_by_hand():
    # 600 of the second stage are below 7, where 650 bodies are: 50 of the first stage are there,
    # 50 from 8 to 14, 100 from 16. Growing with size, the rate below 5 is at most 50 in 650.
    table = monotone_case().bounds(1, [5, 10], monotone=True)
    assert table["size_class"].tolist() == [0, 1, 2]
    assert table["lower"].tolist() == pytest.approx([0, 1 / 13, (100 + 150 / 7) / 550], abs=1e-6)
    assert table["upper"].tolist() == pytest.approx([1 / 13, (50 + 200 / 7) / 550, (150 - 200 / 13) / 550], abs=1e-6)
    same(table, mirrored(monotone_case()).bounds(2, [5, 10], monotone=True))


def test_monotone_depends_on_which_end_is_furthest():
    """If the last stage is the furthest, being further along becomes rarer as size grows."""
    assert len(monotone_case("last").bounds(1, [5, 10])) == 3
    with pytest.raises(ValueError, match="no allocation"):
        monotone_case("last").bounds(1, [5, 10], monotone=True)


@pytest.mark.parametrize("furthest", ["first", "last"])
@pytest.mark.parametrize(("seed", "stages"), [(seed, stages) for seed in range(12) for stages in (2, 3)])
def test_monotone_bounds_contain_every_monotone_truth(seed, stages, furthest):
    sizes, _, _, survey = tiny(seed, stages, furthest=furthest)
    edges = np.unique([0, *survey.medians, *(m + 1 for m in survey.medians), *LIMITS])
    cell = np.searchsorted(edges, sizes, "right") - 1
    chain = [c for c in np.unique(cell) if edges[c] not in survey.medians]

    def grows(stage_of):
        far = stage_of if furthest == "first" else stages - 1 - stage_of
        return all((np.diff([np.mean(far[cell == c] <= k) for c in chain]) >= -1e-12).all() for k in range(stages - 1))

    every = [stage_of for stage_of, _ in possible(survey, sizes) if grows(stage_of)]
    for stage in survey.stages if every else ():
        rates = np.array([class_rates(sizes, stage_of == stage - 1) for stage_of in every])
        table = survey.bounds(stage, LIMITS, monotone=True)
        assert (table["lower"] <= rates.min(axis=0) + 1e-6).all()
        assert (table["upper"] >= rates.max(axis=0) - 1e-6).all()


def test_bounds_of_single_sizes_and_of_intervals_are_the_same():
    for seed in range(10):
        one, other = (tiny(seed, 3, kind)[3] for kind in ("sizes", "intervals"))
        for stage in one.stages:
            same(one.bounds(stage, LIMITS), other.bounds(stage, LIMITS))


# --- overlap --------------------------------------------------------------------------------------


def pair(seed, stages, kind):
    """Two surveys of the same six bodies and three outside."""
    rng = np.random.default_rng(seed)
    while True:
        sizes = rng.integers(0, 6, 6)
        truths = [rng.integers(0, k, 6) for k in stages]
        within = [np.bincount(truth, minlength=k) for truth, k in zip(truths, stages, strict=True)]
        if all((numbers > 0).all() for numbers in within):
            break
    medians = [
        [printed_median(sizes[truth == k]) for k in range(len(numbers))]
        for truth, numbers in zip(truths, within, strict=True)
    ]
    frame = frame_of(sizes, [*medians[0], *medians[1]], kind)
    return sizes, [
        Survey(
            (numbers + np.bincount(rng.integers(0, len(numbers), 3), minlength=len(numbers))).tolist(),
            printed,
            frame,
            1.0,
            outside=[50] * 3,
            odd=(numbers % 2 == 1).tolist(),
            key={"t": name},
        )
        for name, numbers, printed in zip(("ai", "rpa"), within, medians, strict=True)
    ]


@pytest.mark.parametrize("kind", ["sizes", "intervals"])
@pytest.mark.parametrize(
    ("seed", "stages"), [*((seed, (2, 2)) for seed in range(6)), *((seed, (2, 3)) for seed in range(6))]
)
def test_overlap_is_what_all_pairs_of_possible_truths_have(seed, stages, kind):
    sizes, (one, other) = pair(seed, stages, kind)
    for stage in (1, 2):
        groups = [
            {(tuple(stage_of == stage - 1), int(beside[stage - 1])) for stage_of, beside in possible(survey, sizes)}
            for survey in (one, other)
        ]
        inside, everywhere = set(), set()
        for (a, p), (b, q) in itertools.product(*groups):
            both = int(np.sum(np.array(a) & np.array(b)))
            inside.add(both)
            everywhere |= {both + max(0, p + q - 3), both + min(p, q)}
        table = one.overlap(other, stage).set_index("scope")
        assert table.loc["inside", ["lower", "upper"]].tolist() == [min(inside), max(inside)]
        assert table.loc["everywhere", ["lower", "upper"]].tolist() == [min(everywhere), max(everywhere)]


def test_overlap_goes_by_printed_number_whichever_end_is_furthest():
    one, other = pair(0, (2, 3), "sizes")[1]
    turned = [
        Survey(
            survey.counts,
            survey.medians,
            survey.frame,
            1.0,
            outside=survey.outside,
            odd=survey.odd,
            key=survey.key,
            furthest="last",
        )
        for survey in (one, other)
    ]
    assert one.overlap(other, 1)["upper"].tolist() != one.overlap(other, 2)["upper"].tolist()
    for stage in (1, 2):
        for first, second in itertools.product((one, turned[0]), (other, turned[1])):
            same(one.overlap(other, stage), first.overlap(second, stage))


def test_overlap_heeds_what_is_known_of_the_outside():
    """Two of three outside are known to be at stage 2, in both surveys.

    So five of six inside are at stage 1, all but the one at the median of stage 2, and the one
    outside may be the same or not. If that is not known, three outside and one inside may be all
    that is in both: of {1, 3, 6} and {2, 3, 5} only the body at the median.
    """
    frame = Frame.of_sizes([1, 2, 3, 4, 5, 6])
    wide, known = (
        Survey([6, 3], [3, 4], frame, 1.0, outside=[50] * 3, odd=[True, True], outside_least=least)
        for least in (None, [0, 2])
    )
    ends = [survey.overlap(survey)[["lower", "upper"]].to_numpy().tolist() for survey in (wide, known)]
    assert ends == [[[1, 5], [4, 6]], [[5, 5], [5, 6]]]


# --- the curve ------------------------------------------------------------------------------------


def grown(stages=3, kind="sizes", outside=0, furthest="first", seed=1):
    """A survey of 400 bodies of which the larger are further along, by an ordered logit."""
    rng = np.random.default_rng(seed)
    sizes = np.sort(np.round(np.exp(rng.normal(9, 1.2, 400))).astype(int))
    cuts = np.array([-11.0, -9.0])[: stages - 1]

    def draw(size):
        up_to = expit(cuts + 0.75 * np.log2(size)[:, None])
        return np.sum(rng.random(len(size))[:, None] > up_to, axis=1)

    truth, beside = draw(sizes), np.zeros(0, int)
    large = np.linspace(2e5, 2e6, outside) if outside else np.zeros(0)
    if outside:
        beside = draw(large)
    within = np.bincount(truth, minlength=stages)
    medians = [printed_median(sizes[truth == k]) for k in range(stages)]
    counts = within + np.bincount(beside, minlength=stages)
    if kind == "sizes":
        frame = Frame.of_sizes(sizes)
    else:
        edges = np.unique([*np.round(np.geomspace(1, 10**7, 200)), *medians, *(median + 1 for median in medians)])
        table = pd.DataFrame({"size": sizes, "cell": np.searchsorted(edges, sizes, "right") - 1})
        table = table.groupby("cell")["size"].agg(["size", "mean"])
        frame = Frame.of_intervals(
            pd.DataFrame(
                {
                    "lower": edges[table.index],
                    "upper": edges[table.index + 1],
                    "bodies": table["size"],
                    "mean_size": table["mean"],
                }
            )
        )
    survey = Survey(
        counts.tolist(), medians, frame, 10.0, outside=large, odd=(within % 2 == 1).tolist(), key={"t": "ai"}
    )
    return survey if furthest == "first" else mirrored(survey)


@pytest.mark.parametrize("model", ["ordered", "multinomial"])
@pytest.mark.parametrize(("stages", "outside"), [(2, 0), (3, 0), (3, 5)])
def test_a_survey_printed_the_other_way_round_has_the_same_curve(model, stages, outside):
    one, other = (grown(stages, outside=outside, furthest=end) for end in ("first", "last"))
    sizes = [500, 8_000, 90_000]
    same(one.slope(model), other.slope(model))
    same(one.misfit(model), other.misfit(model))
    same(one.half_size(model), other.half_size(model))
    same(one.curve(sizes, model), other.curve(sizes, model))
    for stage in one.stages:
        same(one.curve(sizes, model, stage), other.curve(sizes, model, stages + 1 - stage))
    assert one.slope(model)["odds_ratio"].item() > 1


@pytest.mark.parametrize("furthest", ["first", "last"])
@pytest.mark.parametrize("model", ["ordered", "multinomial"])
def test_curve_by_its_formula(model, furthest):
    """Shares of all stages add up to one, half have the furthest at half_size, bands hold both."""
    survey = grown(outside=5, furthest=furthest)
    half = survey.half_size(model)
    sizes = [500, 8_000, half["size"].item()]
    shares = [survey.curve(sizes, model, stage) for stage in survey.stages]
    assert sum(table["share"] for table in shares).tolist() == pytest.approx([1, 1, 1])
    for table in shares:
        assert list(table) == ["t", "size", "share", "lower", "upper"]
        assert (table["lower"] < table["share"]).all() and (table["share"] < table["upper"]).all()
    first = shares[0 if furthest == "first" else -1]
    pd.testing.assert_frame_equal(first, survey.curve(sizes, model))
    assert first["share"].iloc[2] == pytest.approx(0.5)
    assert (half["lower"] < half["size"]).all() and (half["size"] < half["upper"]).all()


def test_with_two_stages_the_slope_is_that_of_the_log_odds():
    """Both models are the same logit, and its odds grow by the odds ratio with every doubling."""
    survey = grown(stages=2)
    slope = survey.slope("ordered")
    same(slope, survey.slope("multinomial"))
    shares = survey.curve([4_000, 8_000, 16_000], "ordered")["share"]
    odds = shares / (1 - shares)
    assert (odds / odds.shift())[1:].tolist() == pytest.approx([slope["odds_ratio"].item()] * 2)
    assert (slope["lower"] < slope["odds_ratio"]).all()
    assert (slope["odds_ratio"] < slope["upper"]).all()
    assert survey.misfit("ordered")["df"].tolist() == [1]
    assert grown().misfit("ordered")["df"].tolist() == [2]
    assert grown().misfit("multinomial")["df"].tolist() == [1]


@pytest.mark.parametrize("model", ["ordered", "multinomial"])
def test_fine_intervals_give_nearly_the_slope_of_single_sizes(model):
    one, other = (grown(kind=kind).slope(model) for kind in ("sizes", "intervals"))
    assert other["odds_ratio"].item() == pytest.approx(one["odds_ratio"].item(), rel=1e-3)


@pytest.mark.parametrize("furthest", ["first", "last"])
def test_outside_vectors_are_all_that_the_parities_allow_as_printed(furthest):
    survey = grown(outside=5, furthest=furthest)
    counts = np.array(survey.counts)
    expected = {
        beside
        for beside in itertools.product(range(6), repeat=3)
        if sum(beside) == 5 and ((counts - beside) % 2 == survey.odd).all()
    }
    found = survey.outside_vectors()
    assert set(map(tuple, found.tolist())) == expected and len(found) == len(expected)
    # The furthest stage is the one that the large bodies outside are in at the fixed point.
    outside = survey.fit("ordered").outside
    assert tuple(outside if furthest == "first" else outside[::-1]) in expected
    assert outside.argmax() == 0


@pytest.mark.parametrize("model", ["ordered", "multinomial"])
def test_ranges_over_the_outside_hold_the_fixed_point_in_both_directions(model):
    # Seed 2: even, odd and odd stages, so that the order in which they are taken matters.
    one, other = (grown(outside=5, furthest=end, seed=2).over_outside(model) for end in ("first", "last"))
    survey = grown(outside=5, seed=2)
    assert survey.odd[0] != survey.odd[2] and len(one) == len(survey.outside_vectors()) > 3
    same(one.sort_values("J"), other.sort_values("J"))
    for table, number in ((survey.slope(model), "odds_ratio"), (survey.misfit(model), "J")):
        assert one[number].min() - 1e-6 <= table[number].item() <= one[number].max() + 1e-6
    same(survey.over_outside(model, every=2), one.iloc[::2])


@pytest.mark.parametrize("model", ["ordered", "multinomial"])
def test_the_whole_range_is_the_union_of_all_profile_intervals(model):
    """Against the interval at every vector, when only the two furthest of each end are profiled."""
    survey = grown(outside=5, seed=2)
    whole = survey.whole(model, furthest=2)
    fits = list(survey._refits(model, survey.outside_vectors()))
    slopes, halves = ([interval(fit) for fit in fits] for interval in (curve.slope_interval, curve.size_at))
    assert whole["vectors"].item() == len(fits) > 3
    same_ends = {
        "odds_ratio_lower": np.exp(min(slope[0] for slope in slopes)),
        "odds_ratio_upper": np.exp(max(slope[1] for slope in slopes)),
        "half_size_least": min(half[0] for half in halves),
        "half_size_most": max(half[0] for half in halves),
        "half_size_lower": min(half[1] for half in halves),
        "half_size_upper": max(half[2] for half in halves),
    }
    for name, end in same_ends.items():
        assert whole[name].item() == pytest.approx(end, rel=1e-6), name


def test_a_curve_at_given_numbers_outside_is_that_of_the_rest():
    survey = grown(outside=5, seed=2)
    at = survey.outside_at("ordered")
    assert sum(at) == 5
    assert survey.misfit("ordered", at)["J"].item() == pytest.approx(survey.misfit("ordered")["J"].item(), rel=1e-6)


def test_with_nobody_outside_there_is_one_vector():
    survey = grown()
    assert survey.outside_vectors().tolist() == [[0, 0, 0]]
    table = survey.over_outside("ordered")
    assert table["odds_ratio"].tolist() == pytest.approx(survey.slope()["odds_ratio"].tolist())
    assert table["J"].tolist() == pytest.approx(survey.misfit()["J"].tolist())


# --- refusals -------------------------------------------------------------------------------------


FRAME = Frame.of_sizes([1, 3, 5, 8, 9, 20])


def survey(counts=(4, 2), medians=(6, 8), frame=FRAME, floor=1.0, **given):
    return Survey(counts, medians, frame, floor, **given)


REFUSED = {
    "rounding": ({"rounding": 0}, "rounding: expected one whole number of at least 1, found 0"),
    "half a unit": ({"rounding": 0.5}, "rounding: .*found 0.5"),
    "no bodies": ({"counts": [6, 0]}, "counts: .*at least 1, found 0 at position 1"),
    "median that is no number": ({"medians": [6, np.nan]}, "medians: .*found nan"),
    "size outside that is none": ({"counts": [5, 2], "outside": [-3]}, "outside: .*found -3"),
    "end": ({"furthest": "largest"}, "furthest: found 'largest', expected 'first' or 'last'"),
    "one stage": ({"counts": [6], "medians": [6]}, "counts: found 1 stage, expected two or more"),
    "medians": ({"medians": [6]}, "medians: found 1, expected one for each of 2 stages"),
    "parities": ({"odd": [True] * 3}, "odd: found 3"),
    "least": ({"outside_least": [1]}, "outside_least: found 1"),
    "between": ({"between": [1]}, "between: found 1"),
    "sum": ({"counts": [4, 3]}, "counts: found a sum of 7, expected 6, the 6 bodies of the frame and 0 outside"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_survey_that_cannot_be_is_refused(case):
    given, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        survey(**given)


CALLS = {
    "members of stage 0": (lambda: survey().members(0), "stage: expected one whole number from 1 to 2, found 0"),
    "rates of stage 3": (lambda: survey().rates(3), "stage: .*found 3"),
    "bounds of stage -1": (lambda: survey().bounds(-1, [4]), "stage: .*found -1"),
    "overlap of stage 3": (lambda: survey().overlap(survey(), 3), "stage: .*found 3"),
    "curve of stage 0": (lambda: grown().curve([500], stage=0), "stage: .*found 0"),
    "names": (lambda: survey().bounds(1, [4], ["small"]), "names: found 1, expected one for each of 2 classes"),
    "limits": (lambda: survey().bounds(1, [8, 4]), "limits"),
    "model": (lambda: grown().slope("probit"), "probit"),
    "contradictory parities": (
        lambda: survey([4, 3], outside=[50], odd=[True, False]).members(1),
        r"odd: found \[True, False\], expected parities that \[4, 3\] bodies, 1 of them outside",
    ),
    "more known outside than there are": (
        lambda: survey([5, 4], outside=[50] * 3, odd=[False, True], outside_least=[3, 3]).members(1),
        "outside_least: found a sum of 6, expected at most 3",
    ),
    "too few left for a median": (
        lambda: survey([7, 1], outside=[50] * 2, odd=[False, False]).members(1),
        "odd: found",
    ),
    "another frame": (
        lambda: survey().overlap(survey(frame=Frame.of_sizes([1, 3, 5, 8, 9, 21]))),
        "other: found a survey of other bodies",
    ),
    "another number outside": (
        lambda: survey().overlap(survey([5, 2], outside=[50])),
        "other: found a survey of other bodies",
    ),
    "intervals out of order": (
        lambda: Frame(np.array([5, 0]), np.array([9, 5]), np.ones(2, int), np.ones(2)),
        r"ascend without overlap, found \[5, 9\) at position 0",
    ),
    "empty interval": (
        lambda: Frame(np.array([0]), np.array([0]), np.ones(1, int), np.ones(1)),
        r"found \[0, 0\) at position 0",
    ),
    "interval from below nothing": (
        lambda: Frame(np.array([-5, 5]), np.array([5, 9]), np.ones(2, int), np.array([1, 6])),
        "lower: .*at least 0, found -5",
    ),
    "interval without an edge": (
        lambda: Frame(np.array([0, 5]), np.array([5, np.nan]), np.ones(2, int), np.array([1, 6])),
        "upper: .*found nan",
    ),
    "part of a body": (
        lambda: Frame(np.array([0, 5]), np.array([5, 9]), np.array([1, 0.5]), np.array([1, 6])),
        "bodies: .*found 0.5",
    ),
    "mean beside its interval": (
        lambda: Frame(np.array([0, 5]), np.array([5, 9]), np.ones(2, int), np.array([1, 9])),
        r"mean_size: expected one in \[5, 9\), found 9 at position 1",
    ),
    "sizes that a float does not hold": (lambda: Frame.of_sizes([1, 2**62]), r"sizes: .*found 4.61\d+e\+18"),
    "half a body's size": (lambda: Frame.of_sizes([2.5, 3]), "sizes: expected whole .* found 2.5"),
    "negative size": (lambda: Frame.of_sizes([-1, 3]), "sizes: expected whole .* found -1"),
    "no sizes": (lambda: Frame.of_sizes([]), "sizes: expected a non-empty vector"),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_wrong_argument_is_refused_with_what_was_found(case):
    call, message = CALLS[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_the_last_interval_may_be_open():
    table = pd.DataFrame(
        {
            "lower": [0, 4, 6, 7, 8, 9],
            "upper": [4, 6, 7, 8, 9, np.inf],
            "bodies": [2, 1, 0, 0, 1, 2],
            "mean_size": [2, 5, 6, 7, 8, 15],
        }
    )
    one = survey(frame=Frame.of_intervals(table), odd=[False, False])
    same(one.bounds(1, [4]), survey(odd=[False, False]).bounds(1, [4]))


def test_another_assumption_is_another_survey():
    """A copy with something replaced keeps neither the fits nor the parities of the first."""
    first = mic.survey("ai", "all")
    before = first.slope()["odds_ratio"].item()
    coarse = replace(first, floor=20_000.0)
    fresh = Survey(first.counts, first.medians, first.frame, 20_000.0, key=first.key)
    assert coarse.slope()["odds_ratio"].item() == fresh.slope()["odds_ratio"].item() != before
    sizes = Frame.of_sizes(range(1, 10))
    odd = Survey([3, 6], [2, 7], sizes, 1.0)
    assert odd.members(1) == [3] and odd._odd == [True, False]
    assert replace(odd, counts=[4, 5])._odd == [False, True]


# --- the whole uncertainty ------------------------------------------------------------------------


@pytest.mark.parametrize("furthest", ["first", "last"])
def test_whole_slope_without_ties_is_near_the_plain_one(furthest):
    one = grown(furthest=furthest)
    plain, whole = one.slope().iloc[0], one.whole_slope().iloc[0]
    assert whole["likelihood"] == "saddlepoint"
    assert np.log(whole["odds_ratio"]) == pytest.approx(np.log(plain["odds_ratio"]), abs=0.05)
    assert whole["lower"] < whole["odds_ratio"] < whole["upper"]


def big(bodies, rounding=1, seed=3):
    rng = np.random.default_rng(seed)
    sizes = np.sort(np.round(np.exp(rng.normal(9, 1.2, bodies))).astype(int) + 1)
    stage = rng.random(bodies) > expit(0.5 * (np.log2(sizes) - 13))
    counts = np.bincount(stage, minlength=2)
    medians = [int(np.floor(np.median(sizes[stage == k]) / rounding + 0.5)) * rounding for k in (0, 1)]
    return Survey(counts.tolist(), medians, Frame.of_sizes(sizes), floor=1, rounding=rounding), sizes, stage


def test_summary_of_rounded_medians_holds_the_truth():
    survey, sizes, stage = big(800, rounding=1000)
    whole = survey.whole_slope().iloc[0]
    assert whole["likelihood"] == "box"
    assert whole["lower"] < np.exp(0.5) < whole["upper"]
    exact = big(800)[0].whole_slope().iloc[0]
    assert whole["upper"] / whole["lower"] >= exact["upper"] / exact["lower"]
    table = survey.summary().set_index("result")
    cut = survey.frame.halves()
    real = (~stage[sizes >= cut]).mean() - (~stage[sizes < cut]).mean()
    for name in ("half difference", "half difference, bounds"):
        assert table.loc[name, "lower"] <= real <= table.loc[name, "upper"]
    assert set(table["trust"]) <= {"exact", "yes", "with care", "no"}
    assert table["words"].str.endswith(".").all()


def test_an_impossible_median_leaves_nothing_exact():
    towns = Frame.of_sizes([3, 5, 8, 9, 12, 20, 31, 44, 60, 75, 90, 140])
    for median, warns in ((60, False), (61, True)):
        survey = Survey([5, 7], [median, 12], towns, floor=1)
        assert survey.diagnostics().set_index("diagnostic")["warns"]["possible"] == warns
        table = survey.summary()
        assert table["words"].str.contains("A median fits no group").any() == warns
        assert (table["trust"] == "exact").any() != warns and not (warns and (table["trust"] == "yes").any())


def test_separated_stages_are_said_not_to_be_determined():
    survey = Survey([10, 10], [16, 6], Frame.of_sizes(range(1, 21)), floor=1)
    whole = survey.whole_slope().iloc[0]
    assert np.isnan(whole["odds_ratio"]) and np.isnan(whole["upper"]) and whole["lower"] > 1
    row = survey.summary().set_index("result").loc["odds ratio per doubling"]
    assert row["trust"] == "no" and "The upper end is not determined." in row["words"]
    warned = survey.diagnostics().set_index("diagnostic")["warns"]
    assert warned["determined"]


def test_intervals_that_are_not_cut_at_a_median_are_refused_by_the_plain_curve_only():
    whole = grown(kind="intervals")
    frame = whole.frame
    at = int(np.flatnonzero((frame.upper > whole.medians[0]) & (frame.bodies > 0))[0])
    part = slice(at - 1, at + 1)  # merge the interval of the median with the one before
    bodies, means = frame.bodies[part].sum(), np.average(frame.mean_size[part], weights=frame.bodies[part])
    merged = Frame(
        np.delete(frame.lower, at),
        np.delete(frame.upper, at - 1),
        np.insert(np.delete(frame.bodies, part), at - 1, bodies),
        np.insert(np.delete(frame.mean_size, part), at - 1, means),
    )
    coarse = replace(whole, frame=merged)
    with pytest.raises(ValueError, match=f"frame: found {bodies} bodies in the intervals around the median"):
        coarse.slope()
    one, other = (survey.whole_slope().iloc[0] for survey in (whole, coarse))
    assert np.log(other["odds_ratio"]) == pytest.approx(np.log(one["odds_ratio"]), abs=0.1)


def test_no_result_depends_on_the_unit():
    survey, sizes, _ = big(400)
    other = replace(
        survey, medians=[1000 * m for m in survey.medians], frame=Frame.of_sizes(1000 * sizes), floor=1000, rounding=1
    )
    one, thousandfold = (s.whole_slope().iloc[0] for s in (survey, other))
    np.testing.assert_allclose(
        thousandfold[["odds_ratio", "lower", "upper"]].astype(float),
        one[["odds_ratio", "lower", "upper"]].astype(float),
        rtol=1e-4,
    )


def test_a_million_sizes_take_seconds():
    survey, *_ = big(10**6)
    begun = time.process_time()
    for answer in (survey.audit, survey.rates, survey.median_tests, survey.slope, survey.whole_slope, survey.summary):
        answer()
    assert time.process_time() - begun < 5


def test_a_summary_says_its_reasons_in_the_language_that_is_spoken():
    towns = [3, 5, 8, 9, 12, 20, 31, 44, 60, 75, 90, 140]
    survey = Survey(counts=[5, 7], medians=[60, 12], frame=Frame.of_sizes(towns))
    english = survey.summary()
    language.use("ja")
    try:
        japanese = survey.summary()
        words = [*japanese["words"], *survey.diagnostics()["words"]]
    finally:
        language.use("en")
    assert list(japanese["result"]) == list(english["result"]) and list(japanese["trust"]) == list(english["trust"])
    assert "with care" in list(english["trust"]) and not [said for said in words if re.search("[A-Za-z]{2}| ", said)]
