"""One number, one rounding: every number of the register as the finished pages print it."""

import math
import re
from collections import defaultdict
from html import unescape
from pathlib import Path

import pytest
from pages import PAGES

from adoption import register

PRINTED = re.compile(r'<a class="n [^"]*" href="#n-([^"]+)"><data value="([^"]*)">([^<]*)</data>')  # the role {n}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
LARGEST = re.compile(r"\.largest$|-max\b")  # rows that are themselves the end of a range
SCALES = {" billion": 1e9, " million": 1e6}


def numbers(pages: Path):
    """Every number that a page prints from the register: id, exact value, words, page."""
    for name in PAGES:
        for found in PRINTED.findall((pages / f"{name}.html").read_text(encoding="utf-8")):
            yield *map(unescape, found), name


def several_forms(printed) -> dict:
    """Numbers that are printed in more than one way: the words, and the pages that have them."""
    forms = defaultdict(lambda: defaultdict(set))
    for id, exact, words, page in printed:
        forms[id, exact][words].add(page)
    return {key: dict(found) for key, found in forms.items() if len(found) > 1}


def read(words: str) -> tuple[float, float]:
    """What printed words say: the number, and the unit of its last digit."""
    digits = NUMBER.search(words)[0].replace(",", "")
    number, decimals = float(digits), len(digits.partition(".")[2])
    unit = 10.0**-decimals if decimals else 10.0 ** (len(digits) - len(digits.rstrip("0") or digits))
    scale = 0.01 if "%" in words else next((size for word, size in SCALES.items() if word in words), 1)
    return number * scale * (-1 if words.startswith(("-", "−")) else 1), unit * scale


def wrongly_rounded(printed, rows) -> list:
    """Estimates not rounded to nearest, ends not rounded outward."""
    wrong = []
    for id, exact, words, page in printed:
        row, exact = rows[id], float(exact)
        if "10⁻" in words:
            continue
        number, unit = read(words.removeprefix("1 in "))
        exact = 1 / exact if words.startswith("1 in ") else exact

        def is_the(end, exact=exact):
            return end is not None and math.isclose(end, exact, rel_tol=1e-9)

        slack = 1e-9 * max(abs(exact), unit)
        low, high = is_the(row.lower) or id.endswith(".smallest"), is_the(row.upper) or LARGEST.search(id)
        if is_the(row.value) and not (id.endswith(".smallest") or LARGEST.search(id)) or not (low or high):
            right = abs(number - exact) <= unit / 2 + slack
        else:
            inward = 0 if low and high else number - exact if low else exact - number
            right = abs(number - exact) < unit + slack and inward <= slack
        if not right:
            wrong.append((id, exact, words, page))
    return wrong


@pytest.fixture(scope="module")
def printed(html):
    return list(numbers(html))


def test_each_number_is_printed_in_one_way(printed):
    assert len(printed) > 300
    assert several_forms(printed) == {}


def test_estimates_are_rounded_to_nearest_and_ends_outward(printed):
    assert wrongly_rounded(printed, register.read_file(register.PATH)) == []


def row(**numbers):
    empty = dict.fromkeys(register.COLUMNS, "") | dict.fromkeys(register.NUMBERS)
    return register.Result(**empty | numbers)


def test_the_checks_find_what_they_are_for():
    rows = {
        "a": row(value=4.6911, lower=4.6911, upper=7.04),
        "b": row(value=0.0046376),
        "c": row(lower=0.078, upper=0.1005),
    }
    assert several_forms([("a", "4.6911", "4.7", "x"), ("a", "4.6911", "4.69", "y")])
    assert not several_forms([("a", "4.6911", "4.7", "x"), ("a", "7.04", "8", "x"), ("a", "4.6911", "4.7", "y")])
    right = [("a", "4.6911", "4.7", "x"), ("a", "7.04", "7.1", "x"), ("b", "0.0046376", "p = 0.0046", "x"),
             ("c", "0.078", "7%", "x"), ("c", "0.1005", "11%", "x"), ("c", "0.1005", "10.1%", "x")]  # fmt: skip
    assert wrongly_rounded(right, rows) == []
    for wrong in (("a", "4.6911", "4.6", "x"), ("a", "7.04", "7.0", "x"), ("b", "0.0046376", "0.0047", "x"),
                  ("c", "0.078", "8%", "x"), ("c", "0.1005", "10%", "x"), ("c", "0.078", "6%", "x")):  # fmt: skip
        assert wrongly_rounded([wrong], rows), wrong
