"""No table is cut at any width: it fits, or its rows are cards that do."""

import pytest
from pages import ALL_PAGES

CUT = """() => [...document.querySelectorAll('article table')].flatMap(table => {
    table.closest('details')?.setAttribute('open', '');
    const parts = [table, ...table.querySelectorAll('tr, th, td, caption')].filter(part => part.checkVisibility());
    const right = document.querySelector('article').getBoundingClientRect().right + 1;
    const found = parts.filter(part => part.scrollWidth > part.clientWidth + 1
        && getComputedStyle(part).display !== 'inline' || part.getBoundingClientRect().right > right);
    return found.slice(0, 2).map(part => part.tagName + ' ' + part.textContent.trim().slice(0, 80)); })"""


@pytest.mark.parametrize("name", ALL_PAGES)
def test_no_table_is_cut(visit, name):
    page = visit(f"{name}.html")
    cut = {}
    for width in (1280, 800, 360):
        page.set_viewport_size({"width": width, "height": 900})
        cut[width] = page.evaluate(CUT)
    assert cut == {1280: [], 800: [], 360: []}


def test_register_shows_values_on_a_phone_and_opens_the_row_of_an_address(visit):
    page = visit("chapters/register.html#ai.rate-ratio.municipal", width=360)
    row = page.locator("tr:target")
    assert row.is_visible() and row.locator(".exact").is_visible()
    assert row.evaluate("row => Math.abs(row.getBoundingClientRect().top) < innerHeight")
    value = row.locator("td.number").first
    assert value.inner_text() == "5.52" and value.evaluate("cell => cell.getBoundingClientRect().right <= innerWidth")
    assert "5.516853933" in row.locator(".exact").inner_text()
    page.evaluate("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    row.locator("button", has_text="Copy citation").click()
    copied = page.evaluate("window.copied")
    assert "Result ai.rate-ratio.municipal: 5.516853933." in copied and copied.endswith("#ai.rate-ratio.municipal")
    page.fill("#register-bar input", "Mcnemar LARGEST every-base")
    assert page.locator("section.results tbody tr:visible").count() == 1
    assert page.locator("section.results:visible").count() == 1 and page.messages == []
