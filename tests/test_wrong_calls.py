"""Wrong calls of the public interface: each is refused with argument, found and expected."""

import re

import numpy as np
import pandas as pd
import pytest

from adoption.survey import Frame, Survey

SIZES = [3, 5, 8, 9, 12, 20, 31, 44, 60, 75, 90, 140]
TABLE = pd.DataFrame(
    {"lower": [0, 10, 50], "upper": [10, 50, np.inf], "bodies": [4, 4, 4], "mean_size": [6.25, 26.75, 91.25]}
)


def survey(counts=(5, 7), medians=(60, 12), frame=None, floor=1.0, **given):
    return Survey(counts, medians, Frame.of_sizes(SIZES) if frame is None else frame, floor, **given)


def intervals(**changed):
    return Frame.of_intervals(TABLE.assign(**changed))


# What is called: which argument the message names.
WRONG = {
    "sizes: none": (lambda: Frame.of_sizes([]), "sizes"),
    "sizes: one number": (lambda: Frame.of_sizes(5), "sizes"),
    "sizes: a table": (lambda: Frame.of_sizes([[1, 2], [3, 4]]), "sizes"),
    "sizes: a missing one": (lambda: Frame.of_sizes(pd.Series([1, None, 3])), "sizes"),
    "sizes: infinite": (lambda: Frame.of_sizes([1, np.inf]), "sizes"),
    "sizes: negative": (lambda: Frame.of_sizes([-1, 3]), "sizes"),
    "sizes: with a fraction": (lambda: Frame.of_sizes([2.5, 3]), "sizes"),
    "sizes: words": (lambda: Frame.of_sizes(["1,200", "300"]), "sizes"),
    "sizes: dates": (lambda: Frame.of_sizes(pd.to_datetime(["2020-02-28"])), "sizes"),
    "sizes: nothing": (lambda: Frame.of_sizes(None), "sizes"),
    "table: sizes": (lambda: Frame.of_intervals([1, 2, 3]), "table"),
    "table: without its means": (lambda: Frame.of_intervals(TABLE.drop(columns="mean_size")), "table"),
    "table: no rows": (lambda: Frame.of_intervals(TABLE[:0]), "lower"),
    "lower: a missing one": (lambda: intervals(lower=[0, np.nan, 50]), "lower"),
    "lower: a word": (lambda: intervals(lower=["none", "10", "50"]), "lower"),
    "intervals that overlap": (lambda: intervals(lower=[0, 5, 50]), "frame"),
    "intervals upside down": (lambda: intervals(upper=[0, 50, np.inf]), "frame"),
    "upper: a missing one": (lambda: intervals(upper=[10, np.nan, 100]), "upper"),
    "bodies: half a body": (lambda: intervals(bodies=[4, 3.5, 4]), "bodies"),
    "bodies: negative": (lambda: intervals(bodies=[4, -4, 12]), "bodies"),
    "bodies: none at all": (lambda: intervals(bodies=[0, 0, 0]), "bodies"),
    "mean_size: not in its interval": (lambda: intervals(mean_size=[6.25, 60, 91.25]), "mean_size"),
    "mean_size: missing": (lambda: intervals(mean_size=[6.25, np.nan, 91.25]), "mean_size"),
    "counts: another sum": (lambda: survey(counts=[5, 8]), "counts"),
    "counts: an empty stage": (lambda: survey(counts=[12, 0]), "counts"),
    "counts: negative": (lambda: survey(counts=[-5, 17]), "counts"),
    "counts: shares": (lambda: survey(counts=[41.7, 58.3]), "counts"),
    "counts: words": (lambda: survey(counts=["5", "7"]), "counts"),
    "counts: a missing one": (lambda: survey(counts=[5, None]), "counts"),
    "counts: one number": (lambda: survey(counts=12), "counts"),
    "counts: one stage": (lambda: survey(counts=[12], medians=[20]), "counts"),
    "counts: none": (lambda: survey(counts=[], medians=[]), "counts"),
    "medians: too many": (lambda: survey(medians=[60, 12, 9]), "medians"),
    "medians: below the frame": (lambda: survey(medians=[60, 1]), "medians"),
    "medians: above the frame": (lambda: survey(medians=[6000, 12]), "medians"),
    "medians: of another unit": (lambda: survey(medians=[60.5, 12]), "medians"),
    "medians: not a number": (lambda: survey(medians=[60, np.nan]), "medians"),
    "medians: words": (lambda: survey(medians=["60", "12"]), "medians"),
    "frame: the sizes themselves": (lambda: survey(frame=SIZES), "frame"),
    "frame: a table": (lambda: survey(frame=TABLE), "frame"),
    "floor: zero": (lambda: survey(floor=0), "floor"),
    "floor: not a number": (lambda: survey(floor=np.nan), "floor"),
    "floor: a word": (lambda: survey(floor="one"), "floor"),
    "outside: negative sizes": (lambda: survey(counts=[6, 7], outside=[-3]), "outside"),
    "outside: a fraction of a body": (lambda: survey(counts=[6, 7], outside=1.5), "outside"),
    "outside: not counted": (lambda: survey(outside=3), "counts"),
    "odd: too few": (lambda: survey(odd=[True]), "odd"),
    "odd: counts": (lambda: survey(odd=[5, 7]), "odd"),
    "odd: one for all": (lambda: survey(odd=True), "odd"),
    "outside_least: more than there are": (lambda: survey([6, 7], outside=1, outside_least=[1, 1]), "outside_least"),
    "outside_least: negative": (lambda: survey([6, 7], outside=1, outside_least=[-1, 0]), "outside_least"),
    "between: too few": (lambda: survey(between=[1]), "between"),
    "between: negative": (lambda: survey(between=[1, -1]), "between"),
    "rounding: zero": (lambda: survey(rounding=0), "rounding"),
    "rounding: digits": (lambda: survey(rounding=-3), "rounding"),
    "furthest: a number": (lambda: survey(furthest=1), "furthest"),
    "added: a matrix": (lambda: survey(added=np.eye(3)), "added"),
    "key: a word": (lambda: survey(key="ai"), "key"),
    "stage: from zero": (lambda: survey().rates(0), "stage"),
    "stage: none such": (lambda: survey().members(3), "stage"),
    "stage: its name": (lambda: survey().rates("adopters"), "stage"),
    "stage: several": (lambda: survey().bounds([1, 2], [30]), "stage"),
    "limits: descending": (lambda: survey().bounds(1, [30, 10]), "limits"),
    "limits: a number": (lambda: survey().bounds(1, 30), "limits"),
    "limits: with a fraction": (lambda: survey().bounds(1, [30.5]), "limits"),
    "limits: an empty class": (lambda: survey().bounds(1, [1000]), "limits"),
    "names: one a limit": (lambda: survey().bounds(1, [30], ["small"]), "names"),
    "monotone: a word": (lambda: survey().bounds(1, [30], monotone="yes"), "monotone"),
    "other: the frame": (lambda: survey().overlap(Frame.of_sizes(SIZES)), "other"),
    "other: of other bodies": (lambda: survey().overlap(survey(frame=Frame.of_sizes([*SIZES[:-1], 99]))), "other"),
    "between: of intervals": (lambda: survey(frame=intervals(), medians=(60, 12)).audit(), "between"),
    "intervals not cut at the medians": (lambda: survey(frame=intervals()).slope(), "frame"),
    "model: probit": (lambda: survey().slope("probit"), "model"),
    "model: nothing": (lambda: survey().misfit(None), "model"),
    "model: a list": (lambda: survey().half_size(["ordered"]), "model"),
    "outside: without sizes, and a curve": (lambda: survey(counts=[6, 7], outside=1).slope(), "outside"),
    "sizes of the curve: negative": (lambda: survey().curve([-1]), "sizes"),
    "sizes of the curve: one number": (lambda: survey().curve(50), "sizes"),
    "stage of the curve": (lambda: survey().curve([50], stage=3), "stage"),
    "every: none": (lambda: survey().over_outside(every=0), "every"),
    "values: two medians": (lambda: survey().rank_trend(), "values"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_refused(case):
    call, argument = WRONG[case]
    with pytest.raises(ValueError) as refused:
        call()
    assert re.match(rf"{argument}\b", str(refused.value)), str(refused.value)
    assert "found" in str(refused.value) and "expected" in str(refused.value)
