"""The book's own search in a browser: English and Japanese words in both editions, parts of words too."""

from urllib.parse import quote

import pytest

FOUND = {"": "found", "ja/": "見つかりました"}
NOT_FOUND = {"": "did not", "ja/": "見つかりませんでした"}


@pytest.mark.parametrize(
    "edition, words, page",
    [
        ("", "joint use", "Who uses AI and RPA jointly?"),
        ("", "共同利用", "Who uses AI and RPA jointly?"),
        ("", "利用", "Who uses AI and RPA jointly?"),
        ("", "奈良", "How small were the small adopters"),
        ("", "導入済み", "Glossary"),
        ("", "実証中", "Glossary"),
        ("ja/", "人口", "自分の自治体と同じ規模の市区町村"),
        ("ja/", "導入", "規模の大きい団体から導入が進んでいたか"),
        ("ja/", "共同利用", "AI・RPAを共同利用しているのは"),
        ("ja/", "利用", "AI・RPAを共同利用しているのは"),
        ("ja/", "郡山", "小規模な導入済み団体の規模"),
        ("ja/", "中央値", "中央値だけでは、どこまで決まらないか"),
        ("ja/", "総務省資料の見込み", "総務省資料の見込みは実現したか"),
        ("ja/", "RPA 共同", "AI・RPAを共同利用しているのは"),
    ],
)
def test_term_is_found(visit, site, edition, words, page):
    found = visit(f"{edition}search.html?q={quote(words)}")
    found.locator(".search-summary", has_text=FOUND[edition]).wait_for()
    results = found.locator("ul.search li > a")
    titles = results.all_inner_texts()
    assert any(title.startswith(page) for title in titles), titles
    # Into the same edition.
    address = results.first.evaluate("link => link.href")
    assert address.startswith(f"{site}{edition}") and ("/ja/" in address) == bool(edition)
    assert found.messages == []


@pytest.mark.parametrize("edition", FOUND)
def test_nonsense_is_not_found(visit, edition):
    found = visit(f"{edition}search.html?q=" + quote("無意味語"))
    found.locator(".search-summary", has_text=NOT_FOUND[edition]).wait_for()
