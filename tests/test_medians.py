"""adoption.medians against enumeration of all groups, exact integer sums and R."""

import csv
import itertools
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from adoption import medians
from adoption.frame import Frame

FIXTURES = Path(__file__).parent / "fixtures"

# Small frames with ties, gaps, neighbours that differ by one, and zeros.
FRAMES = [
    [0, 1, 1, 2, 4],
    [3, 3, 3, 3],
    [0, 0, 5, 6, 6, 7, 12],
    [1, 2, 3, 4, 5, 6, 7, 8],
    [0, 10, 10, 11, 13, 13, 13, 20, 21],
    [2, 9],
    [4],
]

# Same examples in every run, and nothing kept on disk.
steady = settings(derandomize=True, database=None, deadline=None, max_examples=60)

frames = st.lists(st.integers(0, 12), min_size=1, max_size=9)
large_frames = st.lists(st.integers(0, 60), min_size=2, max_size=120)


def half_up(a: int, b: int) -> int:
    return (a + b + 1) // 2


def median_of(group, rounded=True):
    group = sorted(group)
    h, odd = divmod(len(group), 2)
    if odd:
        return group[h]
    return half_up(group[h - 1], group[h]) if rounded else (group[h - 1] + group[h]) / 2


def all_medians(sizes, n, rounded=True):
    return [median_of(group, rounded) for group in itertools.combinations(sizes, n)]


def log_fraction(p: Fraction) -> float:
    return math.log(p.numerator) - math.log(p.denominator) if p else -math.inf


def exact_pair_tail(sizes, n, m) -> Fraction:
    """P(rounded median >= m) of an even group as a sum over all pairs of middle members."""
    x, h = sorted(sizes), n // 2
    ways = 0
    for i, j in itertools.combinations(range(h - 1, len(x) - h + 1), 2):
        if half_up(x[i], x[j]) >= m:  # h - 1 members below i and h - 1 above j
            ways += math.comb(i, h - 1) * math.comb(len(x) - 1 - j, h - 1)
    return Fraction(ways, math.comb(len(x), n))


# --- counting ---------------------------------------------------------------------------------


@steady
@given(frames, st.randoms(use_true_random=False))
def test_split_ignores_order_and_counts_each_side_once(sizes, random):
    shuffled = Frame.of_sizes(random.sample(sizes, len(sizes)))
    for value in range(min(sizes), max(sizes) + 1):
        expected = tuple(sum(compare(x, value) for x in sizes) for compare in (int.__lt__, int.__eq__, int.__gt__))
        assert shuffled.split(value) == expected


def table(lower, upper, bodies):
    return Frame(np.array(lower), np.array(upper), np.array(bodies), np.array(lower))


def test_split_of_intervals_needs_edges_only_where_bodies_are():
    lower, upper = [0, 10, 20, 30], [10, 20, 30, math.inf]
    assert table(lower, upper, [4, 0, 2, 3]).split(15) == (4, 0, 5)
    assert table([0, 15, 16], [15, 16, 40], [4, 1, 5]).split(15) == (4, 1, 5)
    with pytest.raises(ValueError, match=r"edges at 15 and 16.*\[10, 20.*with 1 bodies"):
        table(lower, upper, [4, 1, 2, 3]).split(15)
    with pytest.raises(ValueError, match="edges at 15 and 16"):  # 15 is an edge, 16 is not
        table([0, 15], [15, 40], [4, 5]).split(15)


def test_split_of_intervals_may_be_at_a_range_of_sizes():
    assert table([0, 10, 20, 30], [10, 20, 30, math.inf], [4, 1, 2, 3]).split(10, 30) == (4, 3, 3)
    assert table([0, 10, 20], [10, 20, math.inf], [4, 1, 2]).split(10, math.inf) == (4, 3, 0)
    with pytest.raises(ValueError, match="edges at 10 and 25"):
        table([0, 10, 20], [10, 20, 30], [4, 1, 2]).split(10, 25)


def printed(median: Fraction, rounding: int) -> int:
    """Half up to a multiple of the rounding."""
    return math.floor(median / rounding + Fraction(1, 2)) * rounding


@pytest.mark.parametrize("rounding", [1, 2, 3, 5, 10])
def test_printed_interval_holds_what_rounds_to_it(rounding):
    for m in range(0, 60, rounding):
        first, after = medians.printed_interval(m, rounding)
        assert list(range(first, after)) == [x for x in range(80) if printed(Fraction(x), rounding) == m]


