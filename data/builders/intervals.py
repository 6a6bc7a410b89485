"""The population intervals that the builders share, cut so that every count needed is exact."""

import math
from bisect import bisect_right

from adoption import data

PER_DECADE = 20
CLASS_LIMITS = (5_000, 10_000, 30_000, 50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000)
FLOOR = 100  # in logarithms a smaller population counts as this
TOP = 14_125_375  # 10 ** 7.15, above the largest prefecture of 2015
# Classes of the tables by prefecture and by fiscal strength, and how many municipalities a cell
# with answers holds at least. The towns without population are a class of their own.
SIZE_CLASSES = (0, 1, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000, 200_000, TOP)
AT_LEAST_WITH_ANSWERS = 3


def medians_2020():
    """The ten median populations printed in the deck, as {(technology, stage): people}."""
    table = data.load("adoption-by-stage")
    keys = zip(table.technology, table.stage, strict=True)
    return dict(zip(keys, table.median_population.tolist(), strict=True))


def printed_populations():
    """The populations of single bodies printed in the deck, sorted, each once."""
    small, members = data.load("small-adopters"), data.load("consortium-members")
    return sorted({*small.population.tolist(), *members.population.tolist()})


def exact_edges(points, limits=CLASS_LIMITS):
    """Edges that must be there: v and v + 1 for every point, the class limits, and the ends.

    The interval [0, 1) holds the towns without population; [1, FLOOR) the sizes below the floor.
    """
    edges = {0, 1, FLOOR, TOP, *limits}
    for value in points:
        if not FLOOR <= value < TOP:
            raise ValueError(f"found point {value}, expected {FLOOR} <= point < {TOP}")
        edges.update((value, value + 1))
    return sorted(edges)


def subdivide(edges, per_decade=PER_DECADE):
    """Cut every interval above FLOOR into equal parts of at most 1 / per_decade of a decade."""
    result = [edge for edge in edges if edge <= FLOOR]
    for lower, upper in zip(edges, edges[1:], strict=False):
        if lower < FLOOR:
            continue
        parts = math.ceil(per_decade * math.log10(upper / lower))
        for part in range(1, parts):
            inner = math.floor(lower * (upper / lower) ** (part / parts) + 0.5)
            if result[-1] < inner < upper:
                result.append(inner)
        result.append(upper)
    return result


def population_edges(medians_2023):
    """All edges of the 2015 distribution: a log grid through every population that matters."""
    return subdivide(exact_edges([*medians_2020().values(), *printed_populations(), *medians_2023]))


def thin(edges, keep, populations, at_least):
    """A coarser grid: drop edges not in ``keep`` until intervals hold ``at_least`` bodies.

    Works upwards: an edge that need not be kept is dropped while fewer than ``at_least`` bodies
    lie between the last edge and it, or between it and the next edge to keep.
    """
    keep = set(keep)

    def bodies(lower, upper):
        return sum(lower <= population < upper for population in populations)

    result = [edges[0]]
    for edge, after in zip(edges[1:], range(2, len(edges) + 1), strict=True):
        if edge not in keep:
            following = next(e for e in edges[after:] if e in keep)
            if min(bodies(result[-1], edge), bodies(edge, following)) < at_least:
                continue
        result.append(edge)
    return result


def size_class(body):
    """Position in SIZE_CLASSES of a municipality's class."""
    return bisect_right(SIZE_CLASSES, body.population) - 1


def merged(group, position, name):
    """A group of municipalities by class, neighbouring classes merged until each holds enough.

    position: function that gives a municipality's class as a number. Works upwards; a last class
    with too few joins the one before. Returns (first class, last class, its municipalities); a
    ValueError names the group (``name``) where it is too small.
    """
    cells = []
    for at in sorted({position(body) for body in group}):
        own = [body for body in group if position(body) == at]
        if cells and len(cells[-1][2]) < AT_LEAST_WITH_ANSWERS:
            cells[-1] = (cells[-1][0], at, cells[-1][2] + own)
        else:
            cells.append((at, at, own))
    if len(cells) > 1 and len(cells[-1][2]) < AT_LEAST_WITH_ANSWERS:
        (first, _, below), (_, last, own) = cells[-2:]
        cells[-2:] = [(first, last, below + own)]
    if cells and len(cells[-1][2]) < AT_LEAST_WITH_ANSWERS:
        raise ValueError(
            f"{name}: found {len(cells[-1][2])} municipalities in a cell, expected at least {AT_LEAST_WITH_ANSWERS}"
        )
    return cells


def log_size(body):
    """Logarithm to base 2 of a municipality's population."""
    return math.log2(max(body.population, FLOOR))


def total(values):
    """A sum as the tables have it."""
    return f"{math.fsum(values):.10g}"


def log_sums(cell):
    """Sums of log_size over a cell's municipalities, its AI adopters, its RPA adopters, and of the squares."""
    return (
        total(log_size(body) for body in cell),
        total(log_size(body) for body in cell if body.ai),
        total(log_size(body) for body in cell if body.rpa),
        total(log_size(body) ** 2 for body in cell),
    )
