"""Bounds on rates by size class when only counts and medians of stages are known.

A survey puts every body into one of K ordered stages and prints, for each stage, how many bodies
it has and the median of their sizes. A census gives the sizes of the N bodies of the frame, cut
into cells. The survey also counted `outside` further bodies that are not in the frame (their
sizes are of another order and the medians leave them out); which stages they are in is unknown.

Every allocation of the bodies to the stages that reproduces the counts and the medians is
allowed, nothing else is assumed: the ends of a bound are the optima of a mixed-integer program.
Whether a stage has an odd number of members in the frame may be known, because only an odd group
has a member at its median for certain, or not. The median is known to its rounding, or, where the
cells are not cut at the ends of that, to a cell.

The bounds always hold. They are sharp, that is attained by bodies that would print the same, where
every stage is odd; an even stage's two middle members must have a mean that is printed as its
median, which cells cannot tell, so that each even stage may cost a class a body or two (in small
cases, by listing every allocation, three bodies at worst).

The cells are merged at the medians, just above them and at the class limits, so that the cost
does not depend on the number of bodies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from adoption import checks
from adoption.medians import printed_interval, widened


class Infeasible(ValueError):
    """No allocation of the bodies reproduces the counts and medians (and assumptions) given."""


class Stages(NamedTuple):
    """What was printed about K ordered stages.

    totals: shape (K,), bodies of each stage, those outside the frame included.
    medians: shape (K,), whole numbers, medians over the members inside the frame, rounded half up
        to multiples of `rounding`.
    odd: shape (K,), whether the number of members inside the frame is odd (True) or even, None
        where that is not known.
    outside_least: shape (K,), fewest bodies of each stage outside the frame; by default 0.
    """

    totals: ArrayLike
    medians: ArrayLike
    odd: ArrayLike
    outside_least: ArrayLike | None = None
    rounding: int = 1


class _Printed(NamedTuple):
    """Stages that were checked against a frame: arrays of shape (K,).

    Each median is in [first, after); point: where that is one size. even, odd: whether the number
    of members can be.
    """

    totals: np.ndarray
    first: np.ndarray
    after: np.ndarray
    point: np.ndarray
    even: np.ndarray
    odd: np.ndarray
    outside_least: np.ndarray


class Allocation(NamedTuple):
    """An allocation of bodies to stages.

    lower: shape (C,), lower edges of the merged cells, those without bodies left out.
    counts: shape (C,), bodies of each cell.
    bodies: shape (K, C), bodies by stage and cell; whole numbers unless monotone.
    outside: shape (K,), bodies by stage outside the frame.
    """

    lower: np.ndarray
    counts: np.ndarray
    bodies: np.ndarray
    outside: np.ndarray


class _Program(NamedTuple):
    """Rows least <= matrix @ x <= most and bounds of x = (y[k, c], h[k], z[k], o[k])."""

    matrix: sparse.csr_array
    least: np.ndarray
    most: np.ndarray
    x_least: np.ndarray
    x_most: np.ndarray


def _limits(limits) -> np.ndarray:
    """Limits of size classes, ascending; there may be none."""
    if not np.size(limits):
        return np.zeros(0, dtype=np.int64)
    return checks.ascending("limits", limits, strictly=True, least=0, whole=True)


def _merged(lower, counts, medians, limits) -> tuple[np.ndarray, np.ndarray]:
    """The table merged at the ends of the medians' intervals and at limits, empty cells left out."""
    edges = np.unique([*medians[np.isfinite(medians)].astype(np.int64), *limits])
    cell = np.searchsorted(lower, edges, "right") - 1
    cut = (cell >= 0) & (lower[np.maximum(cell, 0)] != edges) & (counts[np.maximum(cell, 0)] > 0)
    if cut.any():
        where = cell[cut][0]
        upper = lower[where + 1] if where + 1 < lower.size else "infinity"
        raise ValueError(
            f"lower: expected an edge at {edges[cut][0]}, found the cell from "
            f"{lower[where]} to {upper} with {counts[where]} bodies"
        )
    edges = np.unique(np.append(edges, min(lower[0], edges[0])))
    merged = np.zeros(edges.size, dtype=np.int64)
    np.add.at(merged, np.searchsorted(edges, lower, "right") - 1, counts)
    return edges[merged > 0], merged[merged > 0]


def _checked_frame(lower, counts) -> tuple[np.ndarray, np.ndarray]:
    """The table of cells as arrays of whole numbers, edges ascending."""
    lower = checks.ascending("lower", lower, strictly=True, least=0, whole=True)
    return lower, checks.counts("counts", counts, lower.size)


