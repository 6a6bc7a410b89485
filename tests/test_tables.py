"""adoption.tables against R (fixtures/tables-oracle.R), enumeration, closed forms and coverage."""

import itertools
import json
from fractions import Fraction
from functools import cache
from math import comb, factorial, inf, isinf, log, nan, prod, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import stats

from adoption import tables
from adoption.tables import (
    clustered_rate_interval,
    conditional_odds_ratio,
    cramers_v,
    fisher_freeman_halton,
    mcnemar_range,
    proportion_interval,
)

ORACLE = json.loads((Path(__file__).parent / "fixtures" / "tables-oracle.json").read_text())

RPA_STATUS = [[0, 39, 8], [0, 19, 1], [11, 1620, 90]]
AI_FORM = [[1, 0, 0], [2, 1, 4], [7, 20, 15]]

properties = settings(max_examples=60, deadline=None, derandomize=True, database=None)
small_tables = arrays(int, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=3), elements=st.integers(0, 4))


def number(text):
    return float(text)  # "Inf" included


def count_tables(rows, columns):
    """Number of tables with these margins, by the enumeration of the exact test, without weights."""
    _, ways = tables._enumerate(np.array(rows), np.array(columns), lambda cells: np.zeros(len(cells)))
    return ways.sum()


def plain_v(table):
    """Cramér's V without the correction."""
    table = np.asarray(table, int)
    kept = table[table.any(axis=1)][:, table.any(axis=0)]
    return stats.contingency.association(kept, method="cramer")


def is_testable(table):
    return min(table.any(axis=1).sum(), table.any(axis=0).sum()) >= 2


# --- an independent enumeration, in plain recursion and exact fractions --------------------------


def compositions(total, capacities):
    if len(capacities) == 1:
        if total <= capacities[0]:
            yield (total,)
        return
    for first in range(min(total, capacities[0]) + 1):
        for rest in compositions(total - first, capacities[1:]):
            yield (first, *rest)


def all_tables(rows, columns):
    if len(rows) == 1:
        yield (tuple(columns),)
        return
    for row in compositions(rows[0], columns):
        left = [c - x for c, x in zip(columns, row)]
        for rest in all_tables(rows[1:], left):
            yield (row, *rest)


def exact_probability(table):
    table = np.asarray(table)
    margins = [*table.sum(axis=0).tolist(), *table.sum(axis=1).tolist()]
    cells = table.ravel().tolist()
    return Fraction(prod(map(factorial, margins)), factorial(sum(cells)) * prod(map(factorial, cells)))


def enumerated(table):
    table = np.asarray(table)
    return [
        (other, exact_probability(other))
        for other in all_tables(table.sum(axis=1).tolist(), table.sum(axis=0).tolist())
    ]


# --- Fisher-Freeman-Halton -----------------------------------------------------------------------


@pytest.mark.parametrize("entry", ORACLE["fisher_freeman_halton"])
def test_exact_test_agrees_with_r(entry):
    assert fisher_freeman_halton(entry["table"]) == pytest.approx(number(entry["p_value"]), rel=1e-10)


def test_oracle_holds_the_report_tables_and_twenty_others_some_larger_than_three_by_three():
    stored = [entry["table"] for entry in ORACLE["fisher_freeman_halton"]]
    assert stored[:2] == [RPA_STATUS, AI_FORM]
    assert len(stored) == 22
    assert sum(len(t) >= 3 and len(t) * len(t[0]) > 9 for t in stored) >= 5


@properties
@given(small_tables)
def test_exact_test_equals_enumeration_in_fractions(table):
    assume(is_testable(table) and table.sum() <= 20)
    tables_and_p = enumerated(table)
    assert sum(p for _, p in tables_and_p) == 1
    observed = exact_probability(table)
    expected = sum(p for _, p in tables_and_p if p <= observed)
    assert fisher_freeman_halton(table) == pytest.approx(float(expected), rel=1e-11)


