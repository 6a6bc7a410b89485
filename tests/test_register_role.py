"""_ext/register_role.py: numbers of the text, their list, and what a page depends on."""

import pytest
import register_role
from bs4 import BeautifulSoup
from small_book import ROWS, Book, notebook

CHAPTER = {
    "chapters/chapter.ipynb": notebook(
        ("markdown", "title", "# Chapter"), ("code", "rates", "1"), ("code", "tests", "2")
    ),
    "chapters/register.md": "# Register\n\n```{register}\n```\n",
}


def read(html):
    return BeautifulSoup(html, "html.parser")


def numbers(part):
    return [(data["value"], data.get_text(), data.parent["href"]) for data in part.find_all("data")]


RATIO = ("5.516853933", "5.5", "#n-a.ratio")
PLACES = {
    "text": ("A ratio of {n}`a.ratio:.1f`.", "p"),
    "bold": ("**{n}`a.ratio:.1f` times**", "strong"),
    "admonition": (":::{admonition} {n}`a.ratio:.1f`\n:class: finding\n\nText.\n:::", "div"),
    "admonition's text": (":::{admonition} Box\n\n{n}`a.ratio:.1f`\n:::", "div"),
    "table": ("| a | b |\n|---|---|\n| c | {n}`a.ratio:.1f` |", "tbody"),
    "list table": (
        ":::{list-table} A table of {n}`a.ratio:.1f`\n:header-rows: 1\n\n* - a\n  - b\n* - c\n  - d\n:::",
        "caption",
    ),
    "figure": ("```{figure} x.png\n\nIt is {n}`a.ratio:.1f`.\n```", "figcaption"),
    "definition": ("word\n: It is {n}`a.ratio:.1f`.", "dd"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_number_stands_anywhere(tmp_path, place):
    text, element = PLACES[place]
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "x.png").write_bytes(b"")
    book = Book(tmp_path, {"index.md": f"# Title\n\n{text}\n", **CHAPTER})
    assert book.warnings == ""
    assert RATIO in numbers(read(book.html["index.md"]).find("section").find(element))


def test_a_number_stands_in_a_notebook_and_in_the_caption_of_its_figure(tmp_path):
    figure = {
        "output_type": "display_data",
        "data": {"image/svg+xml": "<svg></svg>"},
        "metadata": {
            "image/svg+xml": {
                "figure": {
                    "name": "fig-x",
                    "caption": "It is {n}`a.ratio:.1f`.",
                    "source": "S",
                    "alt": "Alt",
                    "csv": "a\n1\n",
                }
            }
        },
    }
    book = Book(
        tmp_path,
        {
            "index.ipynb": notebook(
                ("markdown", "title", "# T\n\nIt is {n}`a.share.lower.pct` and {n}`a.test.p`."),
                ("code", "draw", "1", figure),
            ),
            **CHAPTER,
        },
    )
    assert book.warnings == ""
    page = read(book.html["index.ipynb"])
    assert numbers(page.find("p")) == [("0.4655870445", "46%", "#n-a.share"), ("0.0016", "p = 0.0016", "#n-a.test")]
    assert numbers(page.figcaption) == [RATIO]


def test_the_page_ends_with_its_numbers(tmp_path):
    text = "# Title\n\n{n}`a.share.upper.pct`, {n}`a.ratio:.1f`, {n}`a.ratio:.2f`.\n\n## Last\n\nEnd.\n"
    book = Book(tmp_path, {"index.md": text, "other.md": "# Other\n\nNo number.\n", **CHAPTER})
    section = read(book.html["index.md"]).find(id="numbers-on-this-page")
    assert section.find_next_sibling("section") is None and section.h2
    share, ratio = section.find_all("li")
    assert (share["id"], ratio["id"]) == ("n-a.share", "n-a.ratio")
    assert ratio.get_text() == ("A < b (ratio): 5.516853933. Fact; base: all; source: S & T. a.ratio · code")
    assert "0.4655870445 – 0.5951417004" in share.get_text()
    assert [link["href"] for link in ratio.find_all("a")] == [
        "chapters/register.html#a.ratio",
        "chapters/chapter.html#cell-rates",
    ]
    assert "numbers-on-this-page" not in book.html["other.md"]


def test_no_link_within_a_link(tmp_path):
    book = Book(tmp_path, {"index.md": "# T\n\n[It is {n}`a.ratio:.1f`](https://example.org)\n", **CHAPTER})
    [data] = read(book.html["index.md"]).find_all("data")
    assert data.parent["href"] == "https://example.org"


@pytest.mark.parametrize(
    "text, words",
    [
        ("{n}`a.rato:.1f`", "no result 'a.rato' in the register; nearest: a.ratio"),
        ("{n}`a.ratio.lower`", "a.ratio has no '.lower'; it has: a.ratio, a.ratio.least"),
        ("{n}`a.ratio:.1q`", "the format '.1q' does not suit 5.516853933"),
        ("{n}`a.share.lower.pct:.1f`", "the format '.1f' does not suit '46%'"),
        ("{result}`a.rato`", "nearest: a.ratio"),
    ],
)
def test_what_is_wrong_is_named_with_page_and_line(tmp_path, text, words):
    book = Book(tmp_path, {"index.md": f"# Title\n\nText.\n\nIt is {text}.\n", **CHAPTER})
    assert "index.md:5: ERROR: " in book.warnings and words in book.warnings


def test_in_a_notebook_it_is_named_with_its_cell(tmp_path):
    book = Book(
        tmp_path,
        {"index.ipynb": notebook(("markdown", "title", "# T"), ("markdown", "text", "Text.\n\n{n}`x`")), **CHAPTER},
    )
    assert "no result 'x' in the register; nearest: none (cell 2, line 3)" in book.warnings


def test_a_number_in_a_heading_is_refused(tmp_path):
    book = Book(tmp_path, {"index.md": "# Title\n\n## It is {n}`a.ratio:.1f`\n", **CHAPTER})
    assert "index.md:3: ERROR: {n}`a.ratio`: a number in a heading" in book.warnings


def test_pages_are_read_again_when_a_row_of_theirs_changes_and_only_then(tmp_path):
    pages = {
        "index.md": "# T\n\n{n}`a.ratio:.1f`\n",
        "other.md": "# O\n\n{n}`a.test.p`\n",
        "chapters/chapter.ipynb": CHAPTER["chapters/chapter.ipynb"],
    }
    assert len(Book(tmp_path, pages).read) == 3
    assert Book(tmp_path, pages).read == []
    rows = [ROWS[0]._replace(value=6.0), *ROWS[1:]]
    book = Book(tmp_path, pages, rows)
    assert book.read == ["index"] and ">6.0</data>" in book.html["index.md"]
    assert Book(tmp_path, pages, [rows[0], ROWS[1], ROWS[2]._replace(label="New")]).read == ["other"]
    book = Book(tmp_path, pages, [rows[0], ROWS[1]])
    assert book.read == ["other"] and "no result 'a.test.p'" in book.warnings


def test_result_leads_to_its_row(tmp_path):
    book = Book(tmp_path, {"index.md": "# T\n\n{result}`a.ratio`\n", **CHAPTER})
    assert read(book.html["index.md"]).select_one("a.result")["href"] == ("chapters/register.html#a.ratio")


def test_the_longest_id_counts(monkeypatch):
    rows = {"a": ROWS[0]._replace(id="a"), "a.least": ROWS[0]._replace(id="a.least", value=2.0)}
    monkeypatch.setattr(register_role.register, "read_file", lambda path: rows)
    assert register_role.find("a.least") == (rows["a.least"], 2)
    assert register_role.find("a.least.least")[1] == "2.0"
