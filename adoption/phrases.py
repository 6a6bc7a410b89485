"""Numbers as words: how the book's sentences, tables and figures print a result.

One rounding rule: an estimate is rounded to nearest, the ends of a range or an interval outward, so
that "at least" and "at most" stay true; a p-value that is too small to print is given as the power
of ten above it. The same number is printed the same way on every page.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from adoption import language
from adoption.language import tr

if TYPE_CHECKING:
    from adoption.register import Result

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def phrases(result: "Result") -> dict[str, int | float | str]:
    """The numbers of a result and ready-made phrases, by the name that a text gives them.

    For a result `x` there are `x`, `x.lower` and `x.upper`, and as far as they make sense:

    * `x.lower.pct`, `x.upper.pct` (`.pct1` with a decimal): ends of a range as percentages,
      rounded outward, so that "at least" and "at most" stay true;
    * `x.lower.out`, `x.upper.out` (`.out1`, `.out2` with decimals): ends of another range or
      interval, rounded outward as well;
    * `x.least`, `x.most`: a ratio rounded down and up to one decimal, where it is itself an end;
    * `x.p`: a p-value such as "p = 0.003"; `x.p.most`: the same rounded up, for "at most";
    * `x.odds`: a chance such as "1 in 56,000";
    * `x.about`, `x.lower.about`, `x.upper.about`: an estimated population such as "250,000", the
      ends rounded outward.
    """
    id, named = result.id, {}
    numbers = {
        suffix: number
        for suffix, number in (("", result.value), (".lower", result.lower), (".upper", result.upper))
        if number is not None
    }
    for suffix, number in numbers.items():
        # Whole numbers as int: a count is printed "296", not "296.0". Plain Python types,
        # since numpy's own warn when they are formatted.
        named[id + suffix] = int(number) if number == int(number) else number
    if result.unit in ("fraction", "chance"):
        for suffix, rounded in ((".lower", percent_down), (".upper", percent_up)):
            if suffix in numbers:
                named[f"{id}{suffix}.pct"] = rounded(numbers[suffix])
                named[f"{id}{suffix}.pct1"] = rounded(numbers[suffix], 1)
    else:
        for suffix, rounded in ((".lower", down), (".upper", up)):
            for digits, name in enumerate(("out", "out1", "out2")):
                if suffix in numbers:
                    named[f"{id}{suffix}.{name}"] = rounded(numbers[suffix], digits)
    if result.unit.endswith("ratio") and result.value is not None:
        named[id + ".least"] = down(result.value, 1)
        named[id + ".most"] = up(result.value, 1)
    if result.unit == "people" and result.lower is not None:
        for suffix, number in numbers.items():
            named[f"{id}{suffix}.about"] = outward(number, suffix, about)
    if result.unit == "chance" and result.value:
        named[id + ".odds"] = odds_phrase(result.value)
    if result.p_value is not None:
        named[id + ".p"] = p_phrase(result.p_value)
        named[id + ".p.most"] = p_at_most(result.p_value)
    return named


PLACE = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")


def fill(text: str, results: "Iterable[Result]") -> str:
    """A text with its places `{NAME}` or `{NAME:FORMAT}` filled, as the role {n} does on a page.

    results: those that the text may use. KeyError for a name that none of them has.
    """
    known: dict[str, int | float | str] = {}
    for result in results:
        known |= phrases(result)
    return PLACE.sub(lambda place: format(known[place[1]], place[2] or ""), text)


def rounded(result: "Result") -> tuple[str, str, str]:
    """Value, range and p-value of a result with three digits, empty where it has none.

    The value is rounded to nearest, the ends of a range outward; shares are percentages.
    """
    ends = ((result.lower, math.floor), (result.upper, math.ceil))
    return (
        _three_digits(result.value, result.unit, round),
        to().join(_three_digits(end, result.unit, way) for end, way in ends if end is not None),
        "" if result.p_value is None else p_value(result.p_value),
    )


def _three_digits(number: float | None, unit: str, way: Callable[[float], int]) -> str:
    if number is None:
        return ""
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    share = unit in ("fraction", "chance")
    if 0 < abs(number) < 1e-5:
        power = math.floor(math.log10(abs(number)))
        return f"{way(_stored(number / 10**power * 10)) / 10} × 10{str(power).translate(SUPERSCRIPT)}"
    scaled = _stored(number * (100 if share else 1))
    digits = 0 if scaled == int(scaled) else max(0, 2 - math.floor(math.log10(abs(scaled))))
    text = f"{way(_stored(scaled * 10**digits)) / 10**digits:,.{digits}f}".replace("-", "−")
    return text + "%" * share


def about(number: float) -> str:
    """A number rounded to two significant digits, with thousands separators."""
    return f"{float(f'{number:.2g}'):,.0f}"


def p_phrase(p: float) -> str:
    """A p-value in words: "p = 0.003", or a power of ten where it is too small to print.

    Below 0.001 it is rounded up to a power of ten, so that "less than" is true.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p-value {p!r}: expected a number between 0 and 1")
    if p >= 0.0995:
        return f"p = {p:.2f}"
    if p >= 0.001:
        return f"p = {p:.2g}"
    if p == 0:
        return "p < 10⁻³⁰⁰"
    exponent = -300
    for power in range(-300, -2):
        if p < 10.0**power:
            exponent = power
            break
    return f"p < 10{str(exponent).translate(SUPERSCRIPT)}"


