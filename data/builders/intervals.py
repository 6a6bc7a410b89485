"""The population intervals that the builders share, cut so that every count needed is exact."""

import math

from adoption import data

PER_DECADE = 20
CLASS_LIMITS = (5_000, 10_000, 30_000, 50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000)
FLOOR = 100  # in logarithms a smaller population counts as this
TOP = 14_125_375  # 10 ** 7.15, above the largest prefecture of 2015


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
