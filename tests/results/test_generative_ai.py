"""Chapter generative-ai: the figures of the pages, added by hand."""

import pytest

from adoption.register import get


def value(id):
    return get(f"generative-ai.{id}").value


def test_with_trials_of_2023_by_hand():
    assert value("prefecture.with-trials.2023") == pytest.approx((24 + 21) / 47)
    assert value("designated-city.with-trials.2023") == pytest.approx((8 + 10) / 20)
    assert value("other-municipality.with-trials.2023") == pytest.approx((162 + 271) / 1721)
    assert value("all.with-trials.2023") == pytest.approx(496 / 1788)
    assert value("other-municipality.with-trials.2024.preliminary") == pytest.approx(0.411)


def test_ai_of_2020_by_hand():
    """296 in all; 16 designated cities; of the prefectures at least the 32 that are 68 %, trials left out."""
    prefectures, others = get("generative-ai.ai-of-2020.prefecture"), get("generative-ai.ai-of-2020.other-municipality")
    assert (prefectures.lower, prefectures.upper) == pytest.approx((32 / 47, 1))
    assert (others.lower, others.upper) == pytest.approx(((296 - 16 - 47) / 1721, (296 - 16 - 32) / 1721))
    # What the chapter says: further in all but the prefectures, of which 2020's range leaves it open.
    assert value("other-municipality.with-trials.2023") > others.upper
    assert value("designated-city.with-trials.2023") > get("since-2020.ai.designated-city.with-trials.2019").value
    assert prefectures.lower < value("prefecture.with-trials.2023") < prefectures.upper
    assert value("all.with-trials.2023") > get("ai.adopters.share").value


def test_the_two_editions_differ_and_the_later_one_gives_the_total():
    """41, 18 and 514 are 573 of 1,788; the first release had 39, 17 and 496."""
    for edition, adopters in (("final", 41 + 18 + 514), ("preliminary", 39 + 17 + 496)):
        assert value(f"all.from-types.2024.{edition}") == pytest.approx(adopters / 1788, abs=0.0005)
    assert value("all.introduced.2024") == pytest.approx(573 / 1788, abs=0.0005)
    for kind in ("prefecture", "designated-city", "other-municipality"):
        rise = value(f"{kind}.introduced.2024.final") - value(f"{kind}.introduced.2023")
        before, after = (get(f"since-2020.ai.{kind}.introduced.{year}").value for year in (2019, 2020))
        assert rise > after - before
        assert value(f"{kind}.introduced.2024.preliminary") < value(f"{kind}.introduced.2024.final")


def test_the_large_of_chiba_lead():
    assert (value("chiba.from-100k"), value("chiba.under-50k")) == (0.94, 0.37)