def test_status_table_equals_its_enumeration_in_whole_numbers():
    # 59,605 tables; the weight of each is the product of its rows' multinomial coefficients.
    @cache
    def ways(row):
        return prod(comb(sum(row[i:]), row[i]) for i in range(len(row)))

    def weight(rows):
        return prod(ways(tuple(row)) for row in rows)

    rows, columns = np.sum(RPA_STATUS, axis=1).tolist(), np.sum(RPA_STATUS, axis=0).tolist()
    weights = [weight(table) for table in all_tables(rows, columns)]
    assert sum(weights) == ways(tuple(columns))  # they are all the tables
    observed = weight(RPA_STATUS)
    exact = Fraction(sum(w for w in weights if w <= observed), sum(weights))
    assert fisher_freeman_halton(RPA_STATUS) == pytest.approx(float(exact), rel=1e-10)


@properties
@given(small_tables, st.randoms(use_true_random=False))
def test_order_of_lines_transposition_and_empty_lines_do_not_matter(table, random):
    assume(is_testable(table))
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    padded = np.insert(np.insert(table, random.choice(rows), 0, axis=0), columns[0], 0, axis=1)
    shuffled = table[rows][:, columns]
    assume(table.sum() > min(table.any(axis=1).sum(), table.any(axis=0).sum()))  # else V is 0/0
    p, v = fisher_freeman_halton(table), cramers_v(table)
    for other in (shuffled, table.T, padded, table.tolist(), table.astype(float)):
        assert fisher_freeman_halton(other) == pytest.approx(p, rel=1e-12)
        assert cramers_v(other) == pytest.approx(v, rel=1e-9, abs=1e-7)


def test_most_likely_table_has_p_one():
    # All tables are at most as likely as the mode: the probabilities must sum to 1.
    for table in (RPA_STATUS, AI_FORM):
        rows, columns = np.sum(table, axis=1), np.sum(table, axis=0)
        sample = stats.random_table(rows, columns).rvs(500, random_state=1)
        mode = max(sample, key=stats.random_table(rows, columns).logpmf)
        assert fisher_freeman_halton(mode) == pytest.approx(1, abs=1e-9)
        assert fisher_freeman_halton(table) < 0.2  # and the report's tables are not the mode


def test_larger_tables_agree_with_sampling():
    # No oracle here: 40,000 tables drawn with the same margins, four standard errors.
    draws = 40_000
    large = [[3, 0, 2, 1, 4], [0, 2, 1, 5, 0], [1, 4, 0, 0, 2], [2, 0, 3, 1, 0], [0, 1, 1, 2, 0]]
    for table in (RPA_STATUS, large):
        law = stats.random_table(np.sum(table, axis=1), np.sum(table, axis=0))
        sample = law.rvs(draws, random_state=20200228)
        sampled = np.mean(law.logpmf(sample) <= law.logpmf(np.array(table)) + 1e-7)
        p = fisher_freeman_halton(table)
        assert abs(p - sampled) < 4 * sqrt(p * (1 - p) / draws)


@pytest.mark.parametrize("table", [[[8, 39], [91, 1650]], [[3, 1], [1, 3]], [[10, 20], [20, 10]]])
def test_two_by_two_is_fishers_test(table):
    assert fisher_freeman_halton(table) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-10)


def test_nearly_as_likely_is_no_tie():
    # With these margins 3 in the corner is less likely than 11 by two millionths: p must differ.
    for table in ([[3, 24], [30, 71]], [[11, 16], [22, 79]]):
        observed = exact_probability(table)
        expected = sum(p for _, p in enumerated(table) if p <= observed)
        assert fisher_freeman_halton(table) == pytest.approx(float(expected), rel=1e-11)


def test_p_below_the_usual_floats_is_kept():
    # Perfect association of 2 x 200: 2 of C(400, 200) equally extreme tables.
    p = fisher_freeman_halton([[200, 0], [0, 200]])
    assert log(p) == pytest.approx(log(2) - log(comb(400, 200)), rel=1e-11)


# --- number of tables ----------------------------------------------------------------------------


