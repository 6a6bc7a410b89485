"""The frame: arrays of population intervals, exact splits, classes and percentiles."""

import numpy as np
import pandas as pd
import pytest

from adoption import census, data
from adoption.frame import Frame

COUNTS = {"municipal": 1741, "other": 1721, "all": 1788}
NATION = 127_094_745


@pytest.fixture
def tiny(monkeypatch):
    """A distribution small enough to list: bodies 0, 3, 5, 5 | 7 (city) | 20, 29 (prefectures)."""
    people = [("other_municipality", p) for p in (0, 3, 5, 5)]
    people += [("designated_city", 7), ("prefecture", 20), ("prefecture", 29)]
    edges = [0, 1, 5, 6, 10, 20, 30]
    rows = [
        (low, high, kind, len(cell), sum(cell))
        for low, high in zip(edges, edges[1:], strict=False)
        for kind in ("prefecture", "designated_city", "other_municipality")
        for cell in [[p for k, p in people if k == kind and low <= p < high]]
    ]
    table = pd.DataFrame(rows, columns=["lower", "upper", "kind", "bodies", "population"])
    monkeypatch.setattr(data, "load", lambda name: table)
    census._grid.cache_clear()
    yield people, edges
    census._grid.cache_clear()


def split(base, value):
    return Frame.of_intervals(census.frame(base)).split(value)


def listed(people, base):
    return np.array([p for kind, p in people if kind in census.BASES[base]])


@pytest.mark.parametrize("base", COUNTS)
def test_frame_has_the_bodies_and_people_of_its_base(base):
    frame = census.frame(base)
    assert list(frame) == ["lower", "upper", "bodies", "population", "mean_size"]
    assert frame.bodies.sum() == COUNTS[base]
    assert frame.lower.iloc[0] == 0 and (frame.lower[1:].values == frame.upper[:-1].values).all()
    filled = frame[frame.bodies > 0]
    assert ((filled.lower <= filled.mean_size) & (filled.mean_size < filled.upper)).all()
    assert frame.mean_size.isna().equals(frame.bodies == 0)


def test_bases_nest():
    frames = {base: census.frame(base) for base in COUNTS}
    assert frames["municipal"].population.sum() == NATION
    assert frames["all"].population.sum() == 2 * NATION
    for column in ("bodies", "population"):
        assert (frames["municipal"][column] - frames["other"][column]).equals(census.designated_cities()[column])
        assert (frames["all"][column] - frames["municipal"][column]).equals(census.prefectures()[column])
    assert census.prefectures().bodies.sum() == 47
    assert census.designated_cities().bodies.sum() == 20


@pytest.mark.parametrize("base", COUNTS)
def test_split_classes_and_percentile_by_listing(tiny, base):
    people, edges = tiny
    sizes = listed(people, base)
    assert split(base, 5) == ((sizes < 5).sum(), (sizes == 5).sum(), (sizes > 5).sum())
    assert split(base, 0) == (0, 1, len(sizes) - 1)
    for limits in ((5,), (1, 6, 20), (5, 10), ()):
        expected = np.histogram(sizes, [-np.inf, *limits, np.inf])[0]
        assert (census.class_counts(base, limits) == expected).all()
    for value in range(31):
        low, high = census.percentile(value, base)
        share = (sizes < value).mean()
        assert low <= share <= high
        if value in edges:
            assert low == share == high
    assert (census.frame(base).population.sum(), census.frame(base).bodies.sum()) == (sizes.sum(), len(sizes))


@pytest.mark.parametrize("base", COUNTS)
def test_every_value_that_matters_splits_exactly(base):
    stages = data.load("adoption-by-stage").median_population
    published = data.load("adoption-2023-published").median_population
    printed = [*data.load("small-adopters").population, *data.load("consortium-members").population]
    assert len(set(printed)) == 18
    for value in [*stages, *published, *printed]:
        found = split(base, value)
        assert sum(found) == COUNTS[base]
        low, high = census.percentile(value, base)
        assert low == high == found.below / COUNTS[base]
        if value in printed:
            assert found.at >= 1


def test_frames_are_copies():
    """A caller that changes its frame changes no other's."""
    frame = census.frame("all")
    frame.loc[0, "bodies"] = 99
    assert census.frame("all").bodies.iloc[0] == 4


def test_class_ids_and_limits_belong_together():
    assert len(census.CLASS_IDS) == len(census.CLASS_LIMITS) + 1
    for base, count in COUNTS.items():
        counts = census.class_counts(base)
        assert counts.dtype == np.int64 and counts.sum() == count
    both = census.class_counts("all") - census.class_counts("municipal")
    assert (both == [0, 0, 0, 0, 0, 47]).all()
    assert "-".join(census.CLASS_IDS) == ("under-10k-10k-30k-30k-50k-50k-100k-100k-200k-over-200k")
    finer = census.class_counts("municipal", (5_000, *census.CLASS_LIMITS, 300_000, 500_000, 1_000_000))
    assert finer[:2].sum() == census.class_counts("municipal")[0] and finer[-1] == 11


def test_bad_arguments():
    with pytest.raises(ValueError, match="found base 'towns', expected one of municipal, other"):
        census.frame("towns")
    with pytest.raises(ValueError, match="found limits .*expected ascending"):
        census.class_counts("all", (30_000, 10_000))
    with pytest.raises(ValueError, match=r"found limits \[12345\], expected edges of the population intervals"):
        census.class_counts("all", (12_345,))
    for value in (-1, 20_000_000, float("nan")):
        with pytest.raises(ValueError, match="found population .*expected one from 0 to"):
            census.percentile(value)


def test_neighbours_agree_with_the_frame():
    table = census.neighbours()
    assert len(table) == 10
    for row in table.itertuples():
        municipal, everything = split("municipal", row.median), split("all", row.median)
        assert municipal.at == row.municipalities_at
        assert everything.at == row.municipalities_at + row.prefectures_at
        # between the pair lie at least the bodies at the median, at most those of its intervals
        frame = census.frame("all")
        reach = frame[(frame.upper > row.pair_lower) & (frame.lower <= row.pair_upper)]
        assert everything.at <= row.bodies_between <= reach.bodies.sum()
