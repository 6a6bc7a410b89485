"""The pages' Content-Security-Policy: what they need works, and nothing else is let in.

That no page breaks its own policy is part of test_pages.py: a refusal is an error in the console.
"""

import re

import pytest

PAGE = "chapters/who-adopts-first.html"


def refused(page):
    return [message for message in page.messages if "Content Security Policy" in message]


@pytest.mark.parametrize(
    "added",
    [
        "<script>window.added = true</script>",
        "<script src='https://example.org/a.js'></script>",
        "<img src='x' onerror='window.added = true'>",
        "<a href='javascript:window.added = true' id='added-link'>x</a>",
        "<iframe src='https://example.org/'></iframe>",
        "<style>body { display: none }</style>",
        "<base href='https://example.org/'>",
    ],
)
def test_what_is_added_to_a_page_is_refused(visit, added):
    page = visit(PAGE)
    assert refused(page) == []
    page.evaluate(
        """added => document.body.append(
        document.createRange().createContextualFragment(added))""",
        added,
    )
    page.evaluate("document.getElementById('added-link')?.click()")
    page.wait_for_timeout(100)
    assert refused(page), "nothing was refused"
    assert page.evaluate("window.added") is None and page.outside == []
    assert page.is_visible("h1")


def test_every_page_has_a_policy(html):
    pages = [path for path in html.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 20
    for path in pages:
        head = path.read_text(encoding="utf-8").partition("</head>")[0]
        [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
        assert "default-src 'none'" in policy and "http" not in policy, path.name
        assert "unsafe" not in policy, path.name
        # It comes before anything that it could refuse.
        assert head.index("Content-Security-Policy") < head.index("<script"), path.name


def test_buttons_and_search_work_under_it(visit):
    page = visit(PAGE)
    page.evaluate("window.print = () => { window.printed = true; }")
    page.click(".btn-download-source-button >> xpath=ancestor::div[1]//button[1]")
    page.click(".btn-download-pdf-button")
    assert page.evaluate("window.printed") is True
    page.click(".btn-fullscreen-button")
    page.wait_for_timeout(500)
    assert page.evaluate("document.fullscreenElement !== null")
    page.evaluate("document.exitFullscreen()")
    before = page.evaluate("document.documentElement.dataset.mode")
    page.click(".theme-switch-button")
    assert page.evaluate("document.documentElement.dataset.mode") != before
    page.keyboard.press("Control+k")
    page.keyboard.type("prefectures")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=prefectures*")
    assert page.messages == []


def test_it_works_from_a_folder_too(browser, html):
    """As somebody opens it who has built the book."""
    page = browser.new_page()
    messages = []
    page.on("console", lambda message: messages.append(message.text) if message.type in ("error", "warning") else None)
    page.goto((html / PAGE).as_uri())
    # Style sheets and scripts are in force.
    assert page.evaluate("getComputedStyle(document.querySelector('.bd-sidebar-primary')).display") == "flex"
    page.wait_for_selector(".copybtn", state="attached")
    page.goto((html / "search.html").as_uri() + "?q=prefectures")
    page.locator(".search-summary", has_text="found").wait_for()
    page.goto((html / "chapters/my-town.html").as_uri() + "?population=24622")
    assert "24,622 people" in page.inner_text("#town-answer")
    # From a folder, browsers let no page fetch another: results of a search come without excerpts.
    assert [words for words in messages if "Content Security Policy" in words] == []
    page.close()