def _checked_stages(stages: Stages, lower, counts, outside) -> _Printed:
    """The stages as arrays that fit the frame, or a ValueError that says what does not."""
    stages = Stages(*stages)  # a plain tuple will do
    totals = checks.whole_vector("totals", stages.totals, least=1)
    k, frame = totals.size, int(counts.sum())
    medians = checks.whole_vector("medians", stages.medians, k)
    least = np.zeros(k, dtype=np.int64)
    if stages.outside_least is not None:
        least = checks.whole_vector("outside_least", stages.outside_least, k)
    outside = checks.whole("outside", outside)
    if totals.sum() != frame + outside:
        raise ValueError(
            f"totals: expected the bodies inside and outside the frame, {frame} + "
            f"{outside} = {frame + outside}, found {totals.sum()}"
        )
    occupied = np.flatnonzero(counts)
    start, end = lower[occupied[0]], np.append(lower, np.inf)[occupied[-1] + 1]
    ends = np.array([printed_interval(median, stages.rounding) for median in medians])
    beyond = (ends[:, 1] <= start) | (ends[:, 0] >= end)
    if beyond.any():
        raise ValueError(
            f"medians: expected medians inside the frame, from {start} to below {end:g}, found {medians[beyond][0]}"
        )
    wide = np.array([widened(lower, np.append(lower[1:], np.inf), counts, *pair) for pair in ends.tolist()])
    odd = [None] * k if stages.odd is None else list(stages.odd)
    known = np.array([parity is not None for parity in odd])
    odd = checks.flags("odd", [0 if parity is None else parity for parity in odd], k)
    return _Printed(totals, *wide.T, wide[:, 1] - wide[:, 0] == 1, ~known | ~odd, ~known | odd, least)


