"""Cards of numbers, citations, terms and links: pointing, keyboard, tap, and without scripts."""

import pytest

PAGE = "chapters/who-adopts-first.html"
in_both = pytest.mark.parametrize("edition, source", [("", "source:"), ("ja/", "出典：")])
NUMBER = "a.n:not(.term) >> nth=0"


@in_both
def test_pointing_at_a_number_shows_its_line_and_escape_closes_it(visit, violations, edition, source):
    page = visit(edition + PAGE)
    page.wait_for_load_state("networkidle")
    asked = len(page.responses)
    page.hover(NUMBER)
    page.wait_for_selector("#card:popover-open")
    line = page.locator(page.get_attribute(NUMBER, "href").replace(".", r"\."))
    assert page.locator("#card").text_content() == line.text_content() and source in line.text_content()
    assert page.locator("#card a").count() == 2
    # The card asks for nothing (Axe, afterwards, for style sheets).
    assert page.messages == [] and len(page.responses) == asked
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert not page.is_visible("#card")


@pytest.mark.parametrize(
    "selector, words, japanese",
    [
        ("a[data-card][href*='references.html#']", "Journal", "Journal"),
        ("a.term", ".", "。"),
        ("a[data-card]:has(.std-doc)", ".", "。"),
    ],
)
@pytest.mark.parametrize("edition", ["", "ja/"])
def test_pointing_at_other_links_shows_what_they_lead_to(visit, edition, selector, words, japanese):
    page = visit(f"{edition}chapters/adoption-curve.html")
    words = japanese if edition else words
    link = page.locator(selector).first
    said = link.get_attribute("data-card")
    link.hover()
    page.wait_for_selector("#card:popover-open")
    assert page.inner_text("#card") == said and words in said and len(said) > 20
    assert link.get_attribute("aria-describedby") == "card" and link.get_attribute("title") is None


@pytest.mark.parametrize("edition", ["", "ja/"])
def test_numbers_are_one_stop_of_the_tab_key(visit, edition):
    page = visit(edition + PAGE)
    stops = "[...document.querySelectorAll('a.n')].filter(link => link.tabIndex === 0).length"
    assert page.locator("a.n").count() > 20 and page.evaluate(stops) == 1
    page.focus("a.n >> nth=0")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("[...document.querySelectorAll('a.n')].indexOf(document.activeElement)") == 2
    assert page.evaluate(stops) == 1 and page.is_visible("#card")
    # Into the card, and back.
    page.focus(NUMBER)
    page.keyboard.press("ArrowRight"), page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('#card') !== null")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('a.n')") and not page.is_visible("#card")
    assert page.url.endswith(PAGE)


@pytest.mark.parametrize("edition", ["", "ja/"])
def test_the_first_tap_shows_the_card_and_the_second_follows(visit, edition):
    page = visit(edition + PAGE, width=360, has_touch=True)
    page.tap(NUMBER)
    assert page.is_visible("#card") and page.url.endswith(PAGE)
    box = page.locator("#card").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.tap("h1")
    assert not page.is_visible("#card")
    page.tap(NUMBER), page.tap(NUMBER)
    assert "#n-" in page.url


def test_without_scripts_a_number_leads_to_its_line(visit):
    page = visit(PAGE, java_script_enabled=False)
    page.click(NUMBER)
    assert "#n-" in page.url and page.locator("li:target").count() == 1
