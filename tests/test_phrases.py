"""adoption.phrases: numbers as words."""

import math

import pytest

from adoption import phrases, register
from adoption.register import NUMBERS, Result


@pytest.mark.parametrize(
    "p, phrase",
    [
        (1, "p = 1.00"),
        (0.4999, "p = 0.50"),
        (0.0312, "p = 0.031"),
        (0.001, "p = 0.001"),
        (0.00099, "p < 10⁻³"),
        (4.015e-47, "p < 10⁻⁴⁶"),
        (1e-46, "p < 10⁻⁴⁵"),
        (0, "p < 10⁻³⁰⁰"),
    ],
)
def test_p_phrase(p, phrase):
    assert phrases.p_phrase(p) == phrase
    assert phrases.p_value(p) in (phrase.removeprefix("p = "), phrase.removeprefix("p "))
    assert "p" not in phrases.p_value(p) and "=" not in phrases.p_value(p)


def test_p_phrase_never_claims_too_much():
    for exponent in range(3, 300, 7):
        for digits in (1.0, 1.0001, 9.99):
            p = digits * 10.0**-exponent
            if p < 0.001:
                shown = phrases.p_phrase(p).split("10")[1]
                power = int(shown.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
                assert p < 10.0**power <= 10.01 * p * 10


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_p_phrase_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match="p-value"):
        phrases.p_phrase(p)


@pytest.mark.parametrize(
    "chance, phrase",
    [
        (0.536, "54%"),
        (0.01, "1%"),
        (1, "100%"),
        (1 / 56442, "1 in 56,000"),
        (7.63e-10, "1 in 1.3 billion"),
        (1 / 4.4e6, "1 in 4.4 million"),
        (0.00735, "1 in 140"),
    ],
)
def test_odds_phrase(chance, phrase):
    assert phrases.odds_phrase(chance) == phrase


def test_odds_phrase_refuses_zero():
    with pytest.raises(ValueError, match="chance"):
        phrases.odds_phrase(0)


@pytest.mark.parametrize(
    "number, phrase", [(254_597.3, "250,000"), (99_600, "100,000"), (7.04, "7"), (1_960_000, "2,000,000")]
)
def test_about(number, phrase):
    assert phrases.about(number) == phrase


@pytest.mark.parametrize(
    "share, digits, down, up",
    [
        (0.4656, 0, "46%", "47%"),
        (0.29, 0, "29%", "29%"),
        (0.5951, 1, "59.5%", "59.6%"),
        (0, 0, "0%", "0%"),
        (1, 0, "100%", "100%"),
        (0.0699999999999, 0, "7%", "7%"),
    ],
)
def test_percentages_are_rounded_outward(share, digits, down, up):
    assert phrases.percent_down(share, digits) == down
    assert phrases.percent_up(share, digits) == up


@pytest.mark.parametrize(
    "p, phrase", [(0.004637644537, "0.0047"), (0.12, "0.12"), (0.5, "0.50"), (1, "1.0"), (3e-9, "10⁻⁸")]
)
def test_p_at_most(p, phrase):
    assert phrases.p_at_most(p) == phrase


def result(**more):
    empty = {name: None for name in NUMBERS} | {name: "" for name in Result._fields if name not in NUMBERS}
    return Result(**empty | {"id": "x"} | more)


@pytest.mark.parametrize(
    "row, names",
    [
        (result(value=296.0, unit="bodies"), {"x": 296}),
        (result(value=0.5, unit="fraction"), {"x": 0.5}),
        (
            result(lower=0.281, upper=0.289, unit="fraction"),
            {
                "x.lower": 0.281,
                "x.upper": 0.289,
                "x.lower.pct": "28%",
                "x.lower.pct1": "28.1%",
                "x.upper.pct": "29%",
                "x.upper.pct1": "28.9%",
            },
        ),
        (result(value=4.69, unit="ratio"), {"x": 4.69, "x.least": "4.6", "x.most": "4.7"}),
        (
            result(value=4.69, unit="odds ratio", lower=1.5, upper=8.0),
            {
                "x": 4.69,
                "x.lower": 1.5,
                "x.upper": 8,
                "x.least": "4.6",
                "x.most": "4.7",
                "x.lower.out": "1",
                "x.lower.out1": "1.5",
                "x.lower.out2": "1.50",
                "x.upper.out": "8",
                "x.upper.out1": "8.0",
                "x.upper.out2": "8.00",
            },
        ),
        (
            result(value=254_597.3, lower=191_383.2, upper=398_333.3, unit="people"),
            {
                "x": 254_597.3,
                "x.lower": 191_383.2,
                "x.upper": 398_333.3,
                "x.about": "250,000",
                "x.lower.about": "190,000",
                "x.upper.about": "400,000",
                "x.lower.out": "191,383",
                "x.lower.out1": "191,383.2",
                "x.lower.out2": "191,383.20",
                "x.upper.out": "398,334",
                "x.upper.out1": "398,333.3",
                "x.upper.out2": "398,333.30",
            },
        ),
        (result(value=1 / 56_442, unit="chance"), {"x": 1 / 56_442, "x.odds": "1 in 56,000"}),
        (result(p_value=0.00346, unit="p-value"), {"x.p": "p = 0.0035", "x.p.most": "0.0035"}),
    ],
)
def test_phrases(row, names):
    assert phrases.phrases(row) == names


