"""The finished pages, as a reader's browser gets them."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
PAGES = re.findall(r"^\s*(?:- )?(?:root|file):\s*(\S+)\s*$",
                   (ROOT / "_toc.yml").read_text(encoding="utf-8"), re.M)
NOTEBOOKS = [name for name in PAGES if (ROOT / f"{name}.ipynb").exists()]


@pytest.fixture(scope="session")
def soup(html):
    parsed = {}

    def parse(name):
        if name not in parsed:
            text = (html / f"{name}.html").read_text(encoding="utf-8")
            parsed[name] = BeautifulSoup(text, "html.parser")
        return parsed[name]
    return parse


def article(page):
    return page.find("article", class_="bd-article")


@pytest.mark.parametrize("name", PAGES)
def test_page_has_a_title_and_no_leftovers(soup, name):
    page = soup(name)
    assert page.html["lang"] == "en"
    assert len(article(page).find_all("h1")) == 1
    prose = article(page).get_text()
    for leftover in ("{glue", "{cite", "{download", "{math", "Traceback", "nan%"):
        assert leftover not in prose, leftover


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_was_executed_and_shows_something(html, name):
    staged = json.loads((ROOT / "_build/stage" / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in staged["cells"]:
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is not None, cell["id"]
            if "hide-cell" not in cell["metadata"].get("tags", []):
                assert cell["outputs"], f"{cell['id']} shows nothing"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_figures_are_complete(soup, html, name):
    page = soup(name)
    for figure in article(page).find_all("figure"):
        image, caption = figure.find("img"), figure.find("figcaption")
        assert figure.get("id", "").startswith("fig-"), "no label"
        assert len(image["alt"]) > 60 and re.search(r"\d", image["alt"]), figure["id"]
        assert "Source:" in caption.get_text(), figure["id"]
        link = caption.select_one("a.download")
        data = (html / f"{name}.html").parent / unquote(link["href"])
        lines = data.read_text(encoding="utf-8").splitlines()
        assert data.name == f"{figure['id']}.csv" and len(lines) > 1
        made = figure.find_next("details", class_="provenance")
        assert "adoption.figures." in made.get_text(), figure["id"]
        assert "Tables:" in made.get_text() or "Results:" in made.get_text(), figure["id"]
    images = article(page).find_all("img")
    assert all(image.find_parent("figure") for image in images), "an image outside a figure"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_tables_have_caption_and_scopes(soup, name):
    for table in article(soup(name)).select(".cell_output table"):
        assert table.caption.get_text(strip=True)
        assert all(head.get("scope") in ("row", "col") for head in table.find_all("th"))


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(soup, html, name):
    here = html / f"{name}.html"
    for link in article(soup(name)).find_all("a", href=True):
        address = urlparse(link["href"])
        if address.scheme:
            continue
        target = (here.parent / unquote(address.path)).resolve() if address.path else here
        assert target.exists(), link["href"]
        if address.fragment and target.suffix == ".html":
            page = soup(target.relative_to(html).with_suffix("").as_posix())
            assert page.find(id=unquote(address.fragment)), link["href"]


def test_nothing_of_this_machine_is_in_the_pages(html):
    for page in html.rglob("*.html"):
        assert str(ROOT) not in page.read_text(encoding="utf-8"), page.name