@properties
@given(small_tables)
def test_count_equals_enumeration(table):
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    assert count_tables(rows, columns) == len(list(all_tables(rows.tolist(), columns.tolist())))


def test_count_of_squares_with_equal_line_sums():
    # MacMahon: H3(s) = C(s+2,4) + C(s+3,4) + C(s+4,4); lines of ones are permutation matrices.
    for s in (1, 2, 5, 30):
        expected = comb(s + 2, 4) + comb(s + 3, 4) + comb(s + 4, 4)
        assert count_tables([s] * 3, [s] * 3) == expected
    assert count_tables([1] * 7, [1] * 7) == factorial(7)
    # H4(s), the classical sequence 1, 24, 282, 2008, 10147
    assert [count_tables([s] * 4, [s] * 4) for s in range(5)] == [1, 24, 282, 2008, 10147]


def test_count_of_the_report_tables_by_enumeration():
    for table in (RPA_STATUS, AI_FORM):
        rows, columns = np.sum(table, axis=1), np.sum(table, axis=0)
        assert count_tables(rows, columns) == sum(1 for _ in all_tables(sorted(rows.tolist()), columns.tolist()))


@pytest.mark.parametrize(
    "table", [np.full((4, 4), 1000), np.full((12, 12), 2), [[400_000, 1], [1, 90_000], [1, 400_000]]]
)
def test_too_large_an_enumeration_is_refused_with_number_and_limit(table):
    with pytest.raises(
        ValueError, match=r"expected at most 2,000,000 partial tables .*found [\d,]+ with the margins \["
    ):
        fisher_freeman_halton(table)


def test_more_observations_than_rounding_allows_are_refused():
    with pytest.raises(ValueError, match="at most 1,000,000 observations, found 200,000,002"):
        fisher_freeman_halton([[10**8, 1], [1, 10**8]])


def test_precision_holds_to_the_largest_table_allowed():
    for table in ([[12, 188], [36_000, 963_800]], [[200, 300], [199_800, 799_700]]):
        assert np.sum(table) == 1_000_000
        assert fisher_freeman_halton(table) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-7)


def test_refusal_states_the_margins_and_the_limit(monkeypatch):
    monkeypatch.setattr(tables, "LIMIT", 3)
    with pytest.raises(
        ValueError, match=r"at most 3 partial tables at once, found 16 with the margins \[1, 7, 42\] and"
    ):
        fisher_freeman_halton(AI_FORM)


# --- bad tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [fisher_freeman_halton, cramers_v, conditional_odds_ratio])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, -2], [3, 4]], "whole numbers of at least 0, found -2 at position 0, 1"),
        ([[1, 2.5], [3, 4]], "expected whole numbers .*found 2.5"),
        ([[1, nan], [3, 4]], "expected whole numbers .*found nan"),
        ([[1, inf], [3, 4]], "expected whole numbers .*found inf"),
        ([[1, "many"], [3, 4]], "expected whole numbers .*found 'many'"),
        ([[1, None], [3, 4]], "expected whole numbers .*found None"),
        ([[1, 2], [3]], "expected"),
        ([1, 2, 3, 4], "expected"),
        ([[[1, 2], [3, 4]]], "expected"),
        ([], "expected"),
        ([[]], "expected"),
        ([[0, 0], [0, 0]], "not empty, found 0 and 0"),
        ([[3, 4], [0, 0]], "not empty, found 1 and 2"),
        ([[0, 4], [0, 5]], "not empty, found 2 and 1"),
    ],
)
def test_bad_table(function, table, message):
    with pytest.raises(ValueError, match=message):
        function(table)


def test_input_is_not_changed():
    table = np.array(RPA_STATUS)
    fisher_freeman_halton(table)
    assert (table == RPA_STATUS).all()


# --- Pearson and Cramér --------------------------------------------------------------------------


