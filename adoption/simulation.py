"""How the methods do where the truth is known: surveys drawn from a known law, then published.

A replicate draws a stage for every body of a frame (and for those outside it) from probabilities
that are known, prints what a ministry would print, the number of bodies in each stage and the
median size of those inside the frame, and hands only that to the functions of the package. What
they say is compared with the truth. A law has any number of stages. Those of `TRUTHS` have five:
one law for which each model is right, one that defeats the ordered model, one that defeats both,
and one without any relation to size.

Each replicate has random numbers of its own (numpy's SeedSequence, spawned by law and number), so
that a result depends neither on the number of workers nor on the order in which they work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import chi2, norm

from adoption import bounds, checks, clusters, curve, medians, moments, outside
from adoption.frame import Frame
from adoption.tables import Interval, proportion_interval

SEED = 20200228
BLOCK = 5  # replicates a row of the table
LEVEL = 0.95
FLOOR = 100.0  # people: in the logarithms of the laws smaller sizes count as this
POINTS = (5_000, 30_000, 100_000, 300_000)  # people: sizes at which curves are compared

# Shares of stages that have nothing to do with size, and the logarithms of the last four of them
# against the last.
_SHARES = np.array([0.17, 0.13, 0.03, 0.27, 0.40])
_REST = np.log(_SHARES[1:] / _SHARES[-1])


class Truth(NamedTuple):
    """A law of K stages given the size.

    logits: log-odds of each stage against the last as a function of z = log2(size), (I,) to
        (I, K); None for an ordered logit.
    params: of the ordered logit, or None.
    slope: log-odds per doubling common to all cumulative stages, None where there is none.
    contrast: log-odds per doubling of the first stage against the last, None where it is not
        constant.
    """

    logits: Callable | None = None
    params: np.ndarray | None = None
    slope: float | None = None
    contrast: float | None = None

    @property
    def stages(self) -> int:
        return probabilities(self, [FLOOR]).shape[1]


def _multinomial(intercepts, slopes):
    return lambda z: np.column_stack([a + b * z for a, b in zip(intercepts, slopes, strict=True)])


def _hump(z):
    """Stage 1 is most frequent at 60,000 and rarer on either side; the others do not vary."""
    first = 0.1 - ((z - np.log2(60_000)) / 1.5) ** 2 / 2
    return np.column_stack([first, *(np.full(z.size, rest) for rest in _REST)])


# In turn: one slope at every stage; a slope of its own for every stage (these two are near the fits
# to the survey of 2020, AI ordered and RPA multinomial); size matters for stage 1 only, and
# strongly; stage 1 is most frequent in the middle; size does not matter.
TRUTHS = {
    "ordered": Truth(params=np.array([-13.0, -11.9, -11.65, -10.0, 0.725]), slope=0.725),
    "multinomial": Truth(_multinomial((-23.4, -18.2, -11.2, -8.7, 0), (1.53, 1.19, 0.66, 0.60, 0)), contrast=1.53),
    "non-proportional": Truth(_multinomial((-24.5, *_REST), (1.5, 0, 0, 0, 0)), contrast=1.5),
    "hump": Truth(_hump),
    "null": Truth(_multinomial((np.log(_SHARES[0] / _SHARES[-1]), *_REST), [0] * 5), slope=0.0, contrast=0.0),
}


class Bodies(NamedTuple):
    """Those that a survey counts: sizes inside the frame of the medians, ascending, and outside."""

    inside: np.ndarray
    outside: np.ndarray


def scatter(lower: ArrayLike, upper: ArrayLike, bodies: ArrayLike) -> np.ndarray:
    """Whole sizes, ascending, drawn at random from each interval [lower, upper) of a table.

    Always the same ones. They differ from each other wherever an interval has room. (Even steps
    would do harm: the middle of two bodies would too often be a third.)
    """
    rng = np.random.default_rng(SEED)
    return np.concatenate(
        [
            np.sort(rng.choice(np.arange(low, high), n, replace=n > high - low)).astype(float)
            for low, high, n in zip(lower, upper, bodies, strict=True)
            if n
        ]
    )


def probabilities(truth: Truth, sizes: ArrayLike) -> np.ndarray:
    """P(stage | size) under the law, shape (len(sizes), K)."""
    z = moments.log_size(sizes, floor=FLOOR)
    if truth.logits is None:
        return curve.probabilities("ordered", truth.params, z)[0]
    return softmax(truth.logits(z), axis=1)


def half_size(truth: Truth) -> float | None:
    """Size at which P(stage 1) is one half; None for a law under which it never is, or twice."""
    if truth.slope == 0 or (truth.slope is None and truth.contrast is None):
        return None
    return 2 ** brentq(lambda z: probabilities(truth, [2**z])[0, 0] - 0.5, 7, 30)


def draw(rng: np.random.Generator, probability: np.ndarray) -> np.ndarray:
    """A stage for each body, from 0, with the probabilities in its row."""
    cumulated = np.cumsum(probability, axis=1)[:, :-1]
    return (rng.random(len(probability))[:, None] > cumulated).sum(axis=1)


class Published(NamedTuple):
    """What is printed of a survey: totals with the bodies outside, medians of those inside.

    odd: whether the number inside is odd. on_a_body: whether some body has the median's size,
    which is what a reader can see.
    """

    totals: np.ndarray
    medians: np.ndarray
    odd: np.ndarray
    on_a_body: np.ndarray


def publish(frame: Bodies, inside: np.ndarray, outside: np.ndarray, stages: int) -> Published:
    """Counts and medians (rounded half up) of K stages.

    inside, outside: the stage of each body, from 0.
    stages: K; ValueError where one of them has no body inside and so no median.
    """
    counts = np.bincount(inside, minlength=stages)
    checks.whole_vector("bodies of each stage inside", counts, stages, least=1)
    middles = np.array([int(np.floor(np.median(frame.inside[inside == k]) + 0.5)) for k in range(stages)])
    return Published(
        counts + np.bincount(outside, minlength=stages), middles, counts % 2 == 1, np.isin(middles, frame.inside)
    )


# --- what micro-data would give, real or invented -------------------------------------------------


def ordered_logit(sizes: ArrayLike, stage: ArrayLike, *, floor: float) -> tuple[float, float]:
    """Slope of the ordered logit by maximum likelihood on micro-data, and its standard error.

    sizes: shape (N,).
    stage: shape (N,), from 0; all numbers up to the largest occur.
    floor: smaller sizes count as this in logarithms.

    Fisher scoring. Raises ValueError for a stage without bodies, curve.ConvergenceError where it
    does not settle.
    """
    z, stage = moments.log_size(sizes, floor=floor), checks.whole_vector("stage", stage)
    bodies = checks.whole_vector("bodies of each stage", np.bincount(stage), least=1)
    reached = np.cumsum(bodies)[:-1] / stage.size
    params = np.append(np.log(reached / (1 - reached)), 0.0)
    centre = z.mean()  # the slope is the same, and the steps are not entangled with the cuts
    for _ in range(50):
        pi, by_params = curve.probabilities("ordered", params, z - centre)
        own = np.arange(z.size), stage
        score = (by_params[own] / pi[own][:, None]).sum(axis=0)
        information = np.einsum("ikp,ikr->pr", by_params / pi[:, :, None], by_params)
        step = np.linalg.solve(information, score)
        if score @ step < 1e-16 * z.size:
            return float(params[-1]), float(np.sqrt(np.linalg.inv(information)[-1, -1]))
        while np.any(np.diff((params + step)[:-1]) <= 0):
            step /= 2
        params = params + step
    raise curve.ConvergenceError(f"the ordered logit did not settle: slope {params[-1]:.3g}")


def invented_apart(rng: np.random.Generator, sizes: np.ndarray, published: Published):
    """Micro-data made up to fit counts and medians, stage by stage: sizes and stages of the rows.

    sizes: shape (N,), of the bodies that there are. Half of a stage's bodies are drawn at random
    from those below its median, half from the others.
    """
    rows, stages = [], []
    for k, (n, middle) in enumerate(zip(published.totals, published.medians, strict=True)):
        for half, side in ((n // 2, sizes[sizes < middle]), (n - n // 2, sizes[sizes >= middle])):
            rows.append(rng.choice(side, half))
            stages.append(np.full(half, k))
    return np.concatenate(rows), np.concatenate(stages)


def invented_together(rng: np.random.Generator, sizes: np.ndarray, counts: ArrayLike, middles: ArrayLike) -> np.ndarray:
    """Stages made up for the very bodies of the frame, as evenly as counts and medians allow.

    Between two medians every body has the same chances; they are those nearest to no relation
    with size (iterative proportional fitting; Deming and Stephan 1940, Ann. Math. Stat. 11,
    427-444) that put half of each stage below its median, on average.

    sizes: shape (N,), ascending.
    counts, middles: shape (K,), bodies and median of each stage.

    Returns stages from 0, shape (N,).
    """
    counts, first = np.asarray(counts), np.searchsorted(sizes, middles)
    edges = np.unique(first)  # places of the medians, so that no cell between them is empty
    cell = np.searchsorted(edges, np.arange(sizes.size), "right")
    bodies = np.bincount(cell)
    below = np.arange(bodies.size) <= np.searchsorted(edges, first)[:, None]  # (stages, cells)
    expected = np.outer(counts, bodies / bodies.sum())
    for _ in range(200):
        for side, half in ((below, counts // 2), (~below, counts - counts // 2)):
            expected *= np.where(side, (half / (expected * side).sum(axis=1))[:, None], 1)
        expected *= bodies / expected.sum(axis=0)
    return draw(rng, (expected / bodies).T[cell])


# --- one replicate -------------------------------------------------------------------------------


def _compared(name: str, error: float, covered: bool) -> dict[str, float]:
    return {f"{name}_error": error, f"{name}_covered": covered}


def _models(truth: Truth, frame: Bodies, published: Published) -> dict[str, float]:
    """Both models at the fixed point of the bodies outside, against the truth."""
    binned = Frame.of_sizes(frame.inside).binned(published.medians, FLOOR)
    critical, outcome = chi2.ppf(LEVEL, 1), {}
    half, real = half_size(truth), probabilities(truth, POINTS)[:, 0]
    for model, name, target in (("ordered", "slope", truth.slope), ("multinomial", "contrast", truth.contrast)):
        try:
            fit = outside.fixed_point(model, *binned, *published[:3], frame.outside, floor=FLOOR).fit
            outcome[f"{model}_rejected"] = fit.p_value < 1 - LEVEL
            if target is not None:
                outcome |= _compared(name, fit.slopes[0] - target, curve.slope_deviance(fit, target) <= critical)
            share, (low, high) = curve.predict(fit, POINTS)[:, 0], curve.band(fit, POINTS)
            for i, point in enumerate(POINTS):
                outcome |= _compared(f"{model}_{point}", share[i] - real[i], low[i, 0] <= real[i] <= high[i, 0])
            if half:
                fitted = curve.log_size_at(fit)[0] - np.log2(half)
                outcome |= _compared(f"{model}_half", fitted, curve.size_deviance(fit, half) <= critical)
        except curve.NoCrossing:  # nor has the curve a size at one half
            outcome[f"{model}_failed"] = False
        except curve.ConvergenceError:  # counted, not hidden
            outcome[f"{model}_failed"] = True
        else:
            outcome[f"{model}_failed"] = False
    return outcome


def _inside_sizes(published: Published, stage: int, outside: int, most: int) -> list[int]:
    """Every number of bodies, up to `most`, that a stage can have inside, by its parity."""
    total, odd = int(published.totals[stage]), int(published.odd[stage])
    fewest = max(total - outside, 2 - odd)
    return list(range(fewest + (fewest - odd) % 2, min(total, most) + 1, 2))


def _facts_and_tests(frame: Bodies, inside: np.ndarray, published: Published) -> dict[str, bool]:
    """Rates on either side of a stage's own median, exact tests: of the first and last stage."""
    outcome = {"facts_exact": True, "facts_within_a_body": True}
    for stage in (0, published.totals.size - 1):
        split = Frame.of_sizes(frame.inside).split(published.medians[stage])
        members, sides = frame.inside[inside == stage], np.array([split.below, split.above])
        on_sides = np.array([(members < published.medians[stage]).sum(), (members > published.medians[stage]).sum()])
        # Half of the stage lies on either side: there must be room for it.
        possible = _inside_sizes(published, stage, frame.outside.size, 2 * min(sides) + 1)
        fewest, most, ratio = possible[0] // 2 / sides, possible[-1] // 2 / sides, sides[0] / sides[1]
        rates, one = on_sides / sides, 1 / sides + 1e-12
        outcome["facts_exact"] &= bool(
            np.all((fewest <= rates) & (rates <= most)) and np.isclose(rates[1] / rates[0], ratio, rtol=1e-12)
        )
        # An even group's median, rounded up, may fall on a member and take it off its half.
        outcome["facts_within_a_body"] &= bool(
            np.all((fewest - one <= rates) & (rates <= most + one)) and abs(on_sides[0] - on_sides[1]) < 1.5
        )
        # The fewer members, the less their median says: the first number is the worst case.
        outcome[f"test_{stage + 1}_rejected"] = medians.median_test(possible[0], *split).p_upper < 1 - LEVEL
    return outcome


