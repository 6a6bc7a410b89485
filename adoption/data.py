"""The tables of the folder data/: strict loading, checks, checksums, codebook.

Every table is described in ``data/datapackage.json`` (Frictionless Data Package): field types,
units, constraints, keys, sources. ``load`` compares the raw cells of a table with its schema before
anything is typed, and then checks what a schema cannot say. Data that differ raise ``DataError``,
whose message names file, row, column, what was found and what was expected. ``csvfile`` states the
form of the tables, ``descriptor`` that of their description. Two commands::

    python -m adoption.data            check the rows of all tables, then renew the checksums
    python -m adoption.data --check    check the rows, then the checksums, then the package

An edit that changes no form, key, sum, order or quotation (a translation, a count of its own) may
be meant. Checksums tell of it, and the first command renews them.
"""

import argparse
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd

from adoption import HOME, csvfile, descriptor, relations
from adoption.csvfile import ChecksumError, DataError, fail, label, row_place

DATA = HOME / "data"
PACKAGE = "datapackage.json"
WHAT_IF = 'to try other numbers leave the tables and take a notebook: "Other numbers" in chapters/how-to-rerun.md'


def package(folder: Path = DATA) -> dict:
    """The descriptor datapackage.json of ``folder`` as a dictionary."""
    return descriptor.read(Path(folder) / PACKAGE)


def names(folder: Path = DATA) -> list[str]:
    """Names of all tables, in the order of the package."""
    return [resource["name"] for resource in package(folder)["resources"]]


def describe(name: str, folder: Path = DATA) -> dict:
    """Descriptor of one table: title, description, sources, licenses, schema, hash, bytes."""
    resources = {resource["name"]: resource for resource in package(folder)["resources"]}
    if name not in resources:
        raise DataError(
            f"{label(Path(folder) / PACKAGE)}: found no table named {name!r}, expected one of {', '.join(resources)}"
        )
    return resources[name]


def path(name: str, folder: Path = DATA) -> Path:
    """The CSV file of one table."""
    return Path(folder) / f"{name}.csv"


# --- loading --------------------------------------------------------------------------------------


def load(name: str, folder: Path = DATA) -> pd.DataFrame:
    """One table as a typed DataFrame, in the order of its file.

    Integers become int64 (Int64 where empty cells are allowed), numbers float64, strings str;
    empty cells are missing values. Opens the package and this table's file, no other.
    Raises DataError where the table differs from its description or contradicts itself.
    """
    return _load(describe(name, folder), path(name, folder))


