"""The book's own search in a browser, in English and Japanese."""

from urllib.parse import quote

import pytest


@pytest.mark.parametrize(
    "words, page",
    [
        ("joint use", "Who uses AI and RPA jointly?"),
        ("共同利用", "Who uses AI and RPA jointly?"),
        ("利用", "Who uses AI and RPA jointly?"),
        ("奈良", "How small were the small adopters"),
        ("導入済み", "Glossary"),
        ("実証中", "Glossary"),
    ],
)
def test_term_is_found(visit, words, page):
    found = visit(f"search.html?q={quote(words)}")
    found.locator(".search-summary", has_text="found").wait_for()
    titles = found.locator("ul.search li > a").all_inner_texts()
    assert any(title.startswith(page) for title in titles), titles
    assert found.messages == []


def test_nonsense_is_not_found(visit):
    found = visit("search.html?q=" + quote("無意味語"))
    found.locator(".search-summary", has_text="did not").wait_for()
