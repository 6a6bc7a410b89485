"""The way out of Jupyter Book 1: newer Sphinx alone gives the same pages (`make plain`)."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
PLAIN, BOOK = ROOT / "_build/plain", ROOT / "_build/html"


def article(path):
    """Ids and words of a page, without the stamp that only tools/build.py gives."""
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    found = page.find("article", class_="bd-article")
    text = re.sub("(?:, build |、ビルド)(?:not-stamped|[0-9a-f]{12})", "", found.get_text())
    # Footnotes stand before or behind the last section, as the version wants it.
    return {element["id"] for element in found.find_all(id=True)}, Counter(text.replace("np.", "").split())


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}


@pytest.mark.skipif("PLAIN" not in os.environ, reason="builds every page by another Sphinx: make plain")
def test_newer_sphinx_gives_the_same_pages():
    pages = names(BOOK)
    assert len(pages) > 40 and names(PLAIN) == pages
    for name in sorted(name for name in pages if re.match("(ja/)?(index|chapters/|reference/)", name)):
        (ids, words), (ids_of_the_book, words_of_the_book) = article(PLAIN / name), article(BOOK / name)
        assert ids == ids_of_the_book and words == words_of_the_book, name
    page = BeautifulSoup((PLAIN / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert not page.select("header.bd-header *")  # a second header with a search of its own
    style = (PLAIN / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    fonts = re.findall(r"url\(\.\./(vendor/fontawesome/[^)]*)\)", style)
    assert fonts and all((PLAIN / "_static" / font).stat().st_size for font in fonts)  # the icons
