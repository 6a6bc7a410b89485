"""The switch that shows the code, and the way from a number to the cell that made it."""

import pytest

PAGE = "chapters/who-adopts-first.html"
SHOWN = "() => [...document.querySelectorAll('.cell_input')].filter(e => e.checkVisibility()).length"


@pytest.mark.parametrize("edition", ["", "ja/"])
def test_switch_shows_all_code_and_is_remembered(visit, edition):
    page = visit(edition + PAGE)
    cells = page.locator("div.cell").count()
    assert page.evaluate(SHOWN) == 0 and not page.is_visible(".functions")
    page.check("#show-code")
    assert page.evaluate(SHOWN) == cells and page.is_visible(".functions")
    page.reload()
    assert page.evaluate(SHOWN) == cells
    page.uncheck("#show-code")
    page.reload()
    assert page.evaluate(SHOWN) == 0 and page.messages == []


def test_without_scripts_it_works_page_by_page(visit):
    page = visit(PAGE, java_script_enabled=False)
    assert not page.locator(".cell_input").first.is_visible()
    page.check("#show-code")
    assert page.locator(".cell_input").first.is_visible()


@pytest.mark.parametrize("edition", ["", "ja/"])
def test_from_a_number_to_its_code(visit, edition):
    page = visit(edition + PAGE)
    page.click("a.n:not(.term) >> nth=0")
    line = page.locator("li:target")
    line.wait_for(state="visible")
    assert line.get_attribute("id") in page.url
    with page.expect_navigation():
        line.locator("a", has_text=".").first.click()
    page.locator("tr:target a").last.click()
    page.wait_for_url("**#cell-*")
    assert page.evaluate(SHOWN) == 1
    assert page.locator(".cell:target .cell_input").is_visible()
    assert page.messages == []
