"""Chapter since-2020: the answers of 2023, by hand, and a survey from outside."""

import pytest

from adoption import census, followup, mic
from adoption.register import get


def value(id):
    return get(id).value


def test_adoption_in_2023_by_hand():
    # 54 of 512 municipalities below 10,000, the four towns without inhabitants among them.
    assert value("since-2020.ai.adoption.under-10k") == pytest.approx(54 / 512)
    assert value("since-2020.ai.adopters.share") == pytest.approx(879 / 1741)
    assert value("since-2020.rpa.adopters.share") == pytest.approx(720 / 1741)
    assert value("since-2020.ai.rate-ratio") == pytest.approx((267 / 282) / (612 / 1459))
    assert value("since-2020.ai.rate-difference") == pytest.approx(100 * (267 / 282 - 612 / 1459))
    # One of the four empty towns uses RPA, and one of the two municipalities below 100.
    smallest = mic.answers_2023(abandoned=True).head(2)
    assert smallest[["upper", "bodies", "ai", "rpa"]].to_numpy().tolist() == [[1, 4, 0, 1], [100, 2, 0, 1]]
    assert len(mic.answers_2023(abandoned=True)) == len(mic.answers_2023()) + 1
    crude = (350 / (522 - 350)) / (525 / (1207 - 525))
    assert value("since-2020.ai.external-staff.odds-ratio-unadjusted") == pytest.approx(crude)


def test_classes_that_rose_whatever_2020_was_like():
    """The chapter names them: 10,000 to 100,000 for AI, none for RPA, and none has fallen."""
    beyond = {
        (t, c)
        for t in mic.TECHNOLOGIES
        for c in census.CLASS_IDS
        if value(f"since-2020.{t}.adoption.{c}") > get(f"{t}.adoption-bound.{c}.free").upper
    }
    assert beyond == {("ai", "10k-30k"), ("ai", "30k-50k"), ("ai", "50k-100k")}
    assert value("since-2020.ai.classes-beyond-2020") == 3
    assert value("since-2020.rpa.classes-beyond-2020") == 0
    for c in census.CLASS_IDS:
        assert value(f"since-2020.rpa.adoption.{c}") >= get(f"rpa.adoption-bound.{c}.free").lower


def test_difference_of_2020_by_hand():
    """Under `all` 148 of 314 above and 148 of 1,473 below; the largest under `other`."""
    row = get("since-2020.ai.rate-difference.2020")
    assert row.lower == pytest.approx(100 * (148 / 314 - 148 / 1473))
    assert row.upper == pytest.approx(100 * (147 / 247 - 147 / 1473))


def test_shift_is_the_ratio_of_the_two_years():
    for t in mic.TECHNOLOGIES:
        ratios = [
            value(f"{t}.half-adoption-population.{base}") / value(f"since-2020.{t}.half-adoption-population")
            for base in mic.BASES
        ]
        shift = get(f"since-2020.{t}.half-adoption-population.shift")
        assert (shift.lower, shift.upper) == pytest.approx((min(ratios), max(ratios)), rel=1e-6)


def test_size_logit_of_2023_gives_back_the_number_of_adopters():
    """The maximum of a logit with a constant expects as many adopters as there are."""
    table = mic.answers_2023()
    for t in mic.TECHNOLOGIES:
        fit = followup.size_logit(table["mean_size"], table["bodies"], table[t], floor=mic.FLOOR)
        share, lower, upper = followup.predict(fit, table["mean_size"])
        assert share @ table["bodies"] == pytest.approx(table[t].sum(), rel=1e-8)
        assert ((lower <= share) & (share <= upper)).all()
        a, b = fit.params
        assert value(f"since-2020.{t}.half-adoption-population") == pytest.approx(2 ** (-a / b))


def test_survey_from_outside_lies_between_the_bound_of_2020_and_the_count_of_2023():
    """510 of 544 were asked: 67 % of them, rounded, is 339.15 to 344.25; nobody of the 34 more, or all."""
    row = get("since-2020.rpa.from-50k.mm-research.every-municipality")
    assert (row.lower, row.upper) == pytest.approx((0.665 * 510 / 544, (0.675 * 510 + 34) / 544))
    bound, counted = get("since-2020.rpa.from-50k.bound-2020"), value("since-2020.rpa.from-50k.adoption")
    assert bound.lower < row.lower and row.upper < counted == pytest.approx(443 / 544)
    # At most half of the 353 or fewer adopters of 2020 lie below 102,374, and 544 - 274 = 270 of the class do.
    assert 0.29 < bound.lower < 0.30 and 0.68 < bound.upper < 0.69
    told = [value(f"since-2020.rpa.from-50k.mm-research.{name}") for name in ("introduced", "considering", "neither")]
    assert sum(told) == pytest.approx(1)
