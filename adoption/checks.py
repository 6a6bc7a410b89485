"""The one home of checks of numbers and arrays.

Each function returns what it checked in the type that the methods work with, or raises ValueError
with the name of the argument, what was expected and what was found.
"""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

LARGEST_WHOLE = 2**53  # from here on a float no longer holds every whole number


def numbers(
    name: str, values: ArrayLike, least: float = -np.inf, infinite: bool = False, whole: bool = False
) -> np.ndarray:
    """Real numbers of any shape, of at least `least`; finite unless infinity is allowed.

    Whole numbers come back as int64, others as int64 or float. What the rounding of floats makes of
    a whole number counts as it.
    """
    array = _array(name, values)
    kind = "whole numbers" if whole else "numbers" if infinite else "finite numbers"
    expected = kind if least == -np.inf else f"{kind} of at least {least}"
    if array.dtype.kind not in "if":
        strange = next(
            (entry for entry in np.asarray(values, dtype=object).flat if not isinstance(entry, Real)), array.dtype
        )
        raise ValueError(f"{name}: expected {expected}, found {strange!r}")
    if whole and array.dtype.kind == "f":
        nearest = np.rint(array)  # 258.59 * 1000 is 258589.99999999997: a whole number all the same
        array = np.where(np.isclose(array, nearest, rtol=1e-15, atol=0), nearest, array)
    good = array >= least
    if whole:
        good &= (array < LARGEST_WHOLE) & (array == np.floor(array))
    elif not infinite:
        good &= np.isfinite(array)
    if not np.all(good):
        at = np.argwhere(~good)[0]
        where = f" at position {', '.join(map(str, at))}" if at.size else ""
        raise ValueError(f"{name}: expected {expected}, found {array[tuple(at)]:.16g}{where}")
    return array.astype(np.int64, copy=False) if whole else array


def _array(name: str, values) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name}: expected an array, found rows of different lengths") from None
    return array.astype(np.int64, copy=False) if array.dtype.kind in "biu" else array


def vector(name: str, values: ArrayLike, length: int | None = None, **limits) -> np.ndarray:
    """Numbers in one dimension, not empty, as many as expected; `limits` as for `numbers`."""
    array = _array(name, values)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name}: expected a non-empty vector, found shape {array.shape}")
    if length not in (None, array.size):
        raise ValueError(f"{name}: expected {length} numbers, found {array.size}")
    return numbers(name, array, **limits)


def whole_vector(name: str, values: ArrayLike, length: int | None = None, least: int = 0) -> np.ndarray:
    """Whole numbers of at least `least` in one dimension, as int64."""
    return vector(name, values, length, least=least, whole=True)


def counts(name: str, values: ArrayLike, length: int) -> np.ndarray:
    """Counts of bodies, one a size or interval, not all of them zero."""
    array = whole_vector(name, values, length)
    if not array.any():
        raise ValueError(f"{name}: expected bodies, found {length} times 0")
    return array


def flags(name: str, values: ArrayLike, length: int) -> np.ndarray:
    """False or True (0 or 1) for each of `length` things, as bool."""
    array = vector(name, values, length)
    if not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name}: expected 0 or 1, found {array[~np.isin(array, (0, 1))][0]:g}")
    return array.astype(bool)


def flag(name: str, value) -> bool:
    """One truth: False or True, or 0 or 1."""
    if np.ndim(value) or value not in (0, 1):
        raise ValueError(f"{name}: expected True or False, found {value!r}")
    return bool(value)


def ascending(name: str, values: ArrayLike, strictly: bool = False, **limits) -> np.ndarray:
    """A vector (as by `vector`) in ascending order, without equal neighbours if `strictly`."""
    array = vector(name, values, **limits)
    wrong = array[1:] <= array[:-1] if strictly else array[1:] < array[:-1]
    if wrong.any():
        at = int(np.argmax(wrong)) + 1
        raise ValueError(
            f"{name}: expected {'strictly ' if strictly else ''}ascending order, "
            f"found {array[at]:.16g} after {array[at - 1]:.16g} at position {at}"
        )
    return array


def sorted_sizes(sizes: ArrayLike, whole: bool = False) -> np.ndarray:
    """Sizes of at least 0 in ascending order, sorted (as a copy) only if they are not."""
    array = vector("sizes", sizes, least=0, whole=whole)
    return array if (array[1:] >= array[:-1]).all() else np.sort(array)


def _is_number(value) -> bool:
    array = np.asarray(value)
    return array.ndim == 0 and array.dtype.kind in "iuf"


def whole(name: str, value, least: int = 0, most: int | None = None) -> int:
    """One whole number from `least` to `most`."""
    if not _is_number(value) or not (
        least <= value < LARGEST_WHOLE and value % 1 == 0 and (most is None or value <= most)
    ):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name}: expected one whole number {limits}, found {value!r}")
    return int(value)


def inside(name: str, value: float, least: float, most: float) -> float:
    """One number from `least` to `most`."""
    if not _is_number(value) or not least <= value <= most:
        raise ValueError(f"{name}: expected a number from {least} to {most}, found {value!r}")
    return value


def between(name: str, value: float, low: float, high: float) -> float:
    """One number between `low` and `high`, neither of which it may be."""
    if not _is_number(value) or not low < value < high:
        raise ValueError(f"{name}: expected a number between {low} and {high}, found {value!r}")
    return float(value)


def level(value: float) -> float:
    """The level of an interval, between 0 and 1."""
    return between("level", value, 0, 1)


def floor(value: float) -> float:
    """The size as which smaller ones count in logarithms: above 0."""
    return between("floor", value, 0, np.inf)


def one_of(name: str, value, allowed) -> None:
    """One of the names that are allowed."""
    if value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(allowed)}, found {value!r}")
