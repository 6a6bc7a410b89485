"""_ext/cards.py: which words become links to the glossary, and what links to pages say."""

from bs4 import BeautifulSoup
from small_book import Book

GLOSSARY = """# Glossary

:::{glossary}
AI
  Artificial intelligence.

Joint use
  Local governments share a system.

Test
Tested
  A comparison with chance.
:::
"""
CHAPTER = """# On joint use

AID is no ai. The joint uses of AI, joint use and `AI` again; a test. *Evidence: test.* See [](two).
"""
TWO = "# Two\n\n:::{admonition} Finding\n:class: finding\n\nIt is so. Very much.\n:::\n"


def test_terms_and_links_say_what_they_lead_to(tmp_path):
    pages = {
        "index.md": "# Home\n\nAI.\n",
        "chapters/one.md": CHAPTER,
        "chapters/two.md": TWO,
        "chapters/glossary.md": GLOSSARY,
    }
    book = Book(tmp_path, pages, rows=[], settings={"extensions": ["myst_nb", "register_role", "cards"]})
    assert book.warnings == ""
    page = BeautifulSoup(book.html["chapters/one.md"], "html.parser")
    terms = {link.get_text(): (link["href"], link["title"]) for link in page.select("a.term")}
    assert terms == {
        "joint uses": ("glossary.html#term-Joint-use", "Local governments share a system."),
        "AI": ("glossary.html#term-AI", "Artificial intelligence."),
        "test": ("glossary.html#term-Test", "A comparison with chance."),
    }
    assert page.find("em").find("a", class_="term")
    [link] = [link for link in page.select("a") if link.get("href") == "two.html"]
    assert link["title"] == "It is so. Very much."
    [term] = BeautifulSoup(book.html["index.md"], "html.parser").select("a.term")
    assert term["href"] == "chapters/glossary.html#term-AI"
    assert not BeautifulSoup(book.html["chapters/glossary.md"], "html.parser").select("a.term")
