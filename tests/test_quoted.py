"""What later pages print, typed once more: a table with new checksums is held against it."""

import re
import unicodedata

import pandas as pd
import pytest

from adoption import data

# Shares of the local governments that had introduced a technology, in percent, which one page
# alone gives, without a count or a quotation that would tell of a slip.
SINGLE = {
    ("AI", 2020, "prefecture"): 85,
    ("AI", 2021, "prefecture"): 100,
    ("RPA", 2024, "designated_city"): 100,
    ("RPA", 2024, "other_municipality"): 43,
    ("RPA", 2024, "prefecture"): 96,
}
# The numbers of each quotation, in the order of its words.
QUOTED = {
    "later-surveys": [
        "2018 5.8 2024 59.2",
        "30 12 0 4 4 0 0 30 60 0 20 20 0 0",
        "1 36 60 4",
        "10 6 3 0 1 0 50 30 15 0 5 0",
        "68 50 8",
        "8 50 8 2 21 3 35 4 45 5 50",
        "2 16 2 1 0 1 0 2 80 10 5 0 5 0",
        "3 20 0 0 0 0 0 3 100 0 0 0 0 0",
        "5 12 100 100 50",
        "716 40.0",
        "347 19.4",
        "64.5 1,154",
        "1 30 40 3",
        "2021 7 14 74 65 19",
        "5 94 100 36",
        "94 100 41",
        "91 5.1",
        "24 51.1 21 44.7 8 40.0 10 50.0 162 9.4 271 15.7 248 14.4",
        "51.1 40.0 9.4",
        "1721 28.8 19.4 12.3 9.7 50.8 21.5 83.0 85.0",
        "6 12 31 87.2 90.0 29.9",
        "87.2 90.0",
        "2024 32.0",
        "100 58 80 20",
        "20",
        "94 100 36 5 6 30",
    ],
    "quoted-figures": [
        "5 510 5 1 67 25 8",
        "2022 500",
        "6 2024 1,065",
        "30 30 11 8 11 30 1,788 1,788 100",
        "2 2 10 2 2 28 1,788 1,788 100 2",
        "30 55 157 120",
        "875",
        "755",
        "638",
        "635",
        "602",
        "541",
        "244",
        "10 94 5 37",
        "1",
        "8 34",
        "18 3,650",
        "27 15 14 7 8",
    ],
    "imizu-hours": ["1,095 176 919 83.9", "223 112 111 49.8", "183 72 111 60.7", "846 460 386 45.6"],
}


def test_percentages_that_one_page_alone_gives():
    table = data.load("later-surveys")
    answers = table.groupby(["technology", "survey_fy", "body_type", "status", "edition"], dropna=False)
    alone = table[(answers.source.transform("size") == 1) & table.bodies.isna() & table.quotation.isna()]
    assert set(alone.status) == {"introduced"}
    found = alone.set_index(["technology", "survey_fy", "body_type"]).percent
    # A survey that came later is in the table before it is here.
    assert found[found.index.get_level_values("survey_fy") <= 2024].to_dict() == SINGLE


@pytest.mark.parametrize("name", QUOTED)
def test_numbers_of_the_quotations(name):
    quotations = [text for text in dict.fromkeys(data.load(name).quotation) if not pd.isna(text)]
    found = [re.findall(r"\d+(?:[.,・]\d+)*", unicodedata.normalize("NFKC", text)) for text in quotations]
    assert [" ".join(numbers).replace("・", ".") for numbers in found] == QUOTED[name]