def test_an_interval_is_widened_to_the_edges_of_the_table():
    table = [0, 10, 20, 30], [10, 20, 30, math.inf], [4, 1, 0, 3]
    assert medians.widened(*table, 12, 14) == (10, 20)
    assert medians.widened(*table, 10, 20) == (10, 20)
    assert medians.widened(*table, 15, 25) == (10, 25)  # nobody is from 20 to 30
    assert medians.widened(*table, 25, 35) == (25, math.inf)


@steady
@given(st.integers(1, 40), st.integers(20, 500), st.integers(20, 500))
def test_rates_are_half_the_group_over_each_side_and_their_ratio_forgets_the_group(n, below, above):
    rates = medians.rate_split(n, below, n % 2, above)
    assert rates.rate_below_least * below == rates.rate_below_most * below == pytest.approx(n // 2)
    assert rates.rate_above_least * above == rates.rate_above_most * above == pytest.approx(n // 2)
    assert rates.ratio_least == rates.ratio_most == below / above


@pytest.mark.parametrize("sizes", [[1, 3, 5, 6, 9, 12], [2, 2, 3, 3, 3, 7, 8], [1, 4, 4, 5, 5, 6, 9], [3, 3, 3, 3, 4]])
@pytest.mark.parametrize("rounding", [1, 2, 5])
def test_rates_hold_every_group_with_the_median_and_are_attained(sizes, rounding):
    """Every group of every number that prints the median; the ends up to the bodies that a pair needs."""
    found = {}
    for n in range(1, len(sizes) + 1):
        for group in itertools.combinations(sizes, n):
            middle = Fraction(group[(n - 1) // 2] + group[n // 2], 2)
            found.setdefault((n, printed(middle, rounding)), []).append(np.array(group))
    for (n, m), groups in found.items():
        first, after = medians.printed_interval(m, rounding)
        below, at, above = Frame.of_sizes(sizes).split(first, after)
        if not (below and above):
            with pytest.raises(ValueError, match="at least 1, found 0"):
                medians.rate_split(n, below, at, above, rounding == 1)
            continue
        rates = medians.rate_split(n, below, at, above, rounding == 1)
        members = np.array([[(group < first).sum(), (group >= after).sum()] for group in groups])
        ends = np.array(rates[:4]).reshape(2, 2) * [[below], [above]]
        assert (ends[:, 0] <= members.min(axis=0) + 1e-9).all() and (members.max(axis=0) <= ends[:, 1] + 1e-9).all()
        if n % 2:
            assert ends[:, 0] == pytest.approx(members.min(axis=0)) and ends[:, 1] == pytest.approx(members.max(axis=0))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = members[:, 1] / members[:, 0] * below / above
        ratio = ratio[~np.isnan(ratio)]
        assert (rates.ratio_least <= ratio + 1e-9).all() and (ratio <= rates.ratio_most + 1e-9).all()


# --- which medians are possible ---------------------------------------------------------------


@steady
@given(frames)
def test_tightest_pair_is_the_best_of_all_pairs(sizes):
    x = sorted(sizes)
    for m, rounding in [*((m, 1) for m in range(x[0], x[-1] + 1)), (x[0], 3), (x[-1], 4)]:
        gaps = {
            (x[i], x[j]): j - i - 1
            for i, j in sorted(itertools.combinations(range(len(x)), 2), key=lambda p: p[0] - p[1])
            if 2 * m - rounding <= x[i] + x[j] < 2 * m + rounding
        }  # pairs in order of falling distance, so the nearest one of equal sizes stays
        found = medians.tightest_pair(sizes, m, rounding)
        if not gaps:
            assert found is None
        else:
            assert found.between == min(gaps.values())
            assert gaps[found.lower, found.upper] == found.between
            assert rounding > 1 or half_up(found.lower, found.upper) == m


@pytest.mark.parametrize("sizes", FRAMES)
def test_fit_says_impossible_only_of_medians_no_group_has(sizes):
    total = len(sizes)
    for n in range(1, total + 1):
        attained = set(all_medians(sizes, n))
        for m in range(min(sizes), max(sizes) + 1):
            pair = medians.tightest_pair(sizes, m)
            at = Frame.of_sizes(sizes).split(m).at
            fit = medians.median_fit(n, total, at, pair and pair.between)
            if m in attained:
                assert fit.possible and fit.chance > 0
            elif n <= 2:  # the members beside the middle ones cannot fail to exist
                assert not fit.possible and not fit.plausible and fit.chance == 0
            if n % 2 == 0 and fit.possible:
                # Drawing the gap without replacement is a little less likely still.
                gap = fit.gap
                exact = Fraction(math.comb(total - gap, n), math.comb(total, n))
                assert fit.chance == pytest.approx((1 - n / total) ** gap)
                assert fit.chance >= float(exact) * (1 - 1e-12)


def test_fit_of_odd_groups_and_the_threshold():
    assert medians.median_fit(3, 100, 0, 0) == (False, False, None, 0)
    assert medians.median_fit(3, 100, 1, None) == (True, True, None, 1)
    assert medians.median_fit(4, 100, 5, None) == (False, False, None, 0)
    assert medians.median_fit(50, 100, 0, 9).plausible  # 2^-9 = 0.00195
    assert not medians.median_fit(50, 100, 0, 10).plausible  # 2^-10 = 0.00098
    assert medians.median_fit(50, 100, 0, 10).possible
    assert not medians.median_fit(50, 100, 0, 51).possible  # 49 bodies are left for 50 members


# --- the null law -----------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", FRAMES)
def test_exact_tails_equal_the_shares_of_all_groups(sizes):
    for n in range(1, len(sizes) + 1):
        every = np.array(all_medians(sizes, n))
        for m in range(min(sizes), max(sizes) + 1):
            for upper, share in ((True, np.mean(every >= m)), (False, np.mean(every <= m))):
                log_p = medians.median_tail_exact(sizes, n, m, upper=upper)
                assert math.exp(log_p) == pytest.approx(share, rel=1e-12, abs=0)


@pytest.mark.parametrize("sizes", FRAMES)
def test_count_bounds_contain_the_exact_tails(sizes):
    for n in range(1, len(sizes) + 1):
        every = np.array(all_medians(sizes, n))
        for m in range(min(sizes), max(sizes) + 1):
            below, at, above = Frame.of_sizes(sizes).split(m)
            for marked, share in ((at + above, np.mean(every >= m)), (below + at, np.mean(every <= m))):
                least, most = np.exp(medians.median_tail(len(sizes), marked, n))
                if n % 2:
                    assert least == most == pytest.approx(share, rel=1e-12, abs=0)
                else:
                    assert least * (1 - 1e-12) <= share <= most * (1 + 1e-12)


def test_count_bounds_of_even_groups_are_attained():
    # Four bodies reach 10. If they are far above it, one middle member pulls the mean over; if
    # they are just at it and the others far below, both are needed.
    for n in (2, 4, 6):
        least, most = medians.median_tail(9, 4, n)
        far, near = [9] * 5 + [99] * 4, [0] * 5 + [10] * 4
        assert medians.median_tail_exact(far, n, 10) == pytest.approx(most, rel=1e-12)
        assert medians.median_tail_exact(near, n, 10) == pytest.approx(least, rel=1e-12)
        assert least < most


@steady
@given(large_frames, st.data())
def test_rounded_tails_are_complementary(sizes, data):
    # M is whole, so P(M <= m) + P(M >= m + 1) = 1: this ties the two ways of rounding together.
    n = data.draw(st.integers(1, len(sizes)))
    m = data.draw(st.integers(min(sizes), max(sizes)))
    low = math.exp(medians.median_tail_exact(sizes, n, m, upper=False))
    above = m + 1 <= max(sizes) and math.exp(medians.median_tail_exact(sizes, n, m + 1))
    assert low + above == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("sizes", FRAMES)
@pytest.mark.parametrize("rounding", [2, 3, 10])
def test_tails_of_rounded_medians_equal_the_shares_of_all_groups(sizes, rounding):
    for n in range(1, len(sizes) + 1):
        every = np.array([printed(Fraction(m), rounding) for m in all_medians(sizes, n, False)])
        for m in np.unique(every):
            for upper, share in ((True, np.mean(every >= m)), (False, np.mean(every <= m))):
                log_p = medians.median_tail_exact(sizes, n, m, rounding, upper)
                assert math.exp(log_p) == pytest.approx(share, rel=1e-10)


@steady
@given(large_frames, st.data())
def test_upper_tail_falls_with_the_median_and_ignores_order(sizes, data):
    n = data.draw(st.integers(1, len(sizes)))
    random = data.draw(st.randoms(use_true_random=False))
    values = range(min(sizes), max(sizes) + 1)
    tails = [medians.median_tail_exact(sizes, n, m) for m in values]
    assert tails[0] == pytest.approx(0, abs=1e-11)
    assert all(a >= b - 1e-11 for a, b in itertools.pairwise(tails))
    shuffled = random.sample(sizes, len(sizes))
    assert medians.median_tail_exact(shuffled, n, values[-1]) == tails[-1]


@pytest.mark.parametrize(
    ("total", "marked", "n"),
    [
        (1788, 315, 297),
        (1741, 433, 241),
        (1741, 278, 371),
        (1741, 460, 713),
        (3000, 40, 61),
        (1788, 900, 1),
        (1788, 315, 1787),
        (5000, 700, 1201),
    ],
)
def test_odd_tail_equals_the_exact_integer_sum(total, marked, n):
    ways = sum(math.comb(marked, k) * math.comb(total - marked, n - k) for k in range(n // 2 + 1, min(n, marked) + 1))
    exact = log_fraction(Fraction(ways, math.comb(total, n)))
    least, most = medians.median_tail(total, marked, n)
    assert least == most == pytest.approx(exact, rel=1e-12, abs=1e-11)


@pytest.mark.parametrize(("n", "m"), [(2, 880), (10, 850), (60, 800), (150, 700), (60, 450)])
def test_even_tail_equals_the_exact_integer_sum(n, m):
    sizes = np.random.default_rng(n).integers(0, 900, 300).tolist()  # with ties
    exact = exact_pair_tail(sizes, n, m)
    assert medians.median_tail_exact(sizes, n, m) == pytest.approx(log_fraction(exact), rel=1e-11)


def test_tails_far_below_the_smallest_double():
    sizes = np.arange(4000)
    even = medians.median_tail_exact(sizes, 2000, 2990)
    exact = exact_pair_tail(range(4000), 2000, 2990)
    assert even == pytest.approx(log_fraction(exact), rel=1e-11)
    assert even < -746  # exp() underflows
    test = medians.median_test_exact(sizes, 2000, 2990)
    assert test.p_upper == 0 and test.log_p_upper == pytest.approx(even + math.log(2))


def test_small_groups_of_large_frames_keep_their_digits():
    # A pair out of a million consecutive sizes: the pairs with sum >= 2m - 1 can be counted.
    total = 10**6
    for m in (total - 3, total - 1000, total // 2):
        pairs = sum(total - max(i + 1, 2 * m - 1 - i) for i in range(2 * m - total, total - 1))
        exact = Fraction(pairs, math.comb(total, 2))
        found = medians.median_tail_exact(np.arange(total), 2, m)
        assert found == pytest.approx(log_fraction(exact), abs=1e-9)


def test_tails_equal_r():
    with open(FIXTURES / "medians-oracle.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["law"] for row in rows} == {"odd", "even"}
    for row in rows:
        total, n, expected = int(row["total"]), int(row["n"]), float(row["log_tail"])
        if row["law"] == "odd":
            found = medians.median_tail(total, int(row["at_or_above"]), n)[0]
        else:
            sizes = 7 * np.arange(1, total + 1) ** 2 // 10
            found = medians.median_tail_exact(sizes, n, int(row["median"]))
        # R's own log-gamma loses a few digits at a million bodies.
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-10), row


# --- tests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", FRAMES[:5])
def test_p_values_are_valid_under_random_allocation(sizes):
    # Of all groups, at most a share alpha has a p-value of alpha or less.
    for n in range(1, len(sizes) + 1):
        every = all_medians(sizes, n)
        exact = [medians.median_test_exact(sizes, n, m).p_upper for m in every]
        counted = [medians.median_test(n, *Frame.of_sizes(sizes).split(m)).p_upper for m in every]
        for p in (np.array(exact), np.array(counted)):
            for alpha in np.unique(p):
                assert np.mean(p <= alpha) <= alpha + 1e-12


@steady
@given(frames, st.data())
def test_counts_bound_the_exact_p_value(sizes, data):
    n = data.draw(st.integers(1, len(sizes)))
    m = data.draw(st.integers(min(sizes), max(sizes)))
    parts = Frame.of_sizes(sizes).split(m)
    exact, counted = medians.median_test_exact(sizes, n, m), medians.median_test(n, *parts)
    assert counted.log_p_lower - 1e-12 <= exact.log_p_upper <= counted.log_p_upper + 1e-12
    assert exact.log_p_lower == exact.log_p_upper
    if n % 2:
        assert counted.log_p_lower == counted.log_p_upper
    mirrored = medians.median_test(n, *reversed(parts))
    assert mirrored.direction == -counted.direction
    assert mirrored.log_p_upper == counted.log_p_upper


def test_direction_and_doubling():
    high = medians.median_test(5, 15, 1, 4)
    p = sum(math.comb(5, k) * math.comb(15, 5 - k) for k in range(3, 6)) / math.comb(20, 5)
    assert high.direction == 1 and high.p_upper == pytest.approx(2 * p, rel=1e-12)
    assert medians.median_test(5, 4, 1, 15).direction == -1
    middle = medians.median_test(5, 10, 1, 10)
    assert middle.direction == 0 and middle.p_upper == 1


def test_five_ordered_medians_are_one_order_in_120():
    fall = medians.rank_trend([108, 64, 37, 30, 9])
    assert fall == (-1, pytest.approx(2 / 120))
    rise = medians.rank_trend([1, 2, 3, 4, 5])
    assert rise == (1, pytest.approx(2 / 120))


@pytest.mark.parametrize("values", [[3, 1, 2, 5, 4], [1, 1, 2, 3, 3], [2, 2, 2, 1], [5, 1, 5, 1, 5, 2], [1.5, 0, -2]])
def test_rank_trend_equals_scipy_permutations(values):
    position = np.arange(len(values))
    found = medians.rank_trend(values)
    assert found.rho == pytest.approx(stats.spearmanr(position, values).statistic)
    exact = stats.permutation_test(
        (values,),
        lambda v: abs(stats.spearmanr(position, v).statistic),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=np.inf,
        vectorized=False,
    )
    assert found.p_value == pytest.approx(exact.pvalue)
    both = [
        abs(stats.spearmanr(position, order).statistic) >= abs(found.rho) - 1e-9
        for order in itertools.permutations(values)
    ]
    assert found.p_value == pytest.approx(np.mean(both))


def test_sizes_are_left_as_they_were():
    sizes = np.array([5, 1, 3, 3, 9])
    for call in (
        lambda: Frame.of_sizes(sizes).split(3),
        lambda: medians.tightest_pair(sizes, 4),
        lambda: medians.median_tail_exact(sizes, 2, 4, upper=False),
        lambda: medians.median_test_exact(sizes, 3, 3),
    ):
        call()
        assert sizes.tolist() == [5, 1, 3, 3, 9]


# --- refusals ---------------------------------------------------------------------------------

REFUSED = {
    "edges that do not match": (lambda: table([0, 5], [5], [1, 1]).split(3), "upper: expected 2 .*found 1"),
    "value outside the table": (lambda: table([0, 5], [5, 9], [1, 1]).split(9), "from 0 to below 9, found 9"),
    "fractional value": (lambda: table([0, 5], [5, 9], [1, 1]).split(4.5), "size: .*whole .*found 4.5"),
    "half beyond a side": (lambda: medians.rate_split(10, 20, 0, 4), "above .* at least 5, found 4"),
    "empty side": (lambda: medians.rate_split(1, 0, 0, 4), "below .* at least 1, found 0"),
    "group larger than frame": (lambda: medians.median_tail(10, 3, 11), "from 1 to 10, found 11"),
    "empty group": (lambda: medians.median_tail(10, 3, 0), "from 1 to 10, found 0"),
    "more marked than bodies": (lambda: medians.median_tail(10, 11, 3), "at_or_above: .*found 11"),
    "fractional group": (lambda: medians.median_tail(10, 3, 2.5), "n: .*whole number .*found 2.5"),
    "NaN group": (lambda: medians.median_tail(10, 3, math.nan), "found nan"),
    "group larger than sizes": (lambda: medians.median_tail_exact([1, 2], 3, 1), "from 1 to 2, found 3"),
    "median outside sizes": (lambda: medians.median_tail_exact([1, 2], 2, 0), "from 1 to 2, found 0"),
    "fractional sizes, rounded": (lambda: medians.median_tail_exact([1, 2.5], 2, 2), "whole numbers .* found 2.5"),
    "fractional median, rounded": (
        lambda: medians.median_tail_exact([1, 2], 2, 1.5),
        "median: .*whole number .* found 1.5",
    ),
    "test outside the frame": (lambda: medians.median_test(3, 5, 0, 0), "inside the frame"),
    "test of too large a group": (lambda: medians.median_test(9, 5, 0, 3), "from 1 to 8, found 9"),
    "negative part": (lambda: medians.median_test(3, 5, 0, -1), "above: .*at least 0, found -1"),
    "pair outside": (lambda: medians.tightest_pair([1, 2], 7), "inside the frame, from 1 to 2, found 7"),
    "fit of too large a group": (lambda: medians.median_fit(9, 8, 0, 0), "from 1 to 8, found 9"),
    "negative gap": (lambda: medians.median_fit(2, 8, 0, -1), "between: .*from 0 to 6, found -1"),
    "two values": (lambda: medians.rank_trend([1, 2]), "values: expected 3 to 9 .*found 2"),
    "ten values": (lambda: medians.rank_trend(range(10)), "values: expected 3 to 9 .*found 10"),
    "constant": (lambda: medians.rank_trend([2, 2, 2]), "that differ, found 3 times 2"),
    "NaN value in a trend": (lambda: medians.rank_trend([1, 2, math.nan]), "values: .*found nan"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_with_what_was_found(case):
    call, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        call()
