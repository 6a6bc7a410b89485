"""adoption/moments.py: a binned frame, and the mean and covariance of what a table says about it."""

import itertools

import numpy as np
import pytest
from drawn import FLOOR, frame

from adoption import curve, moments


@pytest.mark.parametrize("model,params", [("ordered", [-7.0, -6.0, 0.6]), ("multinomial", [-9.0, -5.0, 0.8, 0.5])])
def test_mean_and_covariance_equal_those_of_all_allocations(model, params):
    sizes, weights = np.array([0, 900, 2000, 4100, 9000, 30000.0]), np.array([1, 1, 2, 1, 1, 1])
    medians = np.array([9500.0, 4100.0, 950.0])
    table = moments.of_table(sizes, weights, [2, 3, 2], medians, [0, 1, 0], floor=FLOOR)
    # The member of stage 2 that stands at 4,100 is known; six bodies are random.
    bodies = np.array([0, 900, 2000, 2000, 9000, 30000.0])
    pi, _ = curve.probabilities(model, np.array(params), moments.log_size(bodies, floor=FLOOR))
    values, chances = [], []
    for stages in itertools.product(range(3), repeat=bodies.size):
        stages = np.array(stages)
        values.append(
            [np.sum(stages == 0), np.sum(stages == 1)]
            + [np.sum((stages == k) & (bodies < medians[k])) for k in range(3)]
        )
        chances.append(np.prod(pi[np.arange(bodies.size), stages]))
    values, chances = np.array(values, float), np.array(chances)
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    mean, covariance, _ = moments.mean_and_covariance(curve.probabilities(model, params, table.z)[0], table)
    np.testing.assert_allclose(mean, chances @ values, atol=1e-12)
    deviations = values - mean
    np.testing.assert_allclose(covariance, (deviations * chances[:, None]).T @ deviations, atol=1e-12)
    assert table.observed.tolist() == [2, 2, 1, 1, 1]


def test_bins_keep_bodies_sum_and_the_counts_at_every_median():
    sizes = np.sort(np.concatenate([frame(700), [5000.0, 5000.0]]))
    medians = np.array([5000.0, 20000.0, 4999.5])
    edges = moments.bin_edges(sizes[0], sizes[-1], medians, floor=FLOOR)
    means, weights = moments.bin_sizes(sizes, edges)
    assert weights.sum() == sizes.size and np.all(weights > 0) and np.all(np.diff(means) > 0)
    assert means @ weights == pytest.approx(sizes.sum(), rel=1e-14)
    for median in medians:
        assert weights[means < median].sum() == np.sum(sizes < median)
        assert weights[means > median].sum() == np.sum(sizes > median)
        assert weights[means == median].sum() == np.sum(sizes == median)
    logs = np.diff(np.log10(edges[edges >= 100]))
    assert logs.max() <= 1 / 20 + 1e-12


def test_bad_bins_are_refused():
    with pytest.raises(ValueError, match="edges: .*strictly .*found 2 after 2"):
        moments.bin_sizes([1, 2, 3], [2, 2])
    with pytest.raises(ValueError, match="ascending order"):
        moments.bin_sizes([3, 2, 1], [2])
    with pytest.raises(ValueError, match="smallest <= largest"):
        moments.bin_edges(10, 1, [5], floor=1)
