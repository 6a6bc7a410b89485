"""_ext/cells.py and the figure renderer: the code on the page, and what leads to it."""

import cells
import pytest
from bs4 import BeautifulSoup
from small_book import ROWS, Book, notebook

FIGURE = {
    "output_type": "display_data",
    "data": {"image/svg+xml": "<svg></svg>", "text/plain": "Alt"},
    "metadata": {
        "image/svg+xml": {
            "figure": {"name": "fig-x", "caption": "Caption.", "source": "S", "alt": "Alt text", "csv": "a\n1\n"}
        }
    },
}
RECORDED = [
    {
        "output_type": "display_data",
        "data": {"text/plain": f"1 result: {id}"},
        "metadata": {"adoption": {"template": id, "rows": [{"id": id}]}},
    }
    for id in ("a.ratio", "a.share")
]
CHAPTER = notebook(
    ("markdown", "title", "# Chapter"),
    ("code", "rates", "from adoption import mic\nmic.survey", *RECORDED, FIGURE),
    ("code", "tests", "2"),
)
PAGES = {
    "chapters/chapter.ipynb": CHAPTER,
    "chapters/register.md": "# Register\n\n```{register}\n```\n",
    "reference/mic.md": "# Mic\n",
    "reference/survey.md": "# Survey\n",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return Book(tmp_path_factory.mktemp("book"), PAGES)


@pytest.fixture
def page(book):
    return BeautifulSoup(book.html["chapters/chapter.ipynb"], "html.parser")


def test_each_cell_has_its_address(page, book):
    assert [cell["id"] for cell in page.select("div.cell")] == ["cell-rates", "cell-tests"]
    assert book.warnings == ""


def test_rows_of_the_register_lead_to_their_cells(book):
    register = BeautifulSoup(book.html["chapters/register.md"], "html.parser")
    links = [row.find_all("a")[-1]["href"] for row in register.tbody.find_all("tr")]
    assert links == ["chapter.html#cell-rates"] * 2 + ["chapter.html#cell-tests"]


def test_recorded_rows_are_one_folded_list_of_links(page):
    [recorded] = page.select("details.recorded")
    assert recorded.summary.get_text() == "2 numbers computed here, in the register"
    assert [link["href"] for link in recorded.find_all("a")] == ["register.html#a.ratio", "register.html#a.share"]
    assert "1 result: a.ratio" not in page.get_text()


def test_figure_leads_to_its_cell_and_its_data(page):
    figure = page.figure
    assert figure["id"] == "fig-x" and figure.img["alt"] == "Alt text"
    assert "Source: S" in figure.get_text()
    assert figure.find("a", string="Code")["href"] == "#cell-rates"
    assert {link.get_text(): link["href"] for link in figure.select(".downloads a")} == {
        kind.upper(): f"../figures/fig-x.{kind}" for kind in ("csv", "svg", "png", "json")
    }


def test_the_switch_says_where_the_functions_stand(page):
    switch = page.h1.find_next_sibling()
    assert switch.find("input", type="checkbox").find_parent("label")
    assert [link["href"] for link in switch.find_all("a")] == ["../reference/mic.html", "../reference/survey.html"]


def test_a_row_without_its_cell_is_an_error(tmp_path):
    rows = [*ROWS, ROWS[0]._replace(id="b.ratio", cell="gone"), ROWS[0]._replace(id="b.share", cell="gone")]
    warnings = Book(tmp_path, PAGES, rows).warnings
    assert "results.csv, 2 rows, b.ratio first: found no cell gone on the page chapters/chapter" in warnings


def test_what_the_code_calls():
    assert cells.called(
        [
            "from adoption import census, data",
            "from adoption.medians import split",
            "import pandas as pd",
            "from os import path",
        ]
    ) == {"census", "data", "medians"}
    assert cells.called(["from adoption import mic"]) == {"mic", "survey"}
