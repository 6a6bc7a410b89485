"""Readers of the two official inputs of the builders: the census file and the dashboard table.

Neither file is part of the repository. Both readers take the file's path, check everything that
the builders rely on, and stop with a ValueError that names file, row, column, what was found and
what was expected.
"""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

KINDS = ("prefecture", "designated_city", "other_municipality")
KIND_COUNTS = {"prefecture": 47, "designated_city": 20, "other_municipality": 1721}
NATION = 127_094_745


class Body(NamedTuple):
    """One local government of the 2015 census: code, kind (see KINDS), name, population."""

    code: str
    kind: str
    name: str
    population: int


class Adoption(NamedTuple):
    """One local government on the dashboard: what it answered on staff, AI and RPA."""

    code: str
    kind: str
    population: int
    external_staff: str  # yes, no or not_surveyed
    ai: bool
    rpa: bool


def complain(path, row, column, found, expected):
    """Raise the ValueError that every reader here uses; ``row`` counts from 1."""
    raise ValueError(f"{Path(path).name}, row {row}, column {column}: found {found!r}, expected {expected}")


def read_rows(path, encoding):
    """All rows of a CSV file as lists of strings, decoded strictly."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: found no such file, expected a CSV file")
    try:
        text = path.read_bytes().decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name}: found bytes that are not {encoding} at {error.start}, expected a file in {encoding}"
        ) from None
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(f"{path.name}: found broken CSV ({error}), expected a CSV file") from None


# ---------------------------------------------------------------------------------- the census

CENSUS_COLUMNS = {1: "※大項目", 2: "地域コード", 3: "地域識別コード", 4: "境域年次(2015)", 7: "人口　平成27年　(a)"}
CENSUS_HEADER_ROW = 10
SPECIAL_WARDS = tuple(str(code) for code in range(13101, 13124))


def kind_of(code, identifier):
    """Kind of body of one census row, or None for a row that is no body of its own.

    Identifiers: ``a`` nation or prefecture, ``b`` all cities or all counties, ``c`` county, ``d``
    densely inhabited district, ``1`` designated city (and the 23 wards together), ``2`` city,
    ``3`` town or village, ``0`` ward, ``9`` municipality of the year 2000.
    """
    if identifier == "a":
        return None if code == "00000" else "prefecture"
    if identifier == "1":
        return None if code == "13100" else "designated_city"
    if identifier in ("2", "3"):
        return "other_municipality"
    if identifier == "0":
        # the special wards of Tokyo are local governments, those of designated cities are not
        return "other_municipality" if code in SPECIAL_WARDS else None
    if identifier in ("b", "c", "d", "9"):
        return None
    raise KeyError(identifier)


def read_census(path):
    """The 1,788 bodies of the 2015 census, in the order of the official file.

    ``path``: table 1 of the basic complete tabulation (file 001_00, CP932), Statistics Bureau,
    2015 Population Census. Checks 47 prefectures, 20 designated cities and 1,721 other
    municipalities, and that every prefecture equals the sum of its own municipalities.
    """
    rows = read_rows(path, "cp932")
    if len(rows) <= CENSUS_HEADER_ROW:
        raise ValueError(f"{Path(path).name}: found {len(rows)} rows, expected more")
    header = rows[CENSUS_HEADER_ROW - 1]
    for column, name in CENSUS_COLUMNS.items():
        found = header[column] if column < len(header) else None
        if found != name:
            complain(path, CENSUS_HEADER_ROW, column + 1, found, f"the heading {name!r}")

    bodies, seen, nation = [], set(), None
    for number, row in enumerate(rows[CENSUS_HEADER_ROW:], start=CENSUS_HEADER_ROW + 1):
        if len(row) != len(header):
            complain(path, number, "(all)", f"{len(row)} cells", f"{len(header)} cells")
        code, identifier, year, name, value = row[2], row[3], row[4], row[6], row[7]
        if year != "2015":
            continue
        try:
            kind = kind_of(code, identifier)
        except KeyError:
            complain(path, number, CENSUS_COLUMNS[3], identifier, "one of a b c d 0 1 2 3 9")
        is_nation = (code, identifier) == ("00000", "a")
        if kind is None and not is_nation:
            continue
        if not (value.isascii() and value.isdigit()):
            complain(path, number, CENSUS_COLUMNS[7], value, "a whole number")
        if is_nation:
            nation = int(value)
            continue
        if len(code) != 5 or code in seen:
            complain(path, number, CENSUS_COLUMNS[2], code, "a code of five digits, once")
        seen.add(code)
        bodies.append(Body(code, kind, name, int(value)))

    for kind, expected in KIND_COUNTS.items():
        found = sum(body.kind == kind for body in bodies)
        if found != expected:
            complain(path, "(all)", CENSUS_COLUMNS[3], f"{found} x {kind}", f"{expected}")
    municipal_sum = {}
    for body in bodies:
        if body.kind != "prefecture":
            prefecture = body.code[:2] + "000"
            municipal_sum[prefecture] = municipal_sum.get(prefecture, 0) + body.population
    for body in bodies:
        if body.kind == "prefecture" and municipal_sum.get(body.code) != body.population:
            complain(
                path,
                f"of {body.name}",
                CENSUS_COLUMNS[7],
                body.population,
                f"the sum of its municipalities, {municipal_sum.get(body.code)}",
            )
    if not nation == sum(municipal_sum.values()) == NATION:
        complain(path, "of the nation", CENSUS_COLUMNS[7], nation, f"{NATION}")
    return bodies


# ------------------------------------------------------------------------------- the dashboard

DASHBOARD_ROWS = {
    "external_staff": ("自治体DXの推進体制等", "外部人材活用"),
    "ai": ("自治体業務のDX", "AIの導入状況"),
    "rpa": ("自治体業務のDX", "RPAの導入状況"),
}
EXTERNAL_STAFF = {"実施": "yes", "未実施": "no", "調査無し": "not_surveyed"}
INTRODUCED = {"実施": True, "未実施": False}

# A town in the census of 2015, a city since 2016: the dashboard lists it after the last city
# of its prefecture, the census among the towns.
MOVED = ("富谷町", "富谷市")
# Names of 2015 in the census, by code, and of 2023 on the dashboard.
RENAMED = {"28221": ("篠山市", "丹波篠山市"), "40305": ("那珂川町", "那珂川市")}


def same_name(body, name):
    """Whether a dashboard name is the census name of ``body`` or one of the known exceptions."""
    if body.name == name or RENAMED.get(body.code) == (body.name, name):
        return True
    # The first character of 宝塚市 has two encodings (U+585A, U+FA10).
    return body.code == "28214" and name.replace("\ufa10", "\u585a") == "宝塚市"


def read_dashboard(path, bodies, first_cell):
    """Join the columns of one dashboard table to ``bodies`` in order; list of Adoption.

    ``bodies``: the census rows of the same kind of body, in the census's order (the dashboard
    has neither codes nor prefectures, so the order is the key and the names are the check).
    """
    rows = read_rows(path, "utf-8-sig")
    header = rows[0] if rows else []
    if header[:1] != [first_cell]:
        complain(path, 1, 1, header[0] if header else None, f"{first_cell!r}")
    names = header[2:]
    # the municipal table ends every line with an empty cell
    width = len(names) - (names[-1:] == [""])
    if width != len(bodies):
        complain(path, 1, "(all)", f"{width} names", f"{len(bodies)} names")

    found_rows = {}
    for key, label in DASHBOARD_ROWS.items():
        hits = [number for number, row in enumerate(rows) if tuple(row[:2]) == label]
        if len(hits) != 1:
            complain(path, "(all)", "1-2", f"{len(hits)} rows {label}", "exactly one")
        if len(rows[hits[0]]) != len(rows[0]):
            complain(path, hits[0] + 1, "(all)", f"{len(rows[hits[0]])} cells", f"{len(rows[0])} cells")
        found_rows[key] = hits[0]

    columns = list(range(width))
    if MOVED[1] in names:
        target = [body.name for body in bodies].index(MOVED[0])
        columns.insert(target, columns.pop(names.index(MOVED[1])))
    result = []
    for body, column in zip(bodies, columns, strict=True):
        name = names[column]
        if not same_name(body, name) and (body.name, name) != MOVED:
            complain(path, 1, column + 3, name, f"{body.name!r} (census code {body.code})")
        answers = {}
        for key, meaning in (("external_staff", EXTERNAL_STAFF), ("ai", INTRODUCED), ("rpa", INTRODUCED)):
            row = found_rows[key]
            found = rows[row][column + 2]
            if found not in meaning:
                complain(path, row + 1, f"{column + 3} ({name})", found, f"one of {', '.join(meaning)}")
            answers[key] = meaning[found]
        result.append(Adoption(body.code, body.kind, body.population, **answers))
    return result


# --------------------------------------------------------------------------- shared arithmetic


def median_half_up(populations):
    """Median of whole numbers, a mean of two rounded half up, as a statistical table prints it."""
    ordered = np.sort(np.asarray(populations, dtype=np.int64))
    if ordered.size == 0:
        raise ValueError("found no populations, expected at least one")
    low, high = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return int((low + high + 1) // 2)


def write_csv(path, header, rows):
    """Write a table as UTF-8 with LF line ends."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