def _program(lower: np.ndarray, counts: np.ndarray, stages: _Printed, monotone: bool) -> _Program:
    """Constraints that make an allocation reproduce the counts and medians.

    y[k, c] bodies of stage k are in cell c; 2 h[k] + o[k] of them in all, o[k] being 1 for an odd
    number, so p[k] = totals[k] - 2 h[k] - o[k] are outside the frame.

    A group has its median in an interval only if at most h members are below it and at most h
    above. For an odd one that is enough. An even one whose interval is one size m has h below and
    h above and none at m (z = 0), or members at m: then at most h - 1 are above and at most h
    below (z = 1; half up also allows m - 1 beside m).
    """
    k, c = stages.totals.size, counts.size
    least = np.where(stages.odd, 1, 2)  # a stage with a median has a member
    most = stages.totals - stages.outside_least
    most -= ~np.where(most % 2, stages.odd, stages.even)  # the last of its parity, where that is known
    if (least > most).any():
        i = int(np.argmax(least > most))
        kind = "an odd" if not stages.even[i] else "an even" if not stages.odd[i] else "a"
        raise Infeasible(
            f"stage {i + 1} of {stages.totals[i]} bodies cannot have {stages.outside_least[i]} of them "
            f"or more outside the frame and {kind} number inside"
        )
    stage, paired = np.eye(k), stages.even & stages.point

    def members(where):
        """Row k adds up the bodies of stage k in the cells that row k of `where` marks."""
        return (stage[:, :, None] * where[:, None, :]).reshape(k, k * c)

    below, above = lower < stages.first[:, None], lower >= stages.after[:, None]
    at = ~below & ~above
    middle = np.diag(at @ counts)[paired]
    blocks = [  # coefficients of y, h, z and o, the least and the most that they may give
        (np.tile(np.eye(c), k), 0, 0, 0, counts, counts),
        (members(np.ones((k, c))), -2 * stage, 0, -stage, 0, 0),
        (members(np.zeros((k, c))), 2 * stage, 0, stage, least, most),
        (members(below), -stage, 0, 0, -np.inf, 0),
        (members(above), -stage, stage, 0, -np.inf, 0),
        (members(at)[paired], 0, -middle, -middle, -np.inf, 0),
        (members(np.zeros((k, c))), 0, stage, stage, 0, 1),
    ]
    if monotone:
        # The rate in a cell at a median is fixed by construction, so it is not in the chain.
        chain = np.flatnonzero(~at.any(axis=0))
        rise = np.zeros((max(chain.size - 1, 0), c))
        for row, a, b in zip(rise, chain[:-1], chain[1:], strict=True):
            # Rates y_b/N_b >= y_a/N_a, scaled so that no coefficient exceeds 1.
            row[[a, b]] = np.array([-counts[b], counts[a]]) / max(counts[a], counts[b])
        blocks.append((np.kron(np.tri(k - 1, k), rise), 0, 0, 0, 0, np.inf))
    widths, rows = (k * c, k, k, k), [len(block[0]) for block in blocks]
    matrix = [
        [np.broadcast_to(part, (n, width)) for part, width in zip(block, widths)] for block, n in zip(blocks, rows)
    ]
    ends = [np.concatenate([np.broadcast_to(block[end], n) for block, n in zip(blocks, rows)]) for end in (4, 5)]
    return _Program(
        sparse.csr_array(np.block(matrix)),
        *(end.astype(float) for end in ends),
        np.concatenate([np.zeros(k * c), least // 2, np.zeros(k), ~stages.even]),
        np.concatenate([np.tile(counts, k), most // 2, paired, stages.odd]),
    )


def _solve(objective: np.ndarray, program: _Program, whole: np.ndarray) -> np.ndarray:
    """The x that minimises the objective, whole where asked, checked against the constraints."""
    answer = milp(
        objective,
        integrality=whole,
        bounds=Bounds(program.x_least, program.x_most),
        constraints=LinearConstraint(program.matrix, program.least, program.most),
        options={"mip_rel_gap": 0},
    )
    if answer.status == 2:
        raise Infeasible("no allocation of the bodies reproduces these counts and medians")
    if answer.status != 0:
        raise RuntimeError(f"the solver stopped without an optimum: {answer.message}")
    x = np.where(whole, np.rint(answer.x), np.round(answer.x, 6)) + 0.0
    rows = program.matrix @ x
    # Whole-number answers must be exact; continuous ones carry the rounding of each cell.
    slack = 1e-9 if whole.all() else 1e-4
    if (rows < program.least - slack).any() or (rows > program.most + slack).any():
        raise RuntimeError("the solver's answer breaks a constraint by more than its tolerance")
    return x


def extreme_allocations(
    lower: ArrayLike,
    counts: ArrayLike,
    limits: ArrayLike,
    stages: Stages,
    outside: int,
    stage: int,
    monotone: bool = False,
) -> list[tuple[Allocation, Allocation]]:
    """For each size class, allocations that make the rate of one stage least and largest.

    Arguments and errors are those of `stage_bounds`.
    """
    limits = _limits(limits)
    lower, counts = _checked_frame(lower, counts)
    stages = _checked_stages(stages, lower, counts, outside)
    lower, counts = _merged(lower, counts, np.append(stages.first, stages.after), limits)
    stage = checks.whole("stage", stage, 1, stages.totals.size) - 1
    size_class = np.searchsorted(limits, lower, "right")
    empty = np.setdiff1d(np.arange(limits.size + 1), size_class)
    if empty.size:
        where = f"class {empty[0]} of the limits {limits.tolist()}"
        raise ValueError(f"limits: expected bodies in every size class, found none in {where}")
    program = _program(lower, counts, stages, monotone)
    k, c = stages.totals.size, counts.size
    # With h, z given, the free program is a transport problem, whose corners are whole anyway.
    # Monotone rates are compared across cells, and whole bodies are not asked for.
    whole = np.ones(program.matrix.shape[1])
    whole[: k * c] = not monotone

    def extreme(members, sign):
        objective = np.zeros(whole.size)
        objective[stage * c : (stage + 1) * c] = sign * members
        x = _solve(objective, program, whole)
        bodies, (h, _, odd) = x[: k * c].reshape(k, c), x[k * c :].reshape(3, k)
        bodies = bodies if monotone else bodies.astype(np.int64)
        return Allocation(lower, counts, bodies, (stages.totals - odd - 2 * h).astype(np.int64))

    classes = (size_class == i for i in range(limits.size + 1))
    return [(extreme(members, 1), extreme(members, -1)) for members in classes]


def stage_bounds(
    lower: ArrayLike,
    counts: ArrayLike,
    limits: ArrayLike,
    stages: Stages,
    outside: int,
    stage: int,
    monotone: bool = False,
) -> np.ndarray:
    """Bounds on the rate of one stage in every size class.

    lower: shape (C,), ascending lower edges of the cells of the frame; the cell c is
        [lower[c], lower[c + 1]), the last one unbounded. Every limit must be an edge, or lie in a
        cell without bodies. Where the ends of a median's interval are no edges, all that is used
        of it is the cells that it touches.
    counts: shape (C,), bodies of the frame in each cell.
    limits: shape (L,), ascending; classes are [0, limits[0]), ..., [limits[-1], infinity).
    stages: what was printed.
    outside: bodies that the totals count beside the frame.
    stage: 1 to K, the stage whose rate is bounded.
    monotone: assume that P(stage <= k | cell) does not fall with size, for every k, over the
        cells cut at medians and limits; cells at a median itself are left out of the chain.

    Returns shape (L + 1, 2), least and largest rate as fractions of the bodies of the class. They
    hold for every truth that prints this. Their ends are attained (`extreme_allocations`) by whole
    bodies, up to a body or two of a class for each even stage, the sizes of whose two middle
    members the cells do not resolve; under `monotone`, where a cell's bodies may be fractions, by
    real numbers, so that these bounds may be wider by fractions of a body more. That the monotone
    program has a solution does not confirm the assumption.

    Raises Infeasible if no allocation reproduces counts and medians (under the assumption), and
    ValueError for stages that do not sum to the frame and the bodies outside it, medians outside
    the frame, missing edges at limits, classes without bodies and counts that are not whole.
    """
    rates = []
    for at, pair in enumerate(extreme_allocations(lower, counts, limits, stages, outside, stage, monotone)):
        members = np.searchsorted(limits, pair[0].lower, "right") == at
        rates.append([end.bodies[stage - 1, members].sum() / end.counts[members].sum() for end in pair])
    return np.clip(rates, 0, 1)


def overlap_bounds(
    lower: ArrayLike, counts: ArrayLike, first: Stages, second: Stages, outside: int, stage: int = 1
) -> dict[str, tuple[int, int]]:
    """Fewest and most bodies that are in one stage of both of two surveys, inside the frame and everywhere.

    lower, counts: the frame as in `stage_bounds`.
    first, second: what was printed about each; both count the same bodies inside and outside
        the frame.
    outside: bodies that the totals count beside the frame.
    stage: 1 to K.

    Inside a cell of N bodies, of which a and b are in the two groups, the overlap can be any
    whole number from max(0, a + b - N) to min(a, b), and likewise among the bodies outside. Both
    allocations and both sets of outside numbers are free within what was printed. Sharp as far as
    `stage_bounds` is.

    Raises as `stage_bounds`.
    """
    lower, counts = _checked_frame(lower, counts)
    pair = [_checked_stages(stages, lower, counts, outside) for stages in (first, second)]
    medians = np.concatenate([end for stages in pair for end in (stages.first, stages.after)])
    lower, counts = _merged(lower, counts, medians, ())
    c = counts.size
    programs = [_program(lower, counts, stages, monotone=False) for stages in pair]
    # x = (first's y, h, z, o; second's; overlap in each cell; overlap outside).
    groups, fixed = [], []  # bodies of a group by cell and outside: rows of x, and what to add
    for stages, program in zip(pair, programs, strict=True):
        k = stages.totals.size
        i = checks.whole("stage", stage, 1, k) - 1
        rows = sparse.lil_array((c + 1, program.matrix.shape[1]))
        rows[np.arange(c), i * c + np.arange(c)] = 1
        rows[c, [k * c + i, k * c + 2 * k + i]] = -2, -1
        groups.append(rows.tocsr())
        fixed.append(np.append(np.zeros(c), stages.totals[i]))
    overlap, room = sparse.eye_array(c + 1), np.append(counts, outside)
    free = np.full(c + 1, np.inf)
    joint = _Program(
        sparse.block_array(
            [
                [programs[0].matrix, None, None],
                [None, programs[1].matrix, None],
                [-groups[0], None, overlap],
                [None, -groups[1], overlap],
                [-groups[0], -groups[1], overlap],
            ],
            format="csr",
        ),
        np.concatenate([*(p.least for p in programs), -free, -free, sum(fixed) - room]),
        np.concatenate([*(p.most for p in programs), *fixed, free]),
        np.concatenate([*(p.x_least for p in programs), np.zeros(c + 1)]),
        np.concatenate([*(p.x_most for p in programs), room]),
    )
    first_overlap = joint.matrix.shape[1] - c - 1
    ends = []
    for counted in (c, c + 1):
        for sign in (1, -1):
            objective = np.zeros(joint.matrix.shape[1])
            objective[first_overlap : first_overlap + counted] = sign
            ends.append(int(objective @ _solve(objective, joint, np.ones(objective.size))) * sign)
    return {"inside": (ends[0], ends[1]), "everywhere": (ends[2], ends[3])}
