"""adoption.bounds against enumeration of all allocations, simulated truths and arithmetic."""

import itertools
import math

import numpy as np
import pytest

from adoption import bounds
from adoption.bounds import Infeasible, Stages
from adoption.frame import Frame


def printed_median(members: np.ndarray) -> int:
    x, (h, odd) = np.sort(members), divmod(len(members), 2)
    return int(x[h] if odd else (x[h - 1] + x[h] + 1) // 2)


def publish(sizes, stage_of, n_stages, outside_stages, **limits) -> Stages | None:
    """What a survey prints of a true allocation; None if a stage has nobody in the frame."""
    inside = np.bincount(stage_of, minlength=n_stages)
    if (inside == 0).any():
        return None
    return Stages(
        tuple(inside + np.bincount(outside_stages, minlength=n_stages)),
        tuple(printed_median(sizes[stage_of == k]) for k in range(n_stages)),
        tuple(inside % 2 == 1),
        **limits,
    )


def class_rates(sizes, in_stage, limits) -> np.ndarray:
    size_class = np.searchsorted(limits, sizes, "right")
    bodies = np.bincount(size_class, minlength=len(limits) + 1)
    return np.bincount(size_class, in_stage, len(limits) + 1) / bodies


def has_printed_median(members: np.ndarray, m: int, odd: bool) -> bool:
    """Whether members can have the median m, as far as cells cut at m and m + 1 can tell.

    The two middle members of an even group must lie on either side of m or both be at m; beside
    one below m, one at m also gives m if the first is m - 1, which the cells cannot see.
    """
    if len(members) == 0 or len(members) % 2 != odd:
        return False
    x, h = np.sort(members), len(members) // 2
    if odd:
        return x[h] == m
    return x[h - 1] < m < x[h] or (x[h - 1] <= m and x[h] == m)


def is_monotone(sizes, stage_of, stages: Stages, limits) -> bool:
    """Whether all rates P(stage <= k) grow over the cells, those at a median left out."""
    edges = np.unique([0, *stages.medians, *(m + 1 for m in stages.medians), *limits])
    cell = np.searchsorted(edges, sizes, "right") - 1
    rates = [
        [np.mean(stage_of[cell == c] <= k) for k in range(len(stages.totals) - 1)]
        for c in np.unique(cell)
        if edges[c] not in stages.medians
    ]
    return (np.diff(rates, axis=0) >= -1e-12).all()


def consistent_allocations(sizes, stages: Stages):
    """All allocations of single bodies that agree with what was printed."""
    totals, least = np.array(stages.totals), np.array(stages.outside_least or (0,))
    for choice in itertools.product(range(len(totals)), repeat=len(sizes)):
        stage_of = np.array(choice)
        outside = totals - np.bincount(stage_of, minlength=len(totals))
        if (outside >= least).all() and all(
            has_printed_median(sizes[stage_of == k], stages.medians[k], stages.odd[k]) for k in range(len(totals))
        ):
            yield stage_of, outside


def check_allocation(found, sizes, stages: Stages, outside, whole=True):
    """The allocation, handed out to single bodies, reproduces everything printed."""
    assert (found.bodies >= -1e-9).all() and (found.outside >= 0).all()
    assert found.outside.sum() == outside
    assert found.bodies.sum(axis=0) == pytest.approx(found.counts)
    assert found.bodies.sum(axis=1) + found.outside == pytest.approx(np.array(stages.totals))
    assert ((np.array(stages.totals) - found.outside) % 2 == np.array(stages.odd)).all()
    if not whole:
        return
    assert found.bodies.dtype.kind == "i"
    stage_of = np.full(len(sizes), -1)
    cell = np.searchsorted(found.lower, sizes, "right") - 1
    for c in range(len(found.lower)):
        stage_of[cell == c] = np.repeat(np.arange(len(stages.totals)), found.bodies[:, c])
    for k, m in enumerate(stages.medians):
        members = np.sort(sizes[stage_of == k])
        assert has_printed_median(members, m, stages.odd[k])
        if stages.odd[k]:
            assert printed_median(members) == m
    return stage_of


def tiny_case(rng, n_stages, frame=7, outside=2):
    """A small frame, a random truth in it and what is printed of it."""
    while True:
        sizes = rng.integers(0, 9, frame)
        stage_of = rng.integers(0, n_stages, frame)
        stages = publish(sizes, stage_of, n_stages, rng.integers(0, n_stages, outside))
        if stages and len(np.unique(sizes >= 4)) == 2:
            return sizes, stage_of, stages


# --- free bounds ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "n_stages", "frame"),
    [*((seed, 2, 9) for seed in range(12)), *((seed, 3, 7) for seed in range(12)), (99, 4, 6)],
)
def test_free_bounds_are_the_extremes_of_all_allocations(seed, n_stages, frame):
    rng = np.random.default_rng(seed)
    sizes, truth, stages = tiny_case(rng, n_stages, frame)
    every = list(consistent_allocations(sizes, stages))
    assert any((stage_of == truth).all() for stage_of, _ in every)
    lower, counts = Frame.of_sizes(sizes).cells()
    for k in range(n_stages):
        rates = np.array([class_rates(sizes, stage_of == k, [4]) for stage_of, _ in every])
        found = bounds.stage_bounds(lower, counts, [4], stages, 2, k + 1)
        assert found[:, 0] == pytest.approx(rates.min(axis=0), abs=1e-12)
        assert found[:, 1] == pytest.approx(rates.max(axis=0), abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_limits_of_the_outside_bodies_are_respected(seed):
    rng = np.random.default_rng(seed)
    sizes, _, stages = tiny_case(rng, 3, frame=6, outside=3)
    lower, counts = Frame.of_sizes(sizes).cells()
    every = list(consistent_allocations(sizes, stages))
    numbers = {tuple(outside) for _, outside in every}
    most_first = max(outside[0] for outside in numbers)
    narrow = stages._replace(outside_least=(most_first, 0, 0))
    rates = np.array(
        [class_rates(sizes, stage_of == 0, [4]) for stage_of, outside in every if outside[0] == most_first]
    )
    found = bounds.stage_bounds(lower, counts, [4], narrow, 3, 1)
    assert found[:, 0] == pytest.approx(rates.min(axis=0), abs=1e-12)
    assert found[:, 1] == pytest.approx(rates.max(axis=0), abs=1e-12)
    with pytest.raises(Infeasible):  # parity allows steps of two only
        bounds.stage_bounds(lower, counts, [4], narrow._replace(outside_least=(most_first + 1, 0, 0)), 3, 1)


def realistic_truth(rng, sizes, n_stages=5):
    """A random allocation, by turns unrelated to size, growing with it and hump-shaped."""
    z = np.log(np.maximum(sizes, 1))
    z = (z - z.mean()) / z.std()
    shape = rng.integers(3)
    slope = rng.normal(0, 1.5, n_stages) * (shape > 0)
    bend = rng.normal(0, 1, n_stages) * (shape > 1)
    utility = rng.normal(0, 1, n_stages) + np.outer(z, slope) + np.outer(z**2, bend)
    return np.argmax(utility + rng.gumbel(size=(len(sizes), n_stages)), axis=1)


def realistic_case(rng, limits):
    while True:
        sizes = np.exp(rng.normal(10.2, 1.4, 1741)).astype(int)
        truth = realistic_truth(rng, sizes)
        stages = publish(sizes, truth, 5, rng.integers(0, 5, 47))
        if stages and len(np.unique(np.searchsorted(limits, sizes, "right"))) > len(limits):
            return sizes, truth, stages


def growing_case(rng, limits):
    """A truth of three stages in which larger bodies are further, kept if its rates all grow."""
    while True:
        sizes = np.exp(rng.normal(10.2, 1.4, 1741)).astype(int)
        latent = 1.2 * (np.log(sizes) - 10.2) + rng.logistic(size=1741)
        truth = np.searchsorted([-1.0, 1.3], -latent)
        stages = publish(sizes, truth, 3, rng.integers(0, 3, 47))
        if stages and is_monotone(sizes, truth, stages, limits):
            return sizes, truth, stages


def test_free_bounds_contain_every_one_of_100_simulated_truths():
    rng, informative = np.random.default_rng(20200228), 0
    for i in range(100):
        limits = [[10_000], [50_000], [100_000]][i % 3]
        sizes, truth, stages = realistic_case(rng, limits)
        lower, counts = Frame.of_sizes(sizes).cells()
        k = i % 5
        found = bounds.stage_bounds(lower, counts, limits, stages, 47, k + 1)
        true = class_rates(sizes, truth == k, limits)
        assert (found[:, 0] <= true).all() and (true <= found[:, 1]).all()
        informative += (found[:, 0] > 0).any() or (found[:, 1] < 1).any()
    assert informative > 75  # bounds of 0 to 1 would contain everything


@pytest.mark.parametrize("seed", range(6))
def test_both_ends_are_attained_by_single_bodies(seed):
    rng, limits = np.random.default_rng(seed), [10_000, 50_000, 100_000]
    sizes, _, stages = realistic_case(rng, limits)
    lower, counts = Frame.of_sizes(sizes).cells()
    stage = seed % 5 + 1
    found = bounds.stage_bounds(lower, counts, limits, stages, 47, stage)
    ends = bounds.extreme_allocations(lower, counts, limits, stages, 47, stage)
    for size_class, largest in itertools.product(range(4), (False, True)):
        end = ends[size_class][largest]
        stage_of = check_allocation(end, sizes, stages, 47)
        rate = class_rates(sizes, stage_of == stage - 1, limits)[size_class]
        assert rate == pytest.approx(found[size_class, int(largest)], abs=1e-12)


def test_bounds_that_can_be_worked_out_by_hand():
    # Stage 1: 200 members, 100 on either side of 15. Stage 2: 1,200, of whom 600 are below 7,
    # where 650 bodies are: so stage 1 has 50 of them, 50 from 8 to 14 and 100 from 16.
    lower, counts = [0, 5, 7, 8, 10, 15, 16], [300, 350, 0, 200, 150, 0, 400]
    stages = Stages((200, 1200), (15, 7), (False, False))
    found = bounds.stage_bounds(lower, counts, [5, 10], stages, 0, 1)
    assert found == pytest.approx(np.array([[0, 50 / 300], [0, (50 + 50) / 550], [100 / 550, (100 + 50) / 550]]))
    # Growing with size, the rate below 5 is at most that of all below 7, 1 in 13.
    found = bounds.stage_bounds(lower, counts, [5, 10], stages, 0, 1, monotone=True)
    assert found[0] == pytest.approx([0, 1 / 13])
    # The rate from 8 to 9 is at most that of all from 8 to 14, 1 in 7, and at least 1 in 13.
    assert found[1] == pytest.approx([1 / 13, (50 + 200 / 7) / 550])
    assert found[2] == pytest.approx([(100 + 150 / 7) / 550, (150 - 200 / 13) / 550])


def test_edges_may_be_missing_where_nobody_is():
    stages = Stages((200, 1200), (15, 7), (False, False))
    counts = [300, 350, 0, 200, 150, 0, 400]
    exact = bounds.stage_bounds([0, 5, 7, 8, 10, 15, 16], counts, [5, 10], stages, 0, 1)
    wider = bounds.stage_bounds([0, 5, 7, 8, 10, 13, 40], counts, [5, 10], stages, 0, 1)
    assert (exact == wider).all()


@pytest.mark.parametrize("monotone", [False, True])
def test_bounds_do_not_depend_on_how_finely_the_frame_is_cut(monotone):
    limits = [10_000, 100_000]
    sizes, _, stages = growing_case(np.random.default_rng(5), limits)
    lower = np.unique([0, *limits, *stages.medians, *np.add(stages.medians, 1)])
    counts = np.diff(np.append(np.searchsorted(np.sort(sizes), lower), len(sizes)))
    finer, fine_counts = Frame.of_sizes(sizes).cells()
    assert len(finer) > 10 * len(lower)
    coarse = bounds.stage_bounds(lower, counts, limits, stages, 47, 1, monotone)
    fine = bounds.stage_bounds(finer, fine_counts, limits, stages, 47, 1, monotone)
    assert (coarse == fine).all()


# --- monotone bounds --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_monotone_bounds_contain_every_monotone_allocation(seed):
    rng = np.random.default_rng(seed)
    while True:
        sizes, truth, stages = tiny_case(rng, 3)
        if is_monotone(sizes, truth, stages, [4]):
            break
    lower, counts = Frame.of_sizes(sizes).cells()
    every = [
        stage_of for stage_of, _ in consistent_allocations(sizes, stages) if is_monotone(sizes, stage_of, stages, [4])
    ]
    for k in range(3):
        rates = np.array([class_rates(sizes, stage_of == k, [4]) for stage_of in every])
        found = bounds.stage_bounds(lower, counts, [4], stages, 2, k + 1, monotone=True)
        assert (found[:, 0] <= rates.min(axis=0) + 1e-9).all()
        assert (found[:, 1] >= rates.max(axis=0) - 1e-9).all()


def test_monotone_bounds_contain_truths_that_are_monotone_by_construction():
    # Fifteen sizes with 40 bodies each; the numbers up to each stage grow from size to size, so
    # the rates grow over any cells that are unions of neighbouring sizes.
    rng, limits = np.random.default_rng(1), [40, 100]
    size = np.arange(5, 155, 10)
    sizes = np.repeat(size, 40)
    narrower = checked = 0
    while checked < 30:
        up_to = np.sort(np.sort(rng.integers(0, 41, (len(size), 2)), axis=1), axis=0)
        each = np.diff(np.column_stack([0 * size, up_to, 0 * size + 40]), axis=1)
        truth = np.concatenate([np.repeat(np.arange(3), row) for row in each])
        stages = publish(sizes, truth, 3, rng.integers(0, 3, 10))
        if stages is None or not is_monotone(sizes, truth, stages, limits):
            raise AssertionError("the construction failed")
        lower, counts = Frame.of_sizes(sizes).cells()
        k = checked % 3
        true = class_rates(sizes, truth == k, limits)
        free = bounds.stage_bounds(lower, counts, limits, stages, 10, k + 1)
        found = bounds.stage_bounds(lower, counts, limits, stages, 10, k + 1, monotone=True)
        for low, high in (free.T, found.T):
            assert (low <= true + 1e-9).all() and (true <= high + 1e-9).all()
        assert (free[:, 0] <= found[:, 0] + 1e-9).all()
        assert (found[:, 1] <= free[:, 1] + 1e-9).all()
        narrower += (np.ptp(found, axis=1) < np.ptp(free, axis=1) - 0.01).any()
        checked += 1
    assert narrower > 24


def test_monotone_bounds_contain_realistic_truths_whose_rates_happen_to_grow():
    rng, limits = np.random.default_rng(7), [10_000, 100_000]
    for i in range(40):
        sizes, truth, stages = growing_case(rng, limits)
        lower, counts = Frame.of_sizes(sizes).cells()
        k = i % 3
        low, high = bounds.stage_bounds(lower, counts, limits, stages, 47, k + 1, monotone=True).T
        true = class_rates(sizes, truth == k, limits)
        assert (low <= true + 1e-9).all() and (true <= high + 1e-9).all()


def test_monotone_ends_are_attained_by_growing_rates():
    rng, limits = np.random.default_rng(3), [10_000, 50_000, 100_000]
    sizes = np.sort(np.exp(rng.normal(10.2, 1.4, 1741)).astype(int))
    truth = np.searchsorted([300, 900], np.arange(1741)[::-1], "right")  # the largest first
    swap = rng.permutation(1741)[:60]
    truth[swap] = truth[swap[::-1]]
    stages = publish(sizes, truth, 3, rng.integers(0, 3, 47))
    lower, counts = Frame.of_sizes(sizes).cells()
    found = bounds.stage_bounds(lower, counts, limits, stages, 47, 2, monotone=True)
    ends = bounds.extreme_allocations(lower, counts, limits, stages, 47, 2, monotone=True)
    for size_class, largest in itertools.product(range(4), (False, True)):
        end = ends[size_class][largest]
        check_allocation(end, sizes, stages, 47, whole=False)
        member = np.searchsorted(limits, end.lower, "right") == size_class
        assert end.bodies[1, member].sum() / end.counts[member].sum() == pytest.approx(found[size_class, int(largest)])
        chain = ~np.isin(end.lower, stages.medians)
        rates = np.cumsum(end.bodies, axis=0)[:, chain] / end.counts[chain]
        assert (np.diff(rates, axis=1) >= -1e-6).all()
        for k, m in enumerate(stages.medians):
            h = (stages.totals[k] - end.outside[k]) // 2
            assert end.bodies[k, end.lower < m].sum() <= h + 1e-6
            assert end.bodies[k, end.lower > m].sum() <= h + 1e-6


# --- overlap ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_overlap_bounds_are_the_extremes_of_all_pairs_of_allocations(seed):
    rng = np.random.default_rng(seed)
    frame, outside = 6, 3
    while True:
        sizes = rng.integers(0, 6, frame)
        pair = [publish(sizes, rng.integers(0, k, frame), k, rng.integers(0, k, outside)) for k in (2, 3)]
        if all(pair):
            break
    groups = [
        {(tuple(stage_of == 0), int(numbers[0])) for stage_of, numbers in consistent_allocations(sizes, stages)}
        for stages in pair
    ]
    inside, everywhere = set(), set()
    for (a, p), (b, q) in itertools.product(*groups):
        both = int(np.sum(np.array(a) & np.array(b)))
        inside.add(both)
        everywhere |= {both + max(0, p + q - outside), both + min(p, q)}
    lower, counts = Frame.of_sizes(sizes).cells()
    found = bounds.overlap_bounds(lower, counts, *pair, outside)
    assert found["inside"] == (min(inside), max(inside))
    assert found["everywhere"] == (min(everywhere), max(everywhere))
    assert bounds.overlap_bounds(lower, counts, *pair[::-1], outside) == found


def test_overlap_of_realistic_truths_is_inside_its_bounds():
    rng = np.random.default_rng(11)
    for _ in range(20):
        sizes = np.exp(rng.normal(10.2, 1.4, 1741)).astype(int)
        truths = [realistic_truth(rng, sizes) for _ in range(2)]
        outside = [rng.integers(0, 5, 47) for _ in range(2)]
        pair = [publish(sizes, *both) for both in zip(truths, (5, 5), outside, strict=True)]
        if not all(pair):
            continue
        lower, counts = Frame.of_sizes(sizes).cells()
        stage = int(rng.integers(1, 6))
        found = bounds.overlap_bounds(lower, counts, *pair, 47, stage)
        inside = np.sum((truths[0] == stage - 1) & (truths[1] == stage - 1))
        beside = np.sum((outside[0] == stage - 1) & (outside[1] == stage - 1))
        assert found["inside"][0] <= inside <= found["inside"][1]
        assert found["everywhere"][0] <= inside + beside <= found["everywhere"][1]
        totals = [stages.totals[stage - 1] for stages in pair]
        assert max(0, sum(totals) - 1788) <= found["everywhere"][0]
        assert found["everywhere"][1] <= min(totals)


# --- rounded medians, ties, parities that are not known, cells cut elsewhere -------------------


def every_print(sizes, n_stages, outside, rounding):
    """All allocations of single bodies, by what would be printed of them: totals and medians."""
    found = {}
    for choice in itertools.product(range(n_stages), repeat=len(sizes)):
        stage_of = np.array(choice)
        inside = np.bincount(stage_of, minlength=n_stages)
        if (inside == 0).any():
            continue
        middles = [np.median(sizes[stage_of == k]) for k in range(n_stages)]
        medians = tuple(int(math.floor(middle / rounding + 0.5) * rounding) for middle in middles)
        for beside in itertools.product(range(outside + 1), repeat=n_stages):
            if sum(beside) == outside:
                found.setdefault((tuple(inside + beside), medians), []).append(stage_of)
    return found


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("edges", [None, [0, 4, 7]])
@pytest.mark.parametrize(("rounding", "top", "seed"), [(1, 12, 0), (1, 4, 1), (2, 12, 2), (3, 9, 3), (5, 20, 4)])
def test_bounds_hold_every_truth_that_prints_the_same(rounding, top, seed, edges, known):
    """Ties where the sizes are few; known: the parities are, and nobody is outside."""
    rng = np.random.default_rng(seed)
    sizes, outside = np.sort(rng.integers(0, top, 7)), 0 if known else 2
    limit = [4] if edges else [int(np.median(sizes))]
    sizes[0], sizes[-1] = min(sizes[0], limit[0] - 1), max(sizes[-1], limit[0])
    prints = list(every_print(sizes, 2, outside, rounding).items())
    spare = []
    for at in rng.choice(len(prints), 12):
        (totals, medians), truths = prints[at]
        if edges:
            lower, counts = np.array(edges), np.diff(np.append(np.searchsorted(sizes, edges), sizes.size))
        else:
            lower, counts = Frame.of_sizes(sizes).cells()
        odd = [total % 2 == 1 for total in totals] if known else None
        stages = Stages(totals, medians, odd, rounding=rounding)
        rates = np.array([class_rates(sizes, truth == 0, limit) for truth in truths])
        found = bounds.stage_bounds(lower, counts, limit, stages, outside, 1)
        assert (found[:, 0] <= rates.min(axis=0) + 1e-9).all() and (rates.max(axis=0) <= found[:, 1] + 1e-9).all()
        bodies = class_rates(sizes, np.ones(sizes.size), limit) * np.bincount(sizes >= limit[0])
        spare += [*((rates.min(axis=0) - found[:, 0]) * bodies), *((found[:, 1] - rates.max(axis=0)) * bodies)]
    # What cells cannot tell of the middle members of even groups: at worst so many bodies.
    assert edges or max(spare) <= 3 + 1e-9
    assert edges or np.mean(np.array(spare) < 1e-9) > 0.5


# --- refusals ---------------------------------------------------------------------------------

# The members of stage 1 in these cells can be 2, 0, 1, 2, 1, 2 and 3: growing rates.
LOWER, COUNTS, LIMITS = [0, 3, 4, 5, 7, 8, 10], [10, 1, 5, 4, 1, 3, 4], [5, 10]
GOOD = Stages((11, 17), (7, 3), (True, True))


def call(lower=LOWER, counts=COUNTS, limits=LIMITS, outside=0, stage=1, monotone=False, **changed):
    return bounds.stage_bounds(lower, counts, limits, GOOD._replace(**changed), outside, stage, monotone)


def test_the_case_that_the_refusals_change_is_itself_accepted():
    assert call().shape == (3, 2)
    assert call(monotone=True).shape == (3, 2)
    assert call(totals=(17, 11), medians=(3, 7)).shape == (3, 2)  # feasible, but not monotone
    assert call(odd=(1, 1), outside_least=(0, 0)).shape == (3, 2)


INFEASIBLE = {
    "parities that do not sum": ({"odd": (True, False)}, "no allocation|even number inside"),
    "odd without a body at the median": (
        {"medians": (9, 3), "lower": [0, 3, 4, 5, 9, 10], "counts": [10, 1, 5, 5, 0, 7]},
        "no allocation",
    ),
    "too many outside": ({"totals": (11, 21), "outside": 4, "outside_least": (4, 4)}, "no allocation"),
    "no number between the limits": (
        {"totals": (11, 21), "outside": 4, "outside_least": (11, 0)},
        "stage 1 of 11 bodies cannot have 11 of them or more outside",
    ),
    "rates that must fall": ({"totals": (17, 11), "medians": (3, 7), "monotone": True}, "no allocation"),
}


@pytest.mark.parametrize("case", INFEASIBLE)
def test_contradictions_are_reported_as_such(case):
    changed, message = INFEASIBLE[case]
    with pytest.raises(Infeasible, match=message):
        call(**changed)


REFUSED = {
    "stages that do not sum": ({"totals": (11, 18)}, r"28 \+ 0 = 28, found 29"),
    "stage larger than the frame": ({"totals": (11, 40)}, "found 51"),
    "negative total": ({"totals": (-9, 37)}, "totals: .*at least 1, found -9"),
    "fractional total": ({"totals": (10.5, 17.5)}, "totals: .*whole numbers .*found 10.5"),
    "NaN total": ({"totals": (9, math.nan)}, "totals: .*found nan at position 1"),
    "stage without bodies": ({"totals": (0, 28)}, "totals: .*at least 1, found 0"),
    "too few medians": ({"medians": (7,)}, "medians: expected 2 numbers, found 1"),
    "median above the frame": (
        {"medians": (70, 3), "lower": [*LOWER, 12, 70, 71], "counts": [*COUNTS, 0, 0, 0]},
        "inside the frame, from 0 to below 12, found 70",
    ),
    "median below the frame": (
        {"medians": (7, 3), "lower": [4, 5, 7, 8, 10], "counts": [16, 4, 1, 3, 4]},
        "inside the frame, from 4 .* found 3",
    ),
    "fractional median": ({"medians": (7.5, 3)}, "medians: .*whole numbers .*found 7.5"),
    "no edge at a limit": ({"limits": [6, 10]}, "edge at 6"),
    "rounding to nothing": ({"rounding": 0}, "rounding: .*at least 1, found 0"),
    "sizes that a float does not hold": ({"lower": [0, 3, 4, 5, 7, 8, 2**62]}, r"lower: .*found 4.61\d+e\+18"),
    "limits in no line": ({"limits": [[5, 10]]}, "limits: .*non-empty vector"),
    "limit that is no number": ({"limits": [5, math.nan]}, "limits: .*found nan"),
    "bodies without number": ({"counts": [10, 1, 5, 4, 1, 3, math.inf]}, "counts: .*found inf"),
    "a number for the outside of each stage": ({"outside": [0, 0]}, "outside: .*one whole number"),
    "parity of another kind": ({"odd": (2, 1)}, "odd: expected 0 or 1, found 2"),
    "outside_least of another length": ({"outside_least": (0,)}, "outside_least: .* 2 numbers"),
    "negative outside": ({"outside": -1}, "outside: .*at least 0, found -1"),
    "unsorted edges": ({"lower": [0, 4, 3, 5, 7, 8, 10]}, "lower: .*found 3 after 4"),
    "negative edges": ({"lower": [-1, 3, 4, 5, 7, 8, 10]}, "lower: .*at least 0, found -1"),
    "negative count": ({"counts": [10, 1, 5, 4, 1, -2, 9]}, "counts: .*at least 0, found -2"),
    "missing count": ({"counts": [10, 1, 5, 4, 1, 7]}, "counts: expected 7 numbers, found 6"),
    "unsorted limits": ({"limits": [10, 5]}, "limits: .*ascending order, found 5 after 10"),
    "class without bodies": ({"limits": [5, 10, 30], "lower": [*LOWER, 30], "counts": [*COUNTS, 0]}, "none in class 3"),
    "no such stage": ({"stage": 3}, "stage: .*from 1 to 2, found 3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_with_what_was_found(case):
    changed, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as refused:
        call(**changed)
    assert not isinstance(refused.value, Infeasible)


def test_stages_may_be_a_plain_tuple():
    assert bounds.stage_bounds(LOWER, COUNTS, LIMITS, tuple(GOOD), 0, 1) == pytest.approx(call())
    with pytest.raises(TypeError, match="odd"):
        bounds.stage_bounds(LOWER, COUNTS, LIMITS, ((11, 17), (7, 3)), 0, 1)


def test_cells_count_every_body_once():
    lower, counts = Frame.of_sizes([9, 0, 3, 3, 4, 12]).cells()
    assert lower.tolist() == [0, 1, 3, 4, 5, 9, 10, 12, 13] and counts.tolist() == [1, 0, 2, 1, 0, 1, 0, 1, 0]