def test_cramers_v_by_hand():
    # chi2 = 2, n = 8: phi2 = 1/4, corrected 1/4 - 1/7 = 3/28, r~ - 1 = 6/7: V2 = 1/8
    assert cramers_v([[3, 1], [1, 3]]) == pytest.approx(sqrt(1 / 8), rel=1e-12)
    # expected 1 2 1 / 1 2 1: chi2 = 8, phi2 = 1, corrected 5/7, r~ - 1 = 6/7, c~ - 1 = 10/7
    assert cramers_v([[2, 0, 2], [0, 4, 0]]) == pytest.approx(sqrt(5 / 6), rel=1e-12)
    assert cramers_v([[10, 0], [0, 10]]) == pytest.approx(1, rel=1e-12)
    assert cramers_v([[4, 4], [4, 4]]) == 0
    assert cramers_v([[2, 0], [0, 4], [2, 0]]) == pytest.approx(sqrt(5 / 6), rel=1e-12)
    # weaker than chance would give: corrected to 0, plain not
    assert cramers_v([[5, 4], [4, 5]]) == 0
    assert plain_v([[5, 4], [4, 5]]) == pytest.approx(1 / 9, rel=1e-12)


@pytest.mark.parametrize("table", [RPA_STATUS, AI_FORM])
def test_corrected_v_from_scipys_plain_one(table):
    (r, c), n = np.shape(table), np.sum(table)
    phi2 = plain_v(table) ** 2 * (min(r, c) - 1) - (r - 1) * (c - 1) / (n - 1)
    least = min(size - (size - 1) ** 2 / (n - 1) for size in (r, c))
    assert cramers_v(table) == pytest.approx(sqrt(max(phi2, 0) / (least - 1)), rel=1e-12)


@pytest.mark.parametrize("table", [AI_FORM, [[3, 1, 2], [0, 2, 1]]])
def test_what_the_correction_takes_off_is_the_mean_under_independence(table):
    # Over all tables with these margins, phi2 averages (r-1)(c-1)/(n-1): exactly.
    (r, c), n = np.shape(table), np.sum(table)
    mean_phi2 = sum(float(p) * plain_v(other) ** 2 * (min(r, c) - 1) for other, p in enumerated(table))
    assert mean_phi2 == pytest.approx((r - 1) * (c - 1) / (n - 1), rel=1e-10)


def test_corrected_v_is_refused_where_it_is_zero_over_zero():
    with pytest.raises(ValueError, match="more than 2 observations in a 2 x 2 table .*found 2"):
        cramers_v([[1, 0], [0, 1]])


# --- odds ratio ----------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ORACLE["odds_ratio"])
def test_odds_ratio_agrees_with_r(entry):
    result = conditional_odds_ratio(entry["table"], level=entry["level"])
    for field in result._fields:
        expected = number(entry[field])
        found = getattr(result, field)
        assert found == expected if isinf(expected) else found == pytest.approx(expected, rel=1e-9)


def test_odds_ratio_solves_its_equations():
    table = np.array([[8, 39], [91, 1650]])
    result = conditional_odds_ratio(table)

    def law(odds):
        return stats.nchypergeom_fisher(table.sum(), table[0].sum(), table[:, 0].sum(), odds)

    assert law(result.estimate).mean() == pytest.approx(8, rel=1e-8)
    assert law(result.lower).sf(7) == pytest.approx(0.025, rel=1e-7)  # P(X >= 8)
    assert law(result.upper).cdf(8) == pytest.approx(0.025, rel=1e-7)


@properties
@given(arrays(int, (2, 2), elements=st.integers(0, 30)))
def test_odds_ratio_turns_over_with_the_columns(table):
    assume(is_testable(table))
    here, there = conditional_odds_ratio(table), conditional_odds_ratio(table[:, ::-1])

    def inverse(x):
        return inf if x == 0 else 1 / x

    assert there.estimate == pytest.approx(inverse(here.estimate), rel=1e-6)
    assert there.lower == pytest.approx(inverse(here.upper), rel=1e-6)
    assert there.upper == pytest.approx(inverse(here.lower), rel=1e-6)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-9)
    assert here.p_value == pytest.approx(fisher_freeman_halton(table), rel=1e-9)