@pytest.mark.parametrize(
    "lower, upper, digits, words",
    [
        (9.67, 15.33, 0, "9 – 16"),
        (1.9975, 2.2722, 1, "1.9 – 2.3"),
        (0.29, 0.29, 2, "0.29 – 0.29"),
        (-1.01, -0.99, 1, "-1.1 – -0.9"),
        (1234.5, 2000, 0, "1,234 – 2,000"),
    ],
)
def test_a_span_is_rounded_outward(lower, upper, digits, words):
    assert phrases.span(lower, upper, digits) == words


def test_phrases_are_plain_python():
    """numpy's own types warn when they are formatted, and a warning stops the build."""
    for row in register.read_file().values():
        assert {type(phrase) for phrase in phrases.phrases(row).values()} <= {int, float, str}


@pytest.mark.parametrize(
    "lower, upper, digits, phrase",
    [(0.281, 0.289, 0, "28% – 29%"), (0.281, 0.289, 1, "28.1% – 28.9%"), (0, 1, 0, "0% – 100%")],
)
def test_percent_range(lower, upper, digits, phrase):
    assert phrases.percent_range(lower, upper, digits) == phrase


def test_interval():
    assert phrases.interval(2.0718, 1.934, 2.22, "{:.2f}".format) == "2.07 (1.93 – 2.22)"
    assert phrases.interval(254_597, 191_383, 398_333) == "250,000 (190,000 – 400,000)"
    assert phrases.interval(2.07, 1.939, 2.221, "{:.2f}".format) == "2.07 (1.93 – 2.23)"
    assert phrases.interval(254_597, 199_383, 391_333) == "250,000 (190,000 – 400,000)"
    assert phrases.interval(0.5, 0.467, 0.531, "{:.0%}".format) == "50% (46% – 54%)"
    assert phrases.interval(0.5, 0.29, 0.58, "{:.0%}".format) == "50% (29% – 58%)"  # not 28 %
    assert phrases.interval(1, 0, math.inf, "{:.1f}".format) == "1.0 (0.0 – inf)"


BOTH = (
    result(id="a.b", value=0.5, p_value=0.01, unit="fraction"),
    result(id="a.c", lower=1.0, upper=2.0, unit="bodies"),
)


def test_fill():
    text = "{a.b:.0%} of {a.c.lower} to {a.c.upper:.1f} ({a.b.p}), and nothing else"
    assert phrases.fill(text, BOTH) == "50% of 1 to 2.0 (p = 0.01), and nothing else"
    assert phrases.fill("no place", []) == "no place"


def test_fill_uses_only_what_is_given():
    with pytest.raises(KeyError, match="a.c.lower"):
        phrases.fill("{a.c.lower}", BOTH[:1])


@pytest.mark.parametrize(
    "numbers, unit, said",
    [
        ((5.516853933, None, None, None), "ratio", ("5.52", "", "")),
        ((0.1655480984, 0.16551, 0.16559, 0.00123), "fraction", ("16.6%", "16.5% – 16.6%", "0.0012")),
        ((None, 0, 1, None), "fraction", ("", "0% – 100%", "")),
        ((353845.48, 248951.7895, 616322.73, None), "people", ("353,845", "248,951 – 616,323", "")),
        ((108174, None, None, 1e-60), "people", ("108,174", "", "< 10⁻⁵⁹")),
        ((7.630479089e-10, 7.61e-10, 7.61e-10, None), "chance", ("7.6 × 10⁻¹⁰", "7.6 × 10⁻¹⁰ – 7.7 × 10⁻¹⁰", "")),
        ((-0.0135355, -0.0233709, math.inf, None), "log odds", ("−0.0135", "−0.0234 – ∞", "")),
        ((0.29, 0.29, 0.29, None), "fraction", ("29%", "29% – 29%", "")),
    ],
)
def test_rounded(numbers, unit, said):
    result = Result("a.b", *numbers, unit, "", "fact", "", "", "", "")
    assert phrases.rounded(result) == said
