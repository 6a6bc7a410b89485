"""Every page as a reader's browser shows it: alone, light, and open to everybody."""

import gzip

import pytest
from pages import PAGES

SHOWN = [*PAGES, "search", "genindex"]
# Function pages: one template, and English in both editions. One of them stands for what is the same.
ALIKE = [name for name in PAGES if name.startswith("reference/")][1:]
# A page's first view, compressed; Japanese letters, in text and drawn in figures, take more.
HEAVIEST = {"": 300_000, "ja/": 330_000}


# One visit serves all checks of a page: on a small machine, each costs a second.
@pytest.mark.parametrize(
    "edition, name", [*(("", name) for name in SHOWN), *(("ja/", name) for name in SHOWN if name not in ALIKE)]
)
def test_page_is_alone_light_and_open_to_everybody(visit, name, edition, violations):
    page = visit(f"{edition}{name}.html")
    assert page.outside == []
    assert page.messages == []
    sizes = {response.url: len(gzip.compress(response.body(), 6)) for response in page.responses}
    assert sum(sizes.values()) <= HEAVIEST[edition], sorted(sizes.items(), key=lambda item: -item[1])[:8]
    unfold(page)
    assert said(violations(page)) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # Images that load when they are reached.
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.outside == []


# The editions share colours and markup: what dark mode changes is judged once.
@pytest.mark.parametrize("name", [name for name in SHOWN if name not in ALIKE])
def test_colours_of_the_dark_page_have_contrast(visit, name, violations):
    page = visit(f"{name}.html", scheme="dark")
    unfold(page)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark" and page.messages == []
    assert said(violations(page, "color-contrast", "link-in-text-block")) == []


def unfold(page):
    """Folded parts are judged too; of the register's rows, which one template writes, every tenth."""
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.evaluate("document.querySelectorAll('tr[id]:not(:nth-child(10n + 1))').forEach(row => row.remove())")


def said(violations):
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:150]} {node['failureSummary'][:300]}"
        for rule in violations
        for node in rule["nodes"][:3]
    ]