def test_zero_cells_leave_one_end_open():
    none = conditional_odds_ratio([[0, 47], [11, 1730]])
    assert (none.estimate, none.lower) == (0, 0) and 1 < none.upper < inf
    every = conditional_odds_ratio([[5, 0], [0, 7]])
    assert (every.estimate, every.upper) == (inf, inf) and 1 < every.lower < inf
    # Only one table is as extreme, of C(12, 5), on this side: P(X = 5; odds) = .025 at the end
    lower = every.lower
    weights = [comb(5, x) * comb(7, 5 - x) * lower**x for x in range(6)]
    assert weights[5] / sum(weights) == pytest.approx(0.025, rel=1e-9)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (3, 3)])
def test_odds_ratio_needs_two_by_two(shape):
    with pytest.raises(ValueError, match=r"expected shape \(2, 2\), found \("):
        conditional_odds_ratio(np.ones(shape))


# --- proportions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ORACLE["proportion"])
@pytest.mark.parametrize(("method", "key"), [("clopper-pearson", "exact"), ("wilson", "wilson")])
def test_proportion_agrees_with_r(entry, method, key):
    result = proportion_interval(entry["k"], entry["n"], method, entry["level"])
    expected = [number(x) for x in entry[key]]
    assert result.estimate == entry["k"] / entry["n"]
    assert result.p_value is None
    np.testing.assert_allclose([result.lower, result.upper], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [1, 20, 47, 1721])
def test_none_of_n(n):
    result = proportion_interval(0, n)
    assert result.lower == 0
    assert result.upper == pytest.approx(1 - 0.025 ** (1 / n), rel=1e-9)
    one_sided = proportion_interval(0, n, level=0.90).upper
    assert one_sided == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-9)
    if n >= 20:
        assert one_sided == pytest.approx(3 / n, rel=0.08)  # the rule of three
    mirrored = proportion_interval(n, n)
    assert (mirrored.lower, mirrored.upper) == pytest.approx((1 - result.upper, 1))


def test_clopper_pearson_keeps_its_level_at_every_rate():
    n = 20
    ends = np.array([proportion_interval(k, n)[1:3] for k in range(n + 1)])
    rates = np.linspace(0.001, 0.999, 999)
    covered = (ends[:, :1] <= rates) & (rates <= ends[:, 1:])
    coverage = (covered * stats.binom.pmf(np.arange(n + 1)[:, None], n, rates)).sum(axis=0)
    assert coverage.min() >= 0.95
    assert coverage.min() < 0.97  # not so wide as to say nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 2), "k: .*from 0 to 2, found 3"),
        ((0, 0), "n: .*at least 1, found 0"),
        ((-1, 2), "k: .*from 0 to 2, found -1"),
        ((0.5, 2), "k: .*whole number .*found 0.5"),
        ((1, nan), "n: .*found nan"),
        (([1, 2], 3), r"k: expected one whole number .*found \[1, 2\]"),
        ((1, 2, "wald"), "method: expected one of .*found 'wald'"),
        ((1, 2, "wilson", 95), "level: expected a number between 0 and 1, found 95"),
        ((1, 2, "wilson", nan), "level: .*found nan"),
    ],
)
def test_bad_proportion(arguments, message):
    with pytest.raises(ValueError, match=message):
        proportion_interval(*arguments)


# --- clusters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ORACLE["poisson"])
def test_clustered_rate_without_clusters_is_the_exact_poisson_interval(entry):
    result = clustered_rate_interval(entry["k"], 1000, [])
    expected = [number(x) / 1000 for x in entry["interval"]]
    np.testing.assert_allclose([result.lower, result.upper], expected, rtol=1e-9, atol=1e-15)


def test_clusters_of_one_size_scale_the_exact_interval():
    alone = clustered_rate_interval(3, 1000, [])
    together = clustered_rate_interval(24, 1000, [8] * 3)
    assert together[:3] == pytest.approx([8 * x for x in alone[:3]], rel=1e-12)