def _bounds(frame: Bodies, inside: np.ndarray, published: Published, limits) -> dict[str, bool]:
    """Whether free and monotone bounds contain the share of stage 1 in every size class."""
    lower, counts = Frame.of_sizes(frame.inside).cells()
    size_class = np.searchsorted(limits, frame.inside, "right")
    real = np.bincount(size_class[inside == 0], minlength=len(limits) + 1) / np.bincount(
        size_class, minlength=len(limits) + 1
    )
    stages = bounds.Stages(published.totals, published.medians, published.odd)
    outcome = {}
    for name, monotone in (("free", False), ("monotone", True)):
        try:
            ends = bounds.stage_bounds(lower, counts, limits, stages, frame.outside.size, 1, monotone)
            slack = 1e-4 if monotone else 1e-12  # monotone ends are rounded to parts of a body
            holds = (ends[:, 0] <= real + slack) & (real <= ends[:, 1] + slack)
            outcome[f"{name}_contains"], outcome[f"{name}_impossible"] = holds.all(), False
        except bounds.Infeasible:
            outcome[f"{name}_contains"], outcome[f"{name}_impossible"] = False, True
    return outcome


def replicate(name: str, number: int, frame: Bodies, limits) -> dict[str, float]:
    """One survey drawn from the law `name`, published, analysed and compared with the truth.

    frame: sizes of the bodies, whole numbers.
    limits: of the size classes, ascending.

    Returns errors (estimate less truth; logarithms for slopes, doublings for the size at one
    half, fractions for shares) and, as true or false, what was covered, rejected or contained.
    Comparisons that the law does not define are absent.
    """
    truth = TRUTHS[name]
    rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(list(TRUTHS).index(name), number)))
    inside = draw(rng, probabilities(truth, frame.inside))
    outside = draw(rng, probabilities(truth, frame.outside))
    published = publish(frame, inside, outside, truth.stages)
    wrong = published.on_a_body != published.odd
    outcome = {
        **_models(truth, frame, published),
        **_facts_and_tests(frame, inside, published),
        **_bounds(frame, inside, published, limits),
        "parity_misread": wrong.any(),
        # The parities must add up to that of the frame: one wrong one is noticed.
        "parity_misread_unnoticed": wrong.any() and wrong.sum() % 2 == 0,
    }
    if truth.slope is not None:
        everyone = np.concatenate([frame.inside, frame.outside])
        # The second invention is even told how many bodies of each stage are inside.
        members = np.bincount(inside, minlength=truth.stages)
        for kind, micro in (
            ("micro", (everyone, np.concatenate([inside, outside]))),
            ("apart", invented_apart(rng, everyone, published)),
            ("together", (frame.inside, invented_together(rng, frame.inside, members, published.medians))),
        ):
            slope, error = ordered_logit(*micro, floor=FLOOR)
            outcome |= _compared(
                kind, slope - truth.slope, abs(slope - truth.slope) <= norm.ppf((1 + LEVEL) / 2) * error
            )
    return outcome


