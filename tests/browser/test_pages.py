"""Every page as a reader's browser shows it: alone, light, and open to everybody."""

import gzip
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
PAGES = re.findall(r"^\s*(?:- )?(?:root|file):\s*(\S+)\s*$",
                   (ROOT / "_toc.yml").read_text(encoding="utf-8"), re.M)
every_page = pytest.mark.parametrize("name", [*PAGES, "search", "genindex"])


@every_page
def test_page_asks_no_other_host_and_reports_no_error(visit, name):
    page = visit(f"{name}.html")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert page.outside == []
    assert page.messages == []


@pytest.mark.parametrize("name", PAGES)
def test_first_view_is_light(browser, site, name):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, responses = context.new_page(), []
    page.on("response", responses.append)
    page.goto(f"{site}{name}.html", wait_until="networkidle")
    sizes = {response.url: len(gzip.compress(response.body(), 6)) for response in responses}
    context.close()
    assert sum(sizes.values()) <= 600_000, sorted(sizes.items(), key=lambda item: -item[1])[:8]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_page
def test_no_barrier_is_found(visit, name, scheme):
    page = visit(f"{name}.html", scheme=scheme)
    # Folded parts are judged too.
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    found = Axe().run(page).response["violations"]
    assert not [f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:150]} "
                f"{node['failureSummary'][:300]}"
                for rule in found for node in rule["nodes"][:3]]


@every_page
def test_page_fits_a_phone(visit, name):
    page = visit(f"{name}.html", width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