def test_one_cluster_of_eight_by_hand():
    # weights 8, 1, 1, 1: sum 11, sum of squares 67; chi-square form of the gamma quantiles
    result = clustered_rate_interval(11, 1721, [8])
    lower = 67 / (2 * 11) * stats.chi2.ppf(0.025, 2 * 11**2 / 67)
    upper = (67 + 64) / (2 * (11 + 8)) * stats.chi2.ppf(0.975, 2 * (11 + 8) ** 2 / (67 + 64))
    assert result.estimate == 11 / 1721
    assert (result.lower * 1721, result.upper * 1721) == pytest.approx((lower, upper), rel=1e-10)
    independent = proportion_interval(11, 1721)
    assert result.lower < independent.lower and independent.upper < result.upper


def test_clustered_interval_covers_where_the_independent_one_does_not():
    # 40 consortia of four and 40 bodies alone, each decides yes with one probability: exact sum.
    consortia, alone, size = 40, 40, 4
    n = consortia * size + alone
    for rate in (0.02, 0.05, 0.15):
        coverage = naive = 0.0
        for a, b in itertools.product(range(consortia + 1), range(alone + 1)):
            weight = stats.binom.pmf(a, consortia, rate) * stats.binom.pmf(b, alone, rate)
            if weight < 1e-5:
                continue
            k = size * a + b
            clustered = clustered_rate_interval(k, n, [size] * a, largest=size)
            plain = proportion_interval(k, n)
            coverage += weight * (clustered.lower <= rate <= clustered.upper)
            naive += weight * (plain.lower <= rate <= plain.upper)
        assert coverage > 0.95
        assert naive < 0.80


def test_none_with_a_known_largest_cluster():
    # No event: the upper end is one decision of the largest size, -log(.025) of them.
    result = clustered_rate_interval(0, 1000, [], largest=8)
    assert (result.estimate, result.lower) == (0, 0)
    assert result.upper == pytest.approx(-log(0.025) * 8 / 1000, rel=1e-10)
    assert clustered_rate_interval(0, 3, [], largest=3).upper == 1  # a rate stays a rate


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([12], r"at most the 11 adopters, found \[12\]"),
        ([8, 4], "at most the 11 adopters"),
        ([0], "cluster_sizes: .*at least 1, found 0"),
        ([-8], "cluster_sizes: .*at least 1, found -8"),
        ([1.5], "cluster_sizes: .*found 1.5"),
    ],
)
def test_bad_clusters(sizes, message):
    with pytest.raises(ValueError, match=message):
        clustered_rate_interval(11, 1721, sizes)


def test_largest_cluster_below_a_size_seen():
    with pytest.raises(ValueError, match="largest: .*at least 8, found 4"):
        clustered_rate_interval(11, 1721, [8], largest=4)


# --- McNemar -------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ORACLE["mcnemar"], ids=lambda e: str(e["total"]))
def test_mcnemar_agrees_with_r_at_every_overlap(entry):
    counts = entry["n_a"], entry["n_b"], entry["total"]
    by_overlap = {o: number(p) for o, p in zip(entry["overlap"], entry["p_value"])}
    for overlap, expected in by_overlap.items():
        at = mcnemar_range(*counts, overlap, overlap)
        assert at.p_max == pytest.approx(expected, rel=1e-10)
    whole = mcnemar_range(*counts)
    assert (whole.overlap_lower, whole.overlap_upper) == (min(by_overlap), max(by_overlap))
    assert whole.p_max == pytest.approx(max(by_overlap.values()), rel=1e-10)


def test_mcnemar_of_two_adoption_counts_in_closed_form():
    # all of the smaller group in the larger: 74 discordant, all one way
    assert mcnemar_range(296, 370, 1788, 296).p_max == pytest.approx(2.0**-73, rel=1e-12)
    whole = mcnemar_range(296, 370, 1788)
    tail = sum(comb(666, i) for i in range(297))
    assert whole.p_max == pytest.approx(float(Fraction(2 * tail, 2**666)), rel=1e-11)


