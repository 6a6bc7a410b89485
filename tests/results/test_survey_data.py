"""Chapter survey-data: the medians against the census, by hand."""

import pytest

from adoption import register


def value(id):
    return register.get(id).value


def ends(id):
    return register.get(id).lower, register.get(id).upper


def test_counts_and_medians_as_printed():
    printed = {
        "ai": [(296, 108174), (241, 64187), (58, 36831), (480, 29638), (713, 8596)],
        "rpa": [(370, 102374), (245, 59456), (78, 28297), (446, 25782), (649, 7927)],
    }
    for t, stages in printed.items():
        assert sum(bodies for bodies, _ in stages) == 1788
        for k, (bodies, median) in enumerate(stages, 1):
            assert value(f"{t}.stage-{k}.bodies") == bodies
            assert value(f"{t}.stage-{k}.median-population") == median


def test_the_frame_by_its_published_totals():
    bodies = {"all": 1788, "municipal": 1741, "other": 1721, "prefectures": 47, "designated-cities": 20}
    for part, number in bodies.items():
        assert value(f"frame.{part}.bodies") == number
    assert value("frame.municipal.population") == 127_094_745
    assert value("frame.municipal.below-10k.share") == pytest.approx(512 / 1741, rel=1e-9)


def test_stage_1_is_more_than_those_without_trials():
    """68 % of 47 prefectures, 50 % of 20 cities and 8 % of 1,721: 32, 10, and 130 to 146."""
    assert [round(100 * k / 1721) for k in (129, 130, 146, 147)] == [7, 8, 8, 9]
    assert ends("ai.introduced-without-trials") == (32 + 10 + 130, 32 + 10 + 146)


def test_medians_that_fit_by_hand():
    fits = {t: [value(f"{t}.stage-{k}.median-fits-count") for k in range(1, 6)] for t in ("ai", "rpa")}
    assert fits == {"ai": [0, 0, 1, 0, 1], "rpa": [1, 0, 1, 1, 1]}
    assert (value("ai.medians-that-fit"), value("rpa.medians-that-fit")) == (2, 4)
    # Stage 2 of either technology is odd and no body has its median; AI 1 and 4 are even, and the
    # bodies between their tightest pairs would all have to be outside.
    assert value("frame.medians-impossible") == 2
    assert value("frame.medians-implausible") == 2
    assert register.get("frame.medians-implausible").p_value == 0.001


def test_gap_is_empty_where_the_number_is_odd():
    gaps = {t: [value(f"{t}.stage-{k}.median-gap") for k in range(1, 6)] for t in ("ai", "rpa")}
    assert gaps == {"ai": [116, None, 7, 35, None], "rpa": [0, None, 14, 4, None]}


def test_chances_by_their_formula():
    """No body of the stage among those between the pair: (1 - n/N) to the power of their number."""
    assert value("ai.stage-1.median-chance") == pytest.approx((1 - 296 / 1788) ** 116, rel=1e-9)
    assert value("ai.stage-4.median-chance") == pytest.approx((1 - 480 / 1788) ** 35, rel=1e-9)
    # RPA, stage 2: 245 less an odd number of prefectures, 1 to 47; of the 67 others 1 to 67.
    assert ends("rpa.stage-2.median-chance.municipal") == pytest.approx(
        ((1 - 244 / 1741) ** 20, (1 - 198 / 1741) ** 20), rel=1e-9
    )
    assert ends("rpa.stage-2.median-chance.other") == pytest.approx(
        ((1 - 244 / 1721) ** 20, (1 - 178 / 1721) ** 20), rel=1e-9
    )


def test_medians_on_a_body_equal_the_census(people):
    for t in ("ai", "rpa"):
        medians = [value(f"{t}.stage-{k}.median-population") for k in range(1, 6)]
        assert value(f"{t}.medians-on-a-body") == sum(median in people for median in medians)
