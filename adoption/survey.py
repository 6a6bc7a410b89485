"""A survey that prints counts and medians: what can be said from them, one method a step.

A survey sorts bodies into K >= 2 ordered stages (1 to K, as printed) and prints, for each stage,
how many bodies there are and the median of their sizes. The sizes of all bodies are known from a
census, the frame. Some bodies may be counted without standing in the frame that the medians are
taken over: they are outside, and how many of them are at which stage is known in part at most.

Each method returns a tidy DataFrame that begins with the survey's own key columns, so that the
tables of several surveys can be put below each other. Nothing here knows a year, a ministry, a
number of stages or a unit of size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from adoption import bounds, checks, curve, medians, moments, outside, summary, whole
from adoption.frame import Around, Frame


@dataclass(frozen=True)
class Survey:
    """A published table of counts and medians of K ordered stages, and the frame they come from.

    counts: shape (K,), bodies of each stage as printed, those outside the frame included.
    medians: shape (K,), whole numbers, as printed: rounded half up to multiples of `rounding`.
    frame: the bodies that the medians are taken over.
    floor: size below which a body counts as of that size in logarithms, in the frame's unit: by
        default 1, which only bodies of size 0 are below.
    outside: sizes of the bodies that are counted and not in the frame, or how many they are: enough
        for everything but the curve.
    odd: shape (K,), whether the members inside the frame are odd in number, None where that is
        not known. By default as the count is where nobody is outside. Else no body at a stage's
        median proves an even number, a single one of exactly that size makes an odd one all but
        certain (`audit`), and several, or an interval of sizes, tell nothing.
    outside_least: shape (K,), bodies of each stage known to be outside at least.
    between: shape (K,), for each stage the fewest bodies between a pair whose mean is its median,
        where it is known from elsewhere; computed where the frame has each body's size.
    rounding: unit to which the medians are rounded: one printed as m lies in
        [m - rounding / 2, m + rounding / 2). 1 is the rounding of an even group's median.
    furthest: which stage is furthest along, "first" or "last".
    added: where bodies are not independent, what that adds to the covariance of counts and medians,
        as for :func:`adoption.moments.of_table`.
    key: columns that name the survey in its tables.
    """

    counts: Sequence[int]
    medians: Sequence[int]
    frame: Frame
    floor: float = 1.0
    outside: Sequence[float] | int = ()
    odd: Sequence[bool | None] | None = None
    outside_least: Sequence[int] | None = None
    between: Sequence[int | None] | None = None
    rounding: int = 1
    furthest: str = "first"
    added: Callable | None = None
    key: Mapping[str, str] = field(default_factory=dict)
    _fits: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self):
        if not isinstance(self.frame, Frame):
            raise ValueError(
                f"frame: found {type(self.frame).__name__}, expected a Frame (Frame.of_sizes or Frame.of_intervals)"
            )
        if self.furthest not in ("first", "last"):
            raise ValueError(f"furthest: found {self.furthest!r}, expected 'first' or 'last'")
        if self.added is not None and not callable(self.added):
            raise ValueError(f"added: found {self.added!r}, expected a function or None")
        if not isinstance(self.key, Mapping):
            raise ValueError(f"key: found {self.key!r}, expected a dictionary of columns and words")
        checks.whole("rounding", self.rounding, 1)
        checks.floor(self.floor)
        # Lists, whatever was given: a column of a table has its own index.
        self._set(counts=checks.whole_vector("counts", self.counts, least=1).tolist())
        self._set(medians=checks.whole_vector("medians", self.medians).tolist())
        self._set(outside=self._checked_outside())
        stages = len(self.counts)
        for name in ("medians", "odd", "outside_least", "between"):
            given = getattr(self, name)
            if given is not None and (np.ndim(given) != 1 or len(given) != stages):
                found = len(given) if np.ndim(given) == 1 else repr(given)
                raise ValueError(f"{name}: found {found}, expected one for each of {stages} stages")
        if stages < 2:
            raise ValueError(f"counts: found {stages} stage, expected two or more")
        expected = self.frame.total + len(self.outside)
        if sum(self.counts) != expected:
            raise ValueError(
                f"counts: found a sum of {sum(self.counts)}, expected {expected}, the "
                f"{self.frame.total} bodies of the frame and {len(self.outside)} "
                "outside"
            )
        for name, check in (("odd", checks.flag), ("between", checks.whole)):
            if getattr(self, name) is not None:
                given = [None if entry is None else check(name, entry) for entry in getattr(self, name)]
                self._set(**{name: given})
        if self.outside_least is not None:
            least = checks.whole_vector("outside_least", self.outside_least).tolist()
            if sum(least) > len(self.outside):
                raise ValueError(f"outside_least: found a sum of {sum(least)}, expected at most {len(self.outside)}")
            self._set(outside_least=least)
        filled = np.flatnonzero(self.frame.bodies)
        least, most = self.frame.lower[filled[0]], self.frame.upper[filled[-1]]
        for stage, median in zip(self.stages, self.medians, strict=True):
            if not least - self.rounding < median < most + self.rounding:
                raise ValueError(
                    f"medians: found {median} for stage {stage}, expected one among the sizes of the frame, "
                    f"from {least:g} to below {most:g}"
                )

    def _set(self, **fields) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def _checked_outside(self) -> list[float]:
        """Sizes of the bodies outside, not a number where only how many they are is known."""
        if np.ndim(self.outside) == 0:
            return [np.nan] * checks.whole("outside", self.outside)
        return checks.vector("outside", self.outside, least=0).tolist() if len(self.outside) else []

    # --- what the survey is --------------------------------------------------------------------

    @property
    def stages(self) -> range:
        """Numbers of the stages, as printed."""
        return range(1, len(self.counts) + 1)

    def _index(self, stage: int) -> int:
        """Place of a stage in what was printed, from 0."""
        return checks.whole("stage", stage, 1, len(self.counts)) - 1

    def _around(self, stage: int) -> Around:
        return self.frame.around(self.medians[self._index(stage)], self.rounding)

    @cached_property
    def _odd(self) -> list[bool | None]:
        """Parity of each stage inside the frame: as given, of its count, or as the frame shows it, if it does."""
        if self.odd is not None:
            return [None if odd is None else bool(odd) for odd in self.odd]
        if not len(self.outside):
            return [count % 2 == 1 for count in self.counts]
        around = map(self._around, self.stages)
        return [
            False if not split.at else True if one_size and split.at == 1 else None for split, one_size, _ in around
        ]

    def _position(self, stage: int) -> int:
        """Place of a stage counted from the furthest, from 0."""
        index = self._index(stage)
        return index if self.furthest == "first" else len(self.counts) - 1 - index

    def _ordered(self, given: Sequence | None) -> list | None:
        """One entry a stage, the furthest first, as the methods want them."""
        if given is None:
            return None
        return list(given) if self.furthest == "first" else list(given)[::-1]

    def _table(self, rows: Sequence[Mapping] | pd.DataFrame) -> pd.DataFrame:
        table = pd.DataFrame(rows)
        for position, (name, word) in enumerate(self.key.items()):
            table.insert(position, name, word)
        return table

    def members(self, stage: int) -> list[int]:
        """Every number of bodies that a stage can have inside the frame.

        The published count where nobody is outside. Otherwise the count less p, where p, the
        stage's bodies outside, has the parity that the median implies, if it implies one, and is
        such that the other stages, with theirs, can account for the rest. ValueError where no p is.
        """
        index = self._index(stage)
        if not len(self.outside):
            return [self.counts[index]]
        least = [0] * len(self.counts) if self.outside_least is None else self.outside_least
        allowed = []
        for count, odd, fewest in zip(self.counts, self._odd, least, strict=True):
            # A median needs a member: one if odd, two if even.
            first = fewest if odd is None else fewest + (count - odd - fewest) % 2
            last = min(count - (2 if odd is False else 1), len(self.outside))
            allowed.append(range(first, last + 1, 1 if odd is None else 2))
        others = 1  # bit i: the other stages can have i bodies outside
        for numbers in (numbers for i, numbers in enumerate(allowed) if i != index):
            others = reduce(or_, (others << p for p in numbers), 0)
        found = [self.counts[index] - p for p in allowed[index] if others >> (len(self.outside) - p) & 1]
        if not found:
            raise ValueError(
                f"odd: found {list(self._odd)}, expected parities that "
                f"{list(self.counts)} bodies, {len(self.outside)} of them outside, "
                "can have"
            )
        return found

    def _at_median(self) -> list[bool] | None:
        """Whether one member of each stage sits at its median; None where a parity is not known.

        Where nobody is outside, an odd count without a body at its median, which cannot be, is
        split in halves as an even one is. Of a rounded median nobody knows who has it.
        """
        if len(self.outside):
            return None if None in self._odd else list(self._odd)
        if self.rounding > 1:
            return [False] * len(self.counts)
        return [odd and self.frame.split(median).at > 0 for odd, median in zip(self._odd, self.medians, strict=True)]

    # --- exact facts and tests -----------------------------------------------------------------

    def audit(self) -> pd.DataFrame:
        """Whether the medians can be medians of these bodies: a row a stage and number of members.

        Columns: stage, members (inside the frame), median, below, at, above (bodies of the frame; a
        rounded median stands for all sizes that are printed so, or for the intervals that hold
        them), between (fewest bodies between a pair whose mean is the median), possible, plausible, gap
        and chance as in :func:`adoption.medians.median_fit`.
        """
        rows = []
        for stage, median in zip(self.stages, self.medians, strict=True):
            split = self._around(stage).split
            between = self._between(stage)
            for members in self.members(stage):
                fit = medians.median_fit(members, self.frame.total, split.at, between)
                row = {"stage": stage, "members": members, "median": median} | split._asdict()
                rows.append(row | {"between": between} | fit._asdict())
        # Whole numbers, missing where an odd group or no pair has none.
        return self._table(rows).astype({"between": "Int64", "gap": "Int64"})

    def _between(self, stage: int) -> int | None:
        index = self._index(stage)
        if self.between is not None:
            return self.between[index]
        if self.frame.sizes is None:
            raise ValueError(
                "between: found no numbers, expected one for each stage where the frame has intervals only"
            )
        pair = medians.tightest_pair(self.frame.sizes, self.medians[index], self.rounding)
        return None if pair is None else pair.between

    def rates(self, stage: int = 1) -> pd.DataFrame:
        """Rates of a stage on either side of its own median: a row a number of members.

        Half of a stage lies on either side of its median, so that the ratio of the rates is
        below/above whatever the number is: exactly, where at most one body is at the median. With
        ties or rounding "at" takes in more bodies (`audit`), any of which may be members, and the
        rates of those surely below and surely above are ranges
        (:func:`adoption.medians.rate_split`). Numbers of members for which the frame has no room
        on a side are left out.

        Columns: stage, members, below, at, above (bodies of the frame), rate_below, rate_above
        (fractions), ratio (above over below), missing where they are not exact, and each with
        _least and _most.
        """
        split, one_size, _ = self._around(stage)
        known = self.frame.sizes is not None or self.between is not None
        # A pair around the median that nobody stands between is what puts an even group at it.
        apart = known and one_size and self._between(stage) != 0

        def at(members):
            return 0 if apart and members % 2 == 0 else split.at

        def room(members):  # no more than half on either side, the others at the median
            sides = (min(members // 2, bodies) for bodies in (split.below, split.above))
            return sum(sides) + max(at(members), members % 2) >= members

        rows, every = [], self.members(stage)
        for members in [n for n in every if room(n)] or every[:1]:
            ends = medians.rate_split(members, split.below, at(members), split.above, one_size)._asdict()
            exact = {
                name: ends[f"{name}_least"] if ends[f"{name}_least"] == ends[f"{name}_most"] else np.nan
                for name in ("rate_below", "rate_above", "ratio")
            }
            rows.append({"stage": stage, "members": members, **split._asdict(), **exact, **ends})
        return self._table(rows)

    def median_tests(self) -> pd.DataFrame:
        """Each median against random allocation, two-sided: a row a stage, the worst case.

        Columns: stage, direction (1 where the median is high, -1 where it is low, 0 where that
        depends on the number of members), p_value and log_p (natural logarithm): the largest over
        every number of members, of a median at least as extreme as printed, ties and rounding
        included; exact (whether that is the value itself, as it is for odd numbers, and where the
        frame has each body's size, or an upper bound of it).
        """
        rows = []
        for stage, median in zip(self.stages, self.medians, strict=True):
            split, _, cut = self._around(stage)
            tests = [
                medians.median_test(members, *split)
                if self.frame.sizes is None
                else medians.median_test_exact(self.frame.sizes, members, median, self.rounding)
                for members in self.members(stage)
            ]
            directions = {test.direction for test in tests}
            direction, worst = directions.pop() if len(directions) == 1 else 0, max(tests, key=lambda t: t.log_p_upper)
            exact = cut and worst.log_p_lower == worst.log_p_upper
            rows.append((stage, direction, worst.p_upper, worst.log_p_upper, exact))
        return self._table(pd.DataFrame(rows, columns=["stage", "direction", "p_value", "log_p", "exact"]))

    def rank_trend(self) -> pd.DataFrame:
        """Rank correlation of the medians with the order of the stages: rho and exact p_value."""
        return self._table([medians.rank_trend(self.medians)._asdict()])

    # --- bounds --------------------------------------------------------------------------------

    def _stages_for_bounds(self) -> bounds.Stages:
        return bounds.Stages(
            self._ordered(self.counts),
            self._ordered(self.medians),
            self._ordered(self._odd),
            self._ordered(self.outside_least),
            rounding=self.rounding,
        )

    def bounds(
        self, stage: int, limits: Sequence[int], names: Sequence[str] | None = None, monotone: bool = False
    ) -> pd.DataFrame:
        """Least and largest rate of a stage in each size class: a row a class.

        limits: shape (L,), where the L + 1 classes are cut. names: of the classes; by default
        their numbers from 0. monotone: assume that being at least so far along does not become
        rarer as size grows. Columns: stage, size_class, lower, upper (fractions of the class's
        bodies). They hold for every truth that prints this, and are sharp up to a body or two of a
        class for each even stage (:mod:`adoption.bounds`). Errors as in :func:`adoption.bounds.stage_bounds`.
        """
        limits = [] if np.size(limits) == 0 else checks.whole_vector("limits", limits)
        checks.flag("monotone", monotone)
        names = range(len(limits) + 1) if names is None else list(names)
        if len(names) != len(limits) + 1:
            raise ValueError(f"names: found {len(names)}, expected one for each of {len(limits) + 1} classes")
        printed = self._stages_for_bounds(), len(self.outside), self._position(stage) + 1
        lower, upper = bounds.stage_bounds(*self.frame.cells(), limits, *printed, monotone).T
        return self._table(pd.DataFrame({"stage": stage, "size_class": names, "lower": lower, "upper": upper}))

    def overlap(self, other: "Survey", stage: int = 1) -> pd.DataFrame:
        """Fewest and most bodies that are in the stage of this number in both surveys.

        other: a survey of the same bodies, with the same frame; ValueError for another.
        Columns: scope ("everywhere", or "inside" the frame), lower, upper.
        """
        if not isinstance(other, Survey):
            raise ValueError(f"other: found {type(other).__name__}, expected a Survey")
        cells = self.frame.cells()
        if not all(map(np.array_equal, cells, other.frame.cells())) or (len(self.outside) != len(other.outside)):
            raise ValueError(
                "other: found a survey of other bodies, expected one with the same frame and as many bodies outside it"
            )
        printed = [
            bounds.Stages(survey.counts, survey.medians, survey._odd, survey.outside_least, rounding=survey.rounding)
            for survey in (self, other)
        ]
        ends = bounds.overlap_bounds(*cells, *printed, len(self.outside), self._index(stage) + 1)
        return self._table([{"scope": scope, "lower": low, "upper": high} for scope, (low, high) in ends.items()])

    # --- the curve -----------------------------------------------------------------------------

    def _binned(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean sizes and bodies by interval, cut at the medians; ValueError where the frame is not."""
        for stage in self.stages:
            split, _, cut = self._around(stage)
            if not cut:
                raise ValueError(
                    f"frame: found {split.at} bodies in the intervals around the median {self.medians[stage - 1]}, "
                    "expected intervals that are cut there (whole_slope takes them as they are)"
                )
        return self.frame.binned(self.medians, self.floor)

    def _for_curve(self) -> tuple:
        """The frame, and what was printed, the furthest stage first: arguments of :func:`adoption.moments.of_table`."""
        printed = self.counts, self.medians, self._at_median()
        return *self._binned(), *map(self._ordered, printed)

    def fit(self, model: str = "ordered") -> outside.OutsideFit:
        """A curve fitted to counts and medians, "ordered" or "multinomial" (computed once).

        Bodies outside stand at the fixed point: the numbers by stage, among those that the
        parities allow, that are nearest to what the fitted curve itself expects of them.
        """
        checks.one_of("model", model, curve.MODELS)
        if np.isnan(self.outside).any():
            raise ValueError(f"outside: found {len(self.outside)} bodies without sizes, expected their sizes")
        if model not in self._fits:
            how = {"floor": self.floor, "added": self.added}
            if len(self.outside):
                beyond = np.sort(self.outside), self._ordered(self.outside_least)
                found = outside.fixed_point(model, *self._for_curve(), *beyond, **how)
            else:
                none = np.zeros(len(self.counts), int)
                found = outside.OutsideFit(none, curve.fit(model, moments.of_table(*self._for_curve(), **how)), none)
            self._fits[model] = found
        return self._fits[model]

    def slope(self, model: str = "ordered") -> pd.DataFrame:
        """Odds ratio per doubling of size, with its 95 % profile-likelihood interval.

        Of the ordered logit, or of the multinomial logit's furthest stage against the last.
        Columns: odds_ratio, lower, upper.
        """
        fit = self.fit(model).fit
        ends = curve.slope_interval(fit)
        return self._table([{"odds_ratio": np.exp(fit.slopes[0]), "lower": np.exp(ends[0]), "upper": np.exp(ends[1])}])

    def _cells(self) -> tuple[np.ndarray, list[bool]]:
        """Interval (K, 2) that each median lies in, and whether one member alone stands at it.

        The interval is empty where the median is exact: where a member is known to stand at it alone,
        and where no body of the frame does.
        """
        cells, alone = [], []
        for stage, odd in zip(self.stages, self._at_median() or [False] * len(self.counts), strict=True):
            median, (split, one_size, _) = self.medians[stage - 1], self._around(stage)
            ends = medians.widened(*self.frame.intervals, *medians.printed_interval(median, self.rounding))
            alone.append(bool(one_size and odd and split.at == 1))
            cells.append((median, median) if split.at <= one_size else ends)
        return np.array(cells, float), alone

    def whole_fit(self) -> whole.WholeSlope:
        """The ordered curve with its whole uncertainty (computed once): see :mod:`adoption.whole`.

        Bodies outside are where :meth:`fit` has them.
        """
        if np.isnan(self.outside).any():
            raise ValueError(f"outside: found {len(self.outside)} bodies without sizes, expected their sizes")
        if "whole" not in self._fits:
            (cells, alone), out = self._cells(), np.zeros(len(self.counts), int)
            if len(self.outside):
                out = self.fit().outside
            cells = cells if self.furthest == "first" else cells[::-1]
            table = moments.of_table(
                *self.frame.binned(np.unique([*self.medians, *cells.ravel(), self.frame.halves()]), self.floor),
                np.array(self._ordered(self.counts)) - out,
                self._ordered(self.medians),
                self._ordered(alone),
                floor=self.floor,
                added=self.added,
                cells=cells,
            )
            self._fits["whole"] = whole.slope(table)
        return self._fits["whole"]

    def whole_slope(self) -> pd.DataFrame:
        """Odds ratio per doubling of size with its whole 95 % interval, of the ordered logit.

        The likelihood is right for steep curves, small frames, ties and rounded medians, and the
        interval allows for a curve that is not straight as far as the misfit asks for it
        (:mod:`adoption.whole`). Columns: odds_ratio, lower, upper (missing where the data do not
        determine them), likelihood ("saddlepoint" or "box"), stretch_lower, stretch_upper (how many
        times longer the allowance makes each side, on the logarithmic scale), J, df and p_value
        (misfit).
        """
        found = self.whole_fit()
        ends = dict(zip(("odds_ratio", "lower", "upper"), np.exp(found[:3]), strict=True))
        rest = {name: getattr(found, name) for name in ("likelihood", "stretch_lower", "stretch_upper", "J")}
        return self._table([ends | rest | {"df": len(self.counts) - 1, "p_value": found.p_value}])

    def diagnostics(self) -> pd.DataFrame:
        """What speaks against trusting a curve: see :func:`adoption.summary.diagnostics`."""
        return self._table(summary.diagnostics(self))

    def summary(self) -> pd.DataFrame:
        """The results in plain words, and which of them deserve trust: see :func:`adoption.summary.summary`."""
        return self._table(summary.summary(self))

    def misfit(self, model: str = "ordered", outside: Sequence[int] | None = None) -> pd.DataFrame:
        """Over-identification test of a curve: J, its degrees of freedom df, p_value.

        outside: shape (K,), bodies of each stage outside the frame, as printed; by default those
        that agree best with this curve. Models are compared at the same numbers.
        """
        fit = self.fit(model).fit if outside is None else next(self._refits(model, [outside]))
        return self._table([{"J": fit.J, "df": fit.df, "p_value": fit.p_value}])

    def outside_at(self, model: str = "ordered") -> list[int]:
        """Bodies of each stage outside the frame, as printed, that agree best with a curve."""
        return [int(number) for number in self._ordered(self.fit(model).outside)]

    def half_size(self, model: str = "multinomial") -> pd.DataFrame:
        """Size at which half of the bodies are at the furthest stage: size, lower, upper (95 %)."""
        return self._table([dict(zip(("size", "lower", "upper"), curve.size_at(self.fit(model).fit), strict=True))])

    def curve(self, sizes: ArrayLike, model: str = "multinomial", stage: int | None = None) -> pd.DataFrame:
        """Share of a stage (by default the furthest) at each size, with a pointwise 95 % band.

        Columns: size, share, lower, upper (fractions).
        """
        sizes = checks.vector("sizes", sizes, least=0)
        fit, position = self.fit(model).fit, 0 if stage is None else self._position(stage)
        every = curve.predict(fit, sizes), *curve.band(fit, sizes)
        share, lower, upper = (shares[:, position] for shares in every)
        return self._table(pd.DataFrame({"size": sizes, "share": share, "lower": lower, "upper": upper}))

    def outside_vectors(self) -> np.ndarray:
        """Every number of outside bodies by stage, as printed, that the parities allow: (V, K)."""
        if not len(self.outside):
            return np.zeros((1, len(self.counts)), dtype=int)
        odd = None if None in self._odd else self._odd
        return outside.allowed(self.counts, odd, len(self.outside), self.outside_least)

    def _refits(self, model: str, vectors: ArrayLike) -> Iterator[curve.Fit]:
        """The curve at each number of outside bodies by stage, every one started from the one before."""
        *frame, counts, middles, at_median = self._for_curve()
        latest, at_median = None, np.zeros(len(counts)) if at_median is None else at_median
        for vector in vectors:
            rest = np.array(counts) - self._ordered(vector), middles, at_median
            latest = curve.fit(model, moments.of_table(*frame, *rest, floor=self.floor, added=self.added), latest)
            yield latest

    def over_outside(self, model: str = "ordered", every: int = 1) -> pd.DataFrame:
        """The curve at every number of outside bodies by stage: a row a vector.

        every: take only every so-manieth vector. Columns: odds_ratio (of the furthest stage, per
        doubling) and half_size (missing where half of the bodies are at that stage at no size),
        each with the ends lower and upper of its normal 95 % interval on the logarithm, and J.
        """
        reach, rows = norm.ppf(0.975), []

        def interval(name, unlogged, centre, error):
            ends = {"": centre, "_lower": centre - reach * error, "_upper": centre + reach * error}
            return {f"{name}{end}": unlogged(value) for end, value in ends.items()}

        for fit in self._refits(model, self.outside_vectors()[:: checks.whole("every", every, 1)]):
            slope, first = fit.slopes[0], len(self.counts) - 1
            error = np.sqrt(fit.covariance[first, first])
            try:
                half, half_error = curve.log_size_at(fit)
            except ValueError:  # no such size on this curve
                half, half_error = np.nan, np.nan
            ends = interval("odds_ratio", np.exp, slope, error) | interval("half_size", np.exp2, half, half_error)
            rows.append(ends | {"J": fit.J})
        return self._table(rows)

    def whole(self, model: str = "ordered", every: int = 1, furthest: int = 20) -> pd.DataFrame:
        """The curve over all that is unknown of the outside bodies: one row.

        Columns: vectors (how many numbers of outside bodies by stage); of odds_ratio and half_size,
        as in `over_outside`, the least and the most (`odds_ratio_least`, ...) and the lower and
        upper end of the union of their 95 % profile-likelihood intervals; J_least and J_most.
        every: take only every so-manieth vector. A profile takes a hundred times as long as a fit:
        it is computed at the `furthest` vectors whose normal intervals reach furthest at each end.
        ValueError where half of the bodies are at the furthest stage at no size.
        """
        refits, vectors = self.over_outside(model, every), self.outside_vectors()[::every]
        intervals = {"odds_ratio": lambda fit: np.exp(curve.slope_interval(fit)), "half_size": curve.size_at}
        row = {"vectors": len(vectors)}
        for name, interval in intervals.items():
            if refits[name].isna().any():
                raise ValueError(f"model: found a {model} curve without {name}, expected it at every vector")
            low, high = (refits[f"{name}_{end}"] for end in ("lower", "upper"))
            chosen = sorted({*low.nsmallest(furthest).index, *high.nlargest(furthest).index})
            lower, upper = np.transpose([interval(fit)[-2:] for fit in self._refits(model, vectors[chosen])])
            row |= {f"{name}_least": refits[name].min(), f"{name}_most": refits[name].max()}
            row |= {f"{name}_lower": lower.min(), f"{name}_upper": upper.max()}
        return self._table([row | {"J_least": refits["J"].min(), "J_most": refits["J"].max()}])
