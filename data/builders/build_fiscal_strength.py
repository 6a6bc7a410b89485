"""Build adoption-2023-by-fiscal-strength and fiscal-strength-by-prefecture from the official files.

    python data/builders/build_fiscal_strength.py CENSUS_CSV MUNICIPALITIES_CSV INDICES_XLSX

The first two are those of build_adoption_2023.py. INDICES_XLSX is the ministry's table of the main
fiscal indices of all municipalities (全市町村の主要財政指標) of fiscal 2019, with the index of
fiscal strength (財政力指数).
"""

import argparse
import xml.etree.ElementTree as ET
import zipfile
from bisect import bisect_right
from pathlib import Path

from intervals import SIZE_CLASSES, log_size, log_sums, merged, size_class, total
from sources import complain, read_census, read_dashboard, write_csv

GROUPS = (0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 3.0)  # lower limits of the index, and an end above the highest
MEAN = 0.51  # printed in the table's last row
# Towns of the census of 2015 that were cities, with codes of their own, in fiscal 2019.
RECODED = {"04423": "04216", "40305": "40231"}
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HEADINGS = {"A": "団体コード", "D": "財政力指数"}


def read_sheet(path):
    """The cells of a workbook's first sheet as text, a dictionary by column letter for each row."""
    if not Path(path).is_file():
        raise ValueError(f"{path}: found no such file, expected a workbook")
    try:
        with zipfile.ZipFile(path) as book:
            strings = ET.fromstring(book.read("xl/sharedStrings.xml"))
            sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    except (zipfile.BadZipFile, KeyError, ET.ParseError) as error:
        raise ValueError(f"{Path(path).name}: found no workbook ({error}), expected a file in xlsx") from None
    # of a shared string only its text counts, not how it is pronounced (rPh)
    texts = [
        "".join(t.text or "" for t in (*item.findall(f"{NAMESPACE}t"), *item.findall(f"{NAMESPACE}r/{NAMESPACE}t")))
        for item in strings
    ]
    rows = []
    for row in sheet.iter(f"{NAMESPACE}row"):
        cells = {}
        for cell in row.findall(f"{NAMESPACE}c"):
            value = cell.findtext(f"{NAMESPACE}v")
            if value is not None:
                text = texts[int(value)] if cell.get("t") == "s" else value
                cells[cell.get("r").rstrip("0123456789")] = text
        rows.append(cells)
    return rows


def read_strength(path, bodies):
    """Index of fiscal strength by census code, one for each of ``bodies``."""
    title, headings, *rows = read_sheet(path)
    for column, name in HEADINGS.items():
        if headings.get(column) != name:
            complain(path, 2, column, headings.get(column), f"the heading {name!r}")
    index = {}
    for number, row in enumerate(rows, start=3):
        code, value = row.get("A", ""), row.get("D", "")
        if len(code) != 6 or not code.isdigit():
            continue  # the mean of the nation, and notes
        try:
            found = float(value)
        except ValueError:
            found = -1.0
        if not 0 < found < GROUPS[-1] or code[:5] in index:
            complain(path, number, f"A and D ({code})", value, f"a number from 0 to {GROUPS[-1]}, each code once")
        index[code[:5]] = round(found, 2)
    codes = {body.code: RECODED.get(body.code, body.code) for body in bodies}
    if missing := sorted({*codes.values()} ^ {*index}):
        complain(path, "(all)", "A", f"codes {missing[:3]} here or in the census alone", "the same municipalities")
    if round(sum(index.values()) / len(index), 2) != MEAN:
        complain(path, "(all)", "D", f"mean {sum(index.values()) / len(index):.4f}", f"the printed mean, {MEAN}")
    return {code: index[own] for code, own in codes.items()}


def by_strength(municipalities, index):
    """Rows size class x group of the index: counts, and sums of log2(population) and of the index."""

    def group(body):
        return bisect_right(GROUPS, index[body.code]) - 1

    rows = []
    for at in range(len(SIZE_CLASSES) - 1):
        own = [body for body in municipalities if size_class(body) == at]
        for first, last, cell in merged(own, group, f"size class from {SIZE_CLASSES[at]}"):
            rows.append(
                (
                    SIZE_CLASSES[at],
                    SIZE_CLASSES[at + 1],
                    f"{GROUPS[first]:g}",
                    f"{GROUPS[last + 1]:g}",
                    len(cell),
                    sum(body.ai for body in cell),
                    sum(body.rpa for body in cell),
                    sum(body.ai and body.rpa for body in cell),
                    sum(body.population for body in cell),
                    total(log_size(body) for body in cell),
                    total(index[body.code] for body in cell),
                )
            )
    return rows


def by_prefecture(municipalities, index):
    """Rows prefecture x merged size class: counts, and the sums of a regression on size and the index."""
    rows = []
    for prefecture in sorted({body.code[:2] for body in municipalities}):
        own = [body for body in municipalities if body.code[:2] == prefecture]
        for first, last, cell in merged(own, size_class, f"prefecture {prefecture}"):
            rows.append(
                (
                    prefecture,
                    SIZE_CLASSES[first],
                    SIZE_CLASSES[last + 1],
                    len(cell),
                    sum(body.ai for body in cell),
                    sum(body.rpa for body in cell),
                    sum(body.population for body in cell),
                    *log_sums(cell),
                    total(index[body.code] for body in cell),
                    total(index[body.code] for body in cell if body.ai),
                    total(index[body.code] for body in cell if body.rpa),
                    total(index[body.code] ** 2 for body in cell),
                    total(index[body.code] * log_size(body) for body in cell),
                )
            )
    return rows


def build(census_csv, municipalities_csv, indices_xlsx, out):
    """Write both tables into the folder ``out``."""
    bodies = [body for body in read_census(census_csv) if body.kind != "prefecture"]
    municipalities = read_dashboard(municipalities_csv, bodies, first_cell="")
    index = read_strength(indices_xlsx, bodies)
    counts = ("bodies", "ai", "rpa")
    write_csv(
        Path(out) / "adoption-2023-by-fiscal-strength.csv",
        (
            "lower",
            "upper",
            "index_lower",
            "index_upper",
            *counts,
            "both",
            "population",
            "log2_population",
            "fiscal_strength",
        ),
        by_strength(municipalities, index),
    )
    write_csv(
        Path(out) / "fiscal-strength-by-prefecture.csv",
        (
            "prefecture",
            "lower",
            "upper",
            *counts,
            "population",
            "log2_population",
            "log2_population_ai",
            "log2_population_rpa",
            "log2_population_squared",
            "fiscal_strength",
            "fiscal_strength_ai",
            "fiscal_strength_rpa",
            "fiscal_strength_squared",
            "fiscal_strength_log2_population",
        ),
        by_prefecture(municipalities, index),
    )


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("census_csv")
    parser.add_argument("municipalities_csv")
    parser.add_argument("indices_xlsx")
    parser.add_argument("--out", default=Path(__file__).parents[1], help="folder to write into")
    args = parser.parse_args()
    try:
        build(args.census_csv, args.municipalities_csv, args.indices_xlsx, args.out)
    except ValueError as error:
        raise SystemExit(f"build_fiscal_strength: {error}") from None


if __name__ == "__main__":
    main()
