"""adoption.checks: what is right comes back in one type, what is wrong is named."""

import math

import numpy as np
import pytest

from adoption import checks

REFUSED = {
    "text among numbers": (lambda: checks.numbers("x", [1, "2"]), "x: .*finite numbers, found '2'"),
    "nothing among numbers": (lambda: checks.numbers("x", [1, None]), "x: .*found None"),
    "rows of different lengths": (lambda: checks.numbers("x", [[1, 2], [3]]), "x: .*rows of different lengths"),
    "NaN": (lambda: checks.vector("x", [1, math.nan]), "x: .*found nan at position 1"),
    "infinity": (lambda: checks.vector("x", [-math.inf, 1]), "x: .*found -inf at position 0"),
    "too small": (lambda: checks.vector("x", [3, -2], least=0), "x: .*at least 0, found -2"),
    "in a table": (lambda: checks.numbers("x", [[1, 2], [3, -4]], least=0), "found -4 .* 1, 1"),
    "not whole": (lambda: checks.whole_vector("x", [1, 0.5]), "x: expected whole .*found 0.5"),
    "no float holds it": (lambda: checks.whole_vector("x", [2**53]), "found 9007199254740992"),
    "empty": (lambda: checks.vector("x", []), r"x: .*non-empty vector, found shape \(0,\)"),
    "two dimensions": (lambda: checks.vector("x", [[1]]), r"found shape \(1, 1\)"),
    "length": (lambda: checks.vector("x", [1, 2], 3), "x: expected 3 numbers, found 2"),
    "order": (lambda: checks.ascending("x", [1, 3, 2]), "x: .*found 2 after 3 at position 2"),
    "equal": (lambda: checks.ascending("x", [1, 1], strictly=True), "strictly .*found 1 after 1"),
    "no bodies": (lambda: checks.counts("x", [0, 0], 2), "x: expected bodies"),
    "no flag": (lambda: checks.flags("x", [0, 2], 2), "x: expected 0 or 1, found 2"),
    "several": (lambda: checks.whole("x", [1, 2]), r"x: expected one whole .*found \[1, 2\]"),
    "none": (lambda: checks.whole("x", None), "x: .*of at least 0, found None"),
    "true": (lambda: checks.whole("x", True), "x: .*found True"),
    "beyond": (lambda: checks.whole("x", 7, 1, 5), "x: .*from 1 to 5, found 7"),
    "fraction": (lambda: checks.whole("x", 1.5), "x: .*found 1.5"),
    "outside": (lambda: checks.inside("x", 7, 1, 5), "x: .*from 1 to 5, found 7"),
    "per cent": (lambda: checks.level(95), "level: .*between 0 and 1, found 95"),
    "no floor": (lambda: checks.floor(0), "floor: .*between 0 and inf, found 0"),
    "floor that is none": (lambda: checks.floor(None), "floor: .*found None"),
    "no such name": (lambda: checks.one_of("x", "c", ("a", "b")), "x: .*one of a, b, found 'c'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_named(case):
    call, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_right_comes_back():
    assert checks.whole_vector("x", [1.0, 2.0]).dtype == np.int64
    assert checks.whole_vector("x", np.array([1, 255], np.uint8)).sum() == 256
    assert checks.vector("x", [0.0, math.inf], infinite=True)[1] == math.inf
    assert checks.flags("x", [True, 0.0], 2).tolist() == [True, False]
    assert checks.whole("x", np.float64(3)) == 3 and checks.level(0.5) == 0.5


def test_sizes_are_copied_only_to_be_sorted():
    ascending, other = np.array([1, 2, 2]), np.array([2, 1])
    assert checks.sorted_sizes(ascending) is ascending
    assert checks.sorted_sizes(other).tolist() == [1, 2] and other.tolist() == [2, 1]


def test_what_rounding_makes_of_a_whole_number_is_whole():
    assert 258.59 * 1000 != 258590
    assert checks.whole_vector("x", [258.59 * 1000, 0.1 * 3 * 10, 7.0]).tolist() == [258590, 3, 7]
    with pytest.raises(ValueError, match="found 258590.001"):
        checks.whole_vector("x", [258590.001])
