"""adoption.register_page: the register as a table that works without JavaScript."""

import math

import pytest
from bs4 import BeautifulSoup

from adoption import citation, register, register_page
from adoption.register import Result

FACT = Result("a.b", 0.5, None, None, None, "fraction", "A < b", "fact", "all", "S & T",
              "adoption.m.f", "joint-use")
RANGE = FACT._replace(id="a.c", value=None, lower=1.0, upper=math.inf, evidence="range")
TEST = FACT._replace(id="a.d", value=None, p_value=0.003, evidence="test")


@pytest.mark.parametrize("value, text", [(None, ""), (0.25, "0.25"), (296.0, "296"),
                                         (math.inf, "∞"), (1.25e-47, "1.25e-47")])
def test_number(value, text):
    assert register_page.number(value) == text


@pytest.mark.parametrize("result, text", [
    (FACT, "Result a.b = 0.5"), (RANGE, "Result a.c = 1 to ∞"), (TEST, "Result a.d = p = 0.003")])
def test_part_says_the_value(result, text):
    assert register_page.part(result) == text


def test_row_is_escaped_and_has_its_id():
    row = BeautifulSoup(register_page.row(FACT), "html.parser").tr
    assert row["id"] == "a.b" and row["data-part"] == "Result a.b = 0.5"
    assert row.th["scope"] == "row" and "A < b" in row.th.get_text()
    assert row.select_one("a.id")["href"] == "#a.b"
    assert [a["href"] for a in row.find_all("a")][-1] == "joint-use.html"
    cells = [cell.get_text() for cell in row.find_all("td")]
    assert cells == ["0.5", "", "", "fact", "all", "S & T", "m.f"]
    assert len(cells) + 1 == len(register_page.COLUMNS)


def test_table_has_every_result_once_in_order():
    page = BeautifulSoup(register_page.table(register.rows()), "html.parser")
    assert [row["id"] for row in page.tbody.find_all("tr")] == list(register.read().index)
    assert page.caption.get_text().startswith(f"{len(register.read())} results")
    assert page.table["data-citation"] == citation.text(citation.book(), "{part}")
    assert [a["href"] for a in page.p.find_all("a")] == ["../results/results.csv",
                                                         "../results/results.json"]
