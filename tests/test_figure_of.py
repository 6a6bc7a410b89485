"""_ext/figure_of.py: a chapter's figure on another page."""

from bs4 import BeautifulSoup
from small_book import Book, notebook
from test_cells import FIGURE

CHAPTER = notebook(("markdown", "title", "# Chapter"), ("code", "draw", "1", FIGURE))


def test_the_figure_stands_on_both_pages_and_leads_to_its_chapter(tmp_path):
    home = "# Home\n\n```{figure-of} chapters/chapter fig-x\n```\n\n```{toctree}\nchapters/chapter\n```\n"
    pages = {"index.md": home, "chapters/chapter.ipynb": CHAPTER}
    book = Book(tmp_path, pages, rows=[])
    assert book.warnings == ""
    home, chapter = (BeautifulSoup(book.html[name], "html.parser") for name in pages)
    [copy], [figure] = home.find_all("figure"), chapter.find_all("figure")
    assert copy.img["alt"] == figure.img["alt"] == "Alt text"
    assert copy.img["src"].split("/")[-1] == figure.img["src"].split("/")[-1]
    assert (tmp_path / "html" / copy.img["src"]).is_file()
    assert copy.select_one(".caption-text").text == "Caption." and "Fig." not in copy.text
    assert copy.select_one(".legend").text.split() == "This figure in its chapter · Source: S".split()
    assert copy.select_one(".legend a")["href"] == f"chapters/chapter.html#{figure['id']}"
    # The chapter's own figure keeps its number and its address.
    assert "Fig. 1" in figure.text and len(home.find_all(id=figure["id"])) == 0


def test_a_figure_that_is_not_there_is_a_warning(tmp_path):
    for words in ("chapters/chapter fig-y", "chapters/other fig-x"):
        book = Book(
            tmp_path / words.replace("/", "-"),
            {"index.md": f"# Home\n\n```{{figure-of}} {words}\n```\n", "chapters/chapter.ipynb": CHAPTER},
            rows=[],
        )
        chapter, name = words.split()
        assert f"index.md:3: WARNING: found 0 figures {name} on the page {chapter}, expected one" in book.warnings
