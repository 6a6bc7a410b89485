"""The switch between the editions: to the same place of the same page, remembered, never by guess."""

import pytest

PAGE = "chapters/who-adopts-first.html"
LANGUAGE = "document.documentElement.lang"
ABOVE = "id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < innerHeight / 3"
# Pictures that load late move what is below them: somebody who has read on has seen them.
READ = """() => Promise.all([...document.querySelectorAll("article img")].map(image => {
    image.loading = "eager";
    return image.decode(); }))"""


@pytest.mark.parametrize("here, there, language", [("", "ja/", "ja"), ("ja/", "", "en")])
def test_it_leads_to_the_same_place_of_the_same_page(visit, site, here, there, language):
    page = visit(f"{here}{PAGE}")
    places = page.evaluate("[...document.querySelectorAll('.bd-article section section[id]')].map(part => part.id)")
    assert len(places) > 4
    # From an address with a place, and from where somebody has read on to.
    for how in ("location.hash = `#${id}`", "document.getElementById(id).scrollIntoView()"):
        page.goto(f"{site}{here}{PAGE}")
        page.evaluate(READ)
        page.evaluate(f"id => {{ {how} }}", places[2])
        page.wait_for_function(ABOVE, arg=places[2])
        box = page.locator("a.language-switch").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # click() would scroll first
        page.wait_for_url(f"{site}{there}{PAGE}#{places[2]}")
        assert page.evaluate(LANGUAGE) == language
        assert page.evaluate("document.querySelector(':target').id") == places[2]
    page.goto(f"{site}{here}{PAGE}")
    page.click("a.language-switch")
    page.wait_for_url(f"{site}{there}{PAGE}")
    assert page.messages == []


def test_it_keeps_what_the_address_asks(visit):
    page = visit("chapters/my-town.html?population=24622")
    page.click("a.language-switch")
    page.wait_for_url("**/ja/chapters/my-town.html?population=24622")
    assert "24,622人" in page.inner_text("#town-answer")


def test_the_choice_is_remembered_for_the_landing_page(visit, site):
    page = visit("index.html")
    page.click("a.language-switch")
    page.wait_for_url("**/ja/index.html")
    for landing in ("", "index.html"):
        page.goto("about:blank")
        page.goto(site + landing)
        page.wait_for_url("**/ja/index.html")
    # An address of a page is that page, and a link within the book leads where it says.
    page.goto(site + PAGE)
    assert page.evaluate(LANGUAGE) == "en"
    page.click("a.navbar-brand")
    page.wait_for_url(f"{site}index.html")
    page.click("a.language-switch")
    page.wait_for_url("**/ja/index.html")
    page.click("a.language-switch")
    page.wait_for_url(f"{site}index.html")
    page.goto("about:blank")
    page.goto(site)
    assert page.evaluate(LANGUAGE) == "en" and page.messages == []


@pytest.mark.parametrize("locale, preferred", [("ja-JP", 1), ("en-GB", 0)])
def test_a_browsers_language_is_a_hint_and_no_more(visit, site, locale, preferred):
    page = visit("index.html", locale=locale)
    assert page.url == f"{site}index.html"
    assert page.locator("a.language-switch.preferred").count() == preferred


def test_without_scripts_it_leads_to_the_same_page(visit):
    page = visit(PAGE, java_script_enabled=False)
    page.click("a.language-switch")
    page.wait_for_url(f"**/ja/{PAGE}")


def test_the_keyboard_reaches_it(visit, site):
    page = visit(f"ja/{PAGE}", width=360)
    page.focus("a.language-switch")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}{PAGE}")
    assert page.evaluate(LANGUAGE) == "en"