def load_all(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    return {
        resource["name"]: _load(resource, path(resource["name"], folder)) for resource in package(folder)["resources"]
    }


def _load(resource: dict, file: Path) -> pd.DataFrame:
    with _uses(file):
        table = _typed(resource, file)
        table.attrs["table"] = f"data/{file.name}"  # figures name where their numbers come from
        relations.check_table(table, resource)
    return table


@contextmanager
def _uses(file: Path, place: str = "") -> Iterator[None]:
    """For what needs properties, columns or tables that an edited description may not have."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{label(file)}{place}: found {type(error).__name__}: {error}, expected "
            "the tables, columns and cells that its checks use"
        ) from error


def _typed(resource: dict, file: Path) -> pd.DataFrame:
    """The raw cells of a table compared with the schema and typed."""
    fields = resource["schema"]["fields"]
    rows = csvfile.read(file, [field["name"] for field in fields])
    expected = resource.get("rows")
    if not rows or (expected is not None and len(rows) != expected):
        fail(file, "rows", f"{len(rows)} rows", f"{expected or 'at least one'}")
    table = {}
    for field, cells in zip(fields, zip(*rows, strict=True), strict=True):
        column = f"column {field['name']}"
        values = [_value(raw, field, file, f"{row_place(at)}, {column}") for at, raw in enumerate(cells)]
        table[field["name"]] = pd.Series(values, dtype=_dtype(field))
    return pd.DataFrame(table)


def _dtype(field: dict) -> str:
    whole = "int64" if field["constraints"].get("required") else "Int64"
    return {"integer": whole, "number": "float64", "string": "str"}[field["type"]]


def _value(raw: str, field: dict, file: Path, place: str) -> int | float | str | None:
    """One raw cell checked against its field and typed; None for an allowed empty cell."""
    constraints = field["constraints"]
    if raw == "" and not constraints.get("required"):
        return None
    read = {
        "string": csvfile.words,
        "integer": csvfile.integer,
        "number": partial(csvfile.number, forms=(".10g", ".1f")),
    }  # 40 or 40.0, as printed
    value = read[field["type"]](raw, file, place, expectation(field))
    if field["type"] == "string":
        allowed = value in constraints.get("enum", (value,)) and re.fullmatch(constraints.get("pattern", ".*"), raw)
    else:
        allowed = constraints["minimum"] <= value <= constraints.get("maximum", value)
    if not allowed:
        fail(file, place, repr(raw), expectation(field))
    return value


def expectation(field: dict) -> str:
    """In words, what a cell of ``field`` must hold: 'an integer >= 0', 'one of AI, RPA'."""
    constraints = field["constraints"]
    if "enum" in constraints:
        return "one of " + ", ".join(constraints["enum"])
    if field["type"] == "string":  # what the field's pattern means, in words
        return field.get("expected", csvfile.TEXT)
    low, high = constraints["minimum"], constraints.get("maximum")
    kind = {"integer": "an integer", "number": "a number"}[field["type"]]
    return f"{kind} >= {low}" if high is None else f"{kind} from {low} to {high}"


def _check_foreign_keys(tables: dict, folder: Path) -> None:
    for resource in package(folder)["resources"]:
        with _uses(folder / PACKAGE, f", resources[{resource['name']}].schema.foreignKeys"):
            for key in resource["schema"].get("foreignKeys", ()):
                other, target = key["reference"]["resource"], key["reference"]["fields"]
                cells = tables[resource["name"]][key["fields"]]
                known = set(tables[other][target].itertuples(index=False, name=None))
                relations.every(
                    cells,
                    key["fields"],
                    [row in known or any(map(pd.isna, row)) for row in cells.itertuples(index=False, name=None)],
                    f"a row of {other} with this {' + '.join(target)}",
                )


# --- everything, checksums, codebook --------------------------------------------------------------


def check_rows(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """Load all tables and check them against each other; returns them. Checksums play no part."""
    folder = Path(folder)
    description = package(folder)
    descriptor.check(description, folder / PACKAGE)
    files = [resource["path"] for resource in description["resources"]]
    for name, resource in zip(names(folder), description["resources"], strict=True):
        if resource["path"] != f"{name}.csv":
            fail(folder / PACKAGE, f"resources[{name}].path", resource["path"], f"{name}.csv")
    for file in sorted(folder.glob("*.csv")):
        if file.name not in files:
            fail(folder / PACKAGE, "resources", f"no description of {label(file)}", "one of every CSV file")
    tables = load_all(folder)
    _check_foreign_keys(tables, folder)
    with _uses(folder / PACKAGE):
        for check_tables in relations.CROSS_CHECKS:
            check_tables(tables)
    return tables


def digest(file: Path) -> tuple[int, str]:
    """Size in bytes and checksum of a file, as the package states them."""
    return file.stat().st_size, "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


def check(folder: Path = DATA) -> dict[str, pd.DataFrame]:
    """Everything: rows, tables together, then the checksums, then the package by frictionless.

    In this order: an edited table is judged by what it says before it is judged by its checksum.
    Returns the tables; raises DataError at the first fault, ChecksumError for that of a checksum.
    """
    folder = Path(folder)
    tables = check_rows(folder)
    description = package(folder)
    for resource in description["resources"]:
        file = path(resource["name"], folder)
        for key, found in zip(("bytes", "hash"), digest(file), strict=True):
            _check_sum(file, f"property {key} of {PACKAGE}", found, resource[key])
    _check_sum(
        folder / PACKAGE,
        "property hash (of all but sizes and checksums of the tables)",
        descriptor.digest(description),
        description["hash"],
    )
    _check_package(folder)
    return tables


def _check_sum(file: Path, place: str, found, stated) -> None:
    if found != stated:
        raise ChecksumError(
            f"{label(file)}, {place}: found {found}, expected {stated} "
            "(after a change that is meant, run: python -m adoption.data)"
        )


def _check_package(folder: Path) -> None:
    """The package as frictionless reads it."""
    from frictionless import validate  # slow to import, and only needed here

    report = validate(str(folder / PACKAGE))
    if not report.valid:
        faults = report.flatten(["rowNumber", "fieldName", "note"])
        raise DataError(f"{label(folder / PACKAGE)}: frictionless found {faults[:3]}, expected a valid data package")


def changed(folder: Path = DATA) -> list[str]:
    """Names of the tables that differ from their recorded checksum, and the package's if it does."""
    description = package(folder)
    found = [
        resource["name"]
        for resource in description["resources"]
        if (resource["bytes"], resource["hash"]) != digest(path(resource["name"], folder))
    ]
    return found + [PACKAGE] * (description["hash"] != descriptor.digest(description))


def renew(folder: Path = DATA) -> list[str]:
    """Check all rows, then write sizes and checksums into the package; returns what `changed`."""
    folder = Path(folder)
    check_rows(folder)
    found, description = changed(folder), package(folder)
    for resource in description["resources"]:
        resource["bytes"], resource["hash"] = digest(path(resource["name"], folder))
    description["hash"] = descriptor.digest(description)
    csvfile.write(folder / PACKAGE, descriptor.dump(description))
    return found


def _constraints(field: dict, schema: dict) -> Iterator[str]:
    constraints = field["constraints"]
    if field["type"] != "string" or "enum" in constraints or "expected" in field:
        yield expectation(field).removeprefix("an integer ").removeprefix("a number ")
    if not constraints.get("required"):
        yield "may be empty"
    if constraints.get("unique"):
        yield "unique"
    if field["name"] in schema["primaryKey"]:
        yield "part of the key" if len(schema["primaryKey"]) > 1 else "key"
    for key in schema.get("foreignKeys", ()):
        if field["name"] in key["fields"]:
            yield f"refers to {key['reference']['resource']}"


def field_table(name: str, folder: Path = DATA) -> pd.DataFrame:
    """The fields of one table, one row each: Field, Type, Unit, Values, Meaning."""
    schema = describe(name, folder)["schema"]
    return pd.DataFrame(
        [
            {
                "Field": field["name"],
                "Type": field["type"],
                "Unit": field.get("unit", ""),
                "Values": "; ".join(_constraints(field, schema)),
                "Meaning": field["description"],
            }
            for field in schema["fields"]
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Command line: renew the checksums, or with --check compare them."""
    parser = argparse.ArgumentParser(description="Check the tables of data/, renew checksums.")
    parser.add_argument("--check", action="store_true", help="change nothing, compare checksums")
    try:
        if parser.parse_args(arguments).check:
            print(f"{len(check())} tables: rows, package and checksums are in order")
        else:
            print(f"{len(names())} tables in order; checksums renewed: {', '.join(renew()) or 'none'}")
    except DataError as error:
        raise SystemExit(f"{error}\n{WHAT_IF}") from None


if __name__ == "__main__":
    main()