def p_value(p: float) -> str:
    """A p-value below a heading that says what it is: "0.003", or "< 10⁻⁴"."""
    return p_phrase(p).removeprefix("p ").removeprefix("= ")


def _stored(number: float) -> float:
    """With ten significant digits, as stored: 0.29 is not to become 28 %."""
    return float(f"{number:.10g}")


def down(number: float, digits: int = 0) -> str:
    """A number rounded down, with thousands separators: for "at least"."""
    return f"{math.floor(_stored(number * 10**digits)) / 10**digits:,.{digits}f}"


def up(number: float, digits: int = 0) -> str:
    """A number rounded up: for "at most"."""
    return f"{math.ceil(_stored(number * 10**digits)) / 10**digits:,.{digits}f}"


def to() -> str:
    """What stands between the ends of a range."""
    return " – " if language.spoken() == "en" else "～"


def listed(items: Iterable[str], sign: str = "; ") -> str:
    """Items of a list within a sentence, or with ", " or ": " the parts of a name."""
    return (sign if language.spoken() == "en" else {"; ": "；", ", ": "、", ": ": "："}[sign]).join(items)


def span(lower: float, upper: float, digits: int = 0) -> str:
    """A range rounded outward."""
    return f"{down(lower, digits)}{to()}{up(upper, digits)}"


def percent_down(share: float, digits: int = 0) -> str:
    """A share as a percentage rounded down: for "at least"."""
    return down(100 * share, digits) + "%"


def percent_up(share: float, digits: int = 0) -> str:
    """A share as a percentage rounded up: for "at most"."""
    return up(100 * share, digits) + "%"


def percent_range(lower: float, upper: float, digits: int = 0) -> str:
    """A range of shares as percentages, rounded outward; a single one where both ends are equal."""
    if lower == upper:
        return f"{lower:.{digits}%}"
    return f"{percent_down(lower, digits)}{to()}{percent_up(upper, digits)}"


def interval(value: float, lower: float, upper: float, write: Callable[[float], str] = about) -> str:
    """An estimate with its interval: "2.07 (1.93 – 2.22)", its ends rounded outward.

    write: `about`, or a format with a fixed number of decimals, such as "{:.2f}".format.
    """
    return f"{write(value)} ({outward(lower, '.lower', write)}{to()}{outward(upper, '.upper', write)})"


def outward(number: float, end: str, write: Callable[[float], str] = about) -> str:
    """The number as `write` writes it, but rounded down where it is ".lower", up where ".upper"."""
    rounded = {".lower": math.floor, ".upper": math.ceil}.get(end)
    if rounded is None or number == 0 or not math.isfinite(number):
        return write(number)
    said = write(number)
    places = math.floor(math.log10(abs(number))) - 1 if write is about else -len(said.strip("%").partition(".")[2])
    unit = 10.0**places / (100 if said.endswith("%") else 1)
    return write(rounded(_stored(number / unit)) * unit)


def p_at_most(p: float) -> str:
    """A p-value rounded up to two digits, or to a power of ten where it is below 0.001."""
    if p < 0.001:
        return p_phrase(p).removeprefix("p < ")
    digits = 1 - math.floor(math.log10(p))
    return f"{math.ceil(float(f'{p * 10**digits:.10g}')) / 10**digits:.{digits}f}"


def odds_phrase(chance: float) -> str:
    """A chance in words: a percentage, or "1 in ..." with two digits where it is below 1 %."""
    if not 0 < chance <= 1:
        raise ValueError(f"chance {chance!r}: expected a number above 0 and at most 1")
    if chance >= 0.01:
        return f"{chance:.0%}"
    return tr("1 in {many}").format(many=in_words(float(f"{1 / chance:.2g}")))


def in_words(number: float) -> str:
    """A number with two digits as it is written in a text: 1.8 million, in Japanese 180万."""
    units = ((1e9, " billion"), (1e6, " million")) if language.spoken() == "en" else ((1e8, "億"), (1e4, "万"))
    for size, word in units:
        if number >= size:
            return f"{number / size:,.0f}{word}" if number >= 10 * size else f"{number / size:,.2g}{word}"
    return f"{number:,.0f}"
