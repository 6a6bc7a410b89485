"""Every page as a reader's browser shows it: alone, light, and open to everybody."""

import gzip

import pytest
from pages import PAGES

every_page = pytest.mark.parametrize("name", [*PAGES, "search", "genindex"])


# One visit serves all checks of a page: on a small machine, each costs a second.
@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_page
def test_page_is_alone_light_and_open_to_everybody(visit, name, scheme, violations):
    page = visit(f"{name}.html", scheme=scheme)
    assert page.outside == []
    assert page.messages == []
    sizes = {response.url: len(gzip.compress(response.body(), 6)) for response in page.responses}
    assert sum(sizes.values()) <= 300_000, sorted(sizes.items(), key=lambda item: -item[1])[:8]
    # Folded parts are judged too.
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    found = violations(page)
    assert not [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:150]} {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # Images that load when they are reached.
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.outside == []
