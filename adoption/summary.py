"""A survey's results in plain words, and which of them deserve trust.

Cut-offs are judgement, tried on other people's data (chapter "Your own survey"), but for that of J.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from adoption import curve, language, moments, saddlepoint, wiggle
from adoption.bounds import Infeasible
from adoption.language import mark, tr

FEW = 10  # members of a stage
CROWDED = 0.1  # share of a stage's members that may be tied with its median
STRETCHED = 2.0  # times that the allowance for a bent curve makes a side of the interval longer
APART = 0.5  # standard errors between two likelihoods
BENT = 1.0  # standard errors between one slope for all stages and a slope for each
WARNINGS = {
    "possible": mark("A median fits no group of its size: a misprint, another frame, or rounding that was not given."),
    "determined": mark("The estimate or an end of its interval is not determined."),
    "misfit": mark("The counts and medians do not fit one slope for all stages."),
    "stretch": mark("The curve bends so much that no slope sums it up."),
    "ties": mark("Many members of a stage may stand at its median."),
    "fewest": mark("A stage has few members."),
    "normal": mark("The sums are far from normal: the curve is steep or the frame small."),
    "one slope": mark("A slope for each stage gives another answer than one for all."),
}


def diagnostics(survey) -> pd.DataFrame:
    """What speaks against trusting a curve: a row a diagnostic.

    Columns: diagnostic, value (missing where it cannot be computed), cut_off, warns, words. The
    value is compared with the cut-off; what cannot be computed because no curve could be fitted
    warns in the row "determined". Whether medians are possible is not known where the frame has
    intervals only.
    """
    found = survey.whole_fit()
    fit, width = found.fit, found.width
    fewest = min(min(survey.members(stage)) for stage in survey.stages)
    normal = projected = np.nan
    if fit is not None:
        error = np.sqrt(fit.covariance[-1, -1])
        point = _fitted("ordered", fit.moments, saddlepoint.log_likelihood)
        other = _fitted("ordered", fit.moments, curve.log_likelihood)
        if point and other:
            normal = abs(point.slopes[0] - other.slopes[0]) / error
        if fit.moments.stages > 2:
            each = _fitted("multinomial", fit.moments, saddlepoint.log_likelihood)
            if each:
                projected = abs(curve.projected_slope(each) - fit.slopes[0]) / error
    shares = np.nan if fit is None else (width / _members(fit.moments)).max()
    ends = np.isnan(found[:3]).sum()
    stretch = max(found.stretch_lower, found.stretch_upper)
    impossible = _impossible(survey)
    found_and_cut_off = {
        "possible": (impossible, 0, impossible > 0),
        "determined": (ends, 0, ends > 0),
        "misfit": (found.p_value, 0.05, found.p_value < 0.05),
        "stretch": (stretch, STRETCHED, stretch > STRETCHED),
        "ties": (shares, CROWDED, shares > CROWDED),
        "fewest": (fewest, FEW, fewest < FEW),
        "normal": (normal, APART, normal > APART),
        "one slope": (projected, BENT, projected > BENT),
    }
    rows = [(name, *given, tr(WARNINGS[name])) for name, given in found_and_cut_off.items()]
    table = pd.DataFrame(rows, columns=["diagnostic", "value", "cut_off", "warns", "words"])
    return table.astype({"value": float, "cut_off": float, "warns": bool})


def _impossible(survey):
    """Stages whose median no group of their size can have."""
    if survey.frame.sizes is None and survey.between is None:
        return np.nan
    return sum(~survey.audit().groupby("stage")["possible"].any())


def _fitted(model, table, likelihood):
    try:
        return curve.fit(model, table, likelihood=likelihood)
    except curve.ConvergenceError:
        return None


def _members(table):
    """Members of each stage in the moments, the last included."""
    first = table.observed[: table.stages - 1]
    return np.append(first, table.weights.sum() - first.sum())


def summary(survey) -> pd.DataFrame:
    """The results that a survey's counts and medians allow, and which of them deserve trust.

    Columns: result, value, lower, upper, trust ("exact", "yes", "with care" or "no"), words, which are
    in the language that is spoken (adoption.language). What the
    data do not determine is missing, and the words say so. Where a median is not possible, nothing
    is exact.

    Rates are those of the furthest stage on either side of its own median: a fact, or a range where
    ties, rounding or bodies outside leave one. "half difference" is its share in the upper half of
    the frame by size less that in the lower half, of the bodies that there are: as the curve has
    it, and bounds that need no curve.
    """
    first = survey.stages[0] if survey.furthest == "first" else survey.stages[-1]
    found, checks = survey.whole_fit(), survey.diagnostics().set_index("diagnostic")
    reasons = list(checks.loc[checks["warns"], "words"])
    contradicted = [reason for reason in reasons if reason == checks.loc["possible", "words"]]
    fact = "with care" if contradicted else "exact"
    rows = []
    rates = survey.rates(first)
    for side, words in (
        ("above", tr("Share of the furthest stage among bodies above its median: needs no curve.")),
        ("below", tr("Share of the furthest stage among bodies below its median: needs no curve.")),
    ):
        low, high = rates[f"rate_{side}_least"].min(), rates[f"rate_{side}_most"].max()
        value = low if low == high else np.nan
        rows.append((f"rate {side} the median", value, low, high, fact, _sentences(words, *contradicted)))
    cut = survey.frame.halves()
    words = tr("Share among bodies of {cut:g} and more less that among smaller ones: what any allocation allows.")
    words = words.format(cut=cut)
    try:
        (bottom_low, bottom_high), (top_low, top_high) = survey.bounds(first, [int(cut)])[["lower", "upper"]].to_numpy()
        ends = top_low - bottom_high, top_high - bottom_low
    except Infeasible:
        ends, words = (np.nan, np.nan), tr("No allocation of the bodies has these counts and medians.")
    rows.append(("half difference, bounds", np.nan, *ends, fact, _sentences(words, *contradicted)))
    trust = "no" if checks.loc[["determined", "stretch"], "warns"].any() else "with care" if reasons else "yes"
    if found.fit is not None:
        allowed = wiggle.difference(found.fit, found.width, moments.log_size([cut], floor=survey.floor)[0])
        rows.append(
            (
                "half difference",
                *allowed.mixed,
                "with care" if reasons else "yes",
                _sentences(tr("The same difference, as a curve that may bend has it."), *reasons),
            )
        )
    ratio, low, high = np.exp(found[:3])
    missing = [
        said
        for said, end in (
            (tr("The estimate is not determined."), ratio),
            (tr("The lower end is not determined."), low),
            (tr("The upper end is not determined."), high),
        )
        if np.isnan(end)
    ]
    rows.append(
        (
            "odds ratio per doubling",
            ratio,
            low,
            high,
            trust,
            _sentences(tr("Odds of being further along, per doubling of size."), *missing, *reasons),
        )
    )
    rows.append(_half_size(survey, trust))
    return pd.DataFrame(rows, columns=["result", "value", "lower", "upper", "trust", "words"])


def _sentences(*said):
    return (" " if language.spoken() == "en" else "").join(said)


def _half_size(survey, trust):
    """Size at which half are at the furthest stage, by the multinomial curve."""
    name, fit = "half size", survey.whole_fit().fit
    each = fit and _fitted("multinomial", fit.moments, fit.likelihood)
    try:
        size, low, high = curve.size_at(each) if each else [np.nan] * 3
    except (curve.ConvergenceError, curve.NoCrossing):
        size = np.nan
    if np.isnan(size):
        words = tr("Size at which half of the bodies are at the furthest stage: not determined.")
        return name, np.nan, np.nan, np.nan, "no", words
    ends = [end if 0 < end < np.inf else np.nan for end in (low, high)]
    beyond = not min(survey.medians) <= size <= max(survey.medians)
    said = [tr("Size at which half of the bodies are at the furthest stage.")]
    if beyond:
        said.append(tr("It lies beyond the medians: an extrapolation by formula."))
    if np.isnan(ends).any():
        said.append(tr("An end is not determined."))
    return name, size, *ends, "no" if beyond or np.isnan(ends).any() else trust, _sentences(*said)