# --- the table -----------------------------------------------------------------------------------

_AT = [f"{model}_{what}" for model in curve.MODELS for what in ("half", *POINTS)]
COMPARED = ("slope", "contrast", *_AT, "micro", "apart", "together")
_COUNTED = (
    *"ordered_failed multinomial_failed ordered_rejected multinomial_rejected test_1_rejected test_5_rejected".split(),
    *"facts_exact facts_within_a_body free_contains free_impossible monotone_contains monotone_impossible".split(),
    *("parity_misread", "parity_misread_unnoticed"),
)
_PARTS = ("compared", "covered", "error_sum", "error_squares")
COLUMNS = ("truth", "block", "replicates", *_COUNTED, *(f"{name}_{part}" for name in COMPARED for part in _PARTS))


def block(name: str, index: int, frame: Bodies, limits) -> dict[str, float | int | str]:
    """`BLOCK` replicates added up: a row of the table, with the columns `COLUMNS`.

    Counts of replicates, and for each comparison how many were made, how many intervals covered
    the truth, and the sums of the errors and of their squares.
    """
    outcomes = [replicate(name, index * BLOCK + i, frame, limits) for i in range(BLOCK)]
    row = {"truth": name, "block": index, "replicates": BLOCK}
    for key in _COUNTED:
        row[key] = sum(int(one.get(key, False)) for one in outcomes)
    for key in COMPARED:
        errors = np.array([one[f"{key}_error"] for one in outcomes if f"{key}_error" in one])
        row[f"{key}_compared"] = errors.size
        row[f"{key}_covered"] = sum(int(one.get(f"{key}_covered", False)) for one in outcomes)
        row[f"{key}_error_sum"] = float(errors.sum())
        row[f"{key}_error_squares"] = float((errors**2).sum())
    return row