def test_mcnemar_by_flipping_every_discordant_body():
    # 3 of 10 against 6 of 10 with one in both: 2 and 5 discordant
    flips = [abs(2 * sum(signs) - 7) for signs in itertools.product((0, 1), repeat=7)]
    expected = np.mean(np.array(flips) >= abs(2 * 2 - 7))
    assert mcnemar_range(3, 6, 10, 1, 1).p_max == pytest.approx(expected, rel=1e-12)


@properties
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 45))
def test_mcnemar_bounds(n_a, n_b, total):
    assume(max(n_a, n_b) <= total)
    result = mcnemar_range(n_a, n_b, total)
    assert result.overlap_lower == max(0, n_a + n_b - total)
    assert result.overlap_upper == min(n_a, n_b)
    assert 0 < result.p_max <= 1
    assert mcnemar_range(n_b, n_a, total) == result
    if n_a == n_b:
        assert result.p_max == 1
    narrowed = mcnemar_range(n_a, n_b, total, result.overlap_upper)
    assert narrowed.p_max <= result.p_max
    assert narrowed.overlap_lower == result.overlap_upper


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 3, 4), "n_a: .*from 0 to 4, found 5"),
        ((-1, 3, 4), "n_a: .*found -1"),
        ((1, 2.5, 4), "n_b: .*found 2.5"),
        ((1, 2, nan), "total: .*found nan"),
        ((3, 3, 10, 4), "not empty, found 4 to 3"),
        ((9, 9, 10, None, 7), "not empty, found 8 to 7"),
        ((3, 3, 10, 0.5), "overlap_min: .*found 0.5"),
        ((3, 3, 10, None, -1), "overlap_max: .*found -1"),
    ],
)
def test_bad_mcnemar(arguments, message):
    with pytest.raises(ValueError, match=message):
        mcnemar_range(*arguments)


# --- the module itself ---------------------------------------------------------------------------


def test_every_public_function_says_what_it_raises():
    public = [f for n, f in vars(tables).items() if callable(f) and not n.startswith("_")]
    functions = [f for f in public if getattr(f, "__module__", "") == tables.__name__]
    documented = [f for f in functions if not isinstance(f, type)]
    assert len(documented) >= 7
    for function in documented:
        assert "ValueError" in function.__doc__, function.__name__


# --- independent trials of unequal chances --------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_poisson_binomial_tails_by_all_outcomes(seed):
    """Every one of the 2^9 outcomes, with chances of 0 and 1 among them."""
    rng = np.random.default_rng(seed)
    chances = np.concatenate([rng.random(7), [0, 1]])
    outcomes = np.array(list(itertools.product((0, 1), repeat=chances.size)))
    weights = np.prod(np.where(outcomes == 1, chances, 1 - chances), axis=1)
    for successes in range(chances.size + 1):
        at_most, at_least = tables.poisson_binomial_tails(successes, chances)
        assert at_most == pytest.approx(weights[outcomes.sum(axis=1) <= successes].sum(), abs=1e-15)
        assert at_least == pytest.approx(weights[outcomes.sum(axis=1) >= successes].sum(), abs=1e-15)


def test_poisson_binomial_tails_of_equal_chances_are_the_binomial_s():
    for successes in (0, 3, 60, 200):
        found = tables.poisson_binomial_tails(successes, [0.07] * 200)
        expected = stats.binom.cdf(successes, 200, 0.07), stats.binom.sf(successes - 1, 200, 0.07)
        assert found == pytest.approx(expected, rel=1e-10)  # 200 of 200: a chance of 1e-231 keeps its digits


def test_poisson_binomial_tails_refuse_what_is_no_chance():
    with pytest.raises(ValueError, match="chances: expected 1 at most, found 1.5"):
        tables.poisson_binomial_tails(1, [0.5, 1.5])
    with pytest.raises(ValueError, match="successes: expected .*, found 3"):
        tables.poisson_binomial_tails(3, [0.5, 0.5])
    with pytest.raises(ValueError, match="chances: .*found .*-0.1"):
        tables.poisson_binomial_tails(0, [-0.1])
