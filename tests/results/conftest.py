"""What tests of several chapters' results share."""

import csv

import pytest


@pytest.fixture(scope="session")
def people(shared):
    """Population of each of the 1,741 municipalities, from the census's own table."""
    with (shared / "census" / "001_00.csv").open(encoding="cp932", newline="") as file:
        rows = [row for row in csv.reader(file) if row[4:5] == ["2015"]]
    people = [int(row[7]) if row[7] != "-" else 0 for row in rows
              if (row[3] in "123" and row[2] != "13100")
              or (row[3] == "0" and 13101 <= int(row[2]) <= 13123)]
    assert len(people) == 1741
    return people