def clustered_coverage(
    params: ArrayLike, cluster: ArrayLike, sizes: ArrayLike, sd: float, *, floor: float, replicates: int
) -> dict[str, Interval]:
    """How often 95 % intervals of an ordered slope cover it where bodies of a cluster move together.

    params: of the ordered logit of all bodies of a size together.
    cluster, sizes: shape (N,), of each body of the frame; sizes ascending.
    sd: of the clusters' normal intercepts (:func:`adoption.clusters.added_covariance`).

    Returns the share that cover it, with the interval of Clopper and Pearson: "plain" for intervals
    that suppose independent bodies, "clustered" for those that are given the sd.
    """
    rng, covered = np.random.default_rng(SEED), np.zeros(2, int)
    cluster, sizes = checks.whole_vector("cluster", cluster), checks.ascending("sizes", sizes)
    chance, frame = (
        curve.probabilities("ordered", params, moments.log_size(sizes, floor=floor))[0],
        Frame.of_sizes(sizes),
    )
    for _ in range(replicates):
        intercepts = sd * rng.normal(size=cluster.max() + 1)
        stage = draw(rng, clusters.within_clusters(chance, intercepts[cluster], sd))
        published = publish(Bodies(sizes, sizes[:0]), stage, stage[:0], chance.shape[1])
        middles = published.medians
        table = (*frame.binned(middles, floor), published.totals, middles, published.odd)
        plain = curve.fit("ordered", moments.of_table(*table, floor=floor))
        extra = clusters.added_covariance(
            "ordered", plain.params, cluster, sizes, np.ones(sizes.size), middles, sd, floor=floor
        )
        widened = moments.of_table(*table, floor=floor, added=lambda *_, extra=extra: extra)
        wide = curve.fit("ordered", widened, plain)
        covered += [curve.slope_deviance(fit, params[-1]) <= chi2.ppf(LEVEL, 1) for fit in (plain, wide)]
    return {
        name: proportion_interval(int(hits), replicates)
        for name, hits in zip(("plain", "clustered"), covered, strict=True)
    }
