"""Surveys drawn from known models and published as counts and medians: what tests are tried on."""

import numpy as np
from scipy.stats import norm

from adoption import curve, moments

ORDERED = np.array([-10.9, -9.9, -9.6, -8.0, 0.62])
MULTINOMIAL = np.array([-17.5, -14.6, -11.8, -8.6, 1.19, 0.98, 0.69, 0.61])
TRUTHS = {"ordered": ORDERED, "multinomial": MULTINOMIAL}
MODELS = sorted(TRUTHS)
FLOOR = 100.0


def frame(bodies):
    """Distinct log-normal sizes, the smallest far below the floor."""
    sizes = np.unique(np.round(np.exp(9.7 + 1.3 * norm.ppf((np.arange(bodies) + 0.5) / bodies))))
    return np.concatenate([[0.0, 7.0], sizes])


def draw(rng, probabilities):
    return np.sum(rng.random(len(probabilities))[:, None] > np.cumsum(probabilities, axis=1)[:, :-1], axis=1)


def publish(sizes, stage, stages):
    """Totals, medians as printed (half up), and whether a member stands at the median."""
    totals = np.bincount(stage, minlength=stages)
    medians = np.array([np.floor(np.median(sizes[stage == k]) + 0.5) for k in range(stages)])
    return totals, medians, totals % 2


def binned(sizes, medians):
    return moments.bin_sizes(sizes, moments.bin_edges(sizes[0], sizes[-1], medians, floor=FLOOR))


def simulated_fit(model, truth, bodies=900, seed=0):
    sizes = frame(bodies)
    pi, _ = curve.probabilities(model, truth, moments.log_size(sizes, floor=FLOOR))
    table = publish(sizes, draw(np.random.default_rng(seed), pi), pi.shape[1])
    return curve.fit(model, moments.of_table(*binned(sizes, table[1]), *table, floor=FLOOR))
