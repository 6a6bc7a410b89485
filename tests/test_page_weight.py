"""Pages load what they use and nothing from elsewhere, by their files alone."""

import functools
import gzip
import re
from urllib.parse import unquote, urljoin, urlparse

import page_weight
import pytest
from bs4 import BeautifulSoup
from pages import ALL_PAGES

#: Elements by which a page loads something, and the attribute that names it.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
LOADED_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "manifest", "preconnect", "dns-prefetch"}
IN_STYLE = re.compile(r"url\(\s*[\"']?([^)\"']+)[\"']?\s*\)|@import\s+[\"']([^\"']+)")


def resources(page):
    """Addresses of everything that a page's elements load."""
    for element in page.find_all(list(LOADED)):
        if element.get(LOADED[element.name]):
            yield element[LOADED[element.name]]
    for link in page.find_all("link", rel=True, href=True):
        if LOADED_LINKS.intersection(link["rel"]):
            yield link["href"]


def is_outside(address):
    parts = urlparse(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


@pytest.mark.parametrize("name", [*ALL_PAGES, "search", "genindex", "ja/search", "ja/genindex"])
def test_page_loads_nothing_from_another_host(html, pages, name):
    assert [address for address in resources(pages[name]) if is_outside(address)] == []
    for script in pages[name].find_all("script", src=False):
        if script.get("type") != "application/ld+json":
            assert "http" not in script.get_text(), script.get_text()[:200]
    for address in resources(pages[name]):
        if not address.startswith("data:"):
            path = unquote(urlparse(urljoin(f"/{name}.html", address)).path)
            assert (html / path.lstrip("/")).is_file(), address


def test_styles_load_nothing_from_another_host(html):
    for path in html.rglob("*.css"):
        found = [a or b for a, b in IN_STYLE.findall(path.read_text(encoding="utf-8"))]
        assert [address for address in found if is_outside(address)] == [], path.name


@pytest.fixture(scope="module")
def compressed():
    """Function: size of a file as a host sends it, computed once."""
    return functools.cache(lambda file: len(gzip.compress(file.read_bytes(), 6)))


@pytest.mark.parametrize("name", ALL_PAGES)
def test_page_with_all_its_parts_is_light(html, pages, compressed, name):
    """Even with every image and font loaded; the first view is weighed by tests/browser/test_pages.py."""
    parts = {
        unquote(urlparse(urljoin(f"/{name}.html", address)).path).lstrip("/")
        for address in resources(pages[name])
        if not address.startswith("data:")
    }
    files = {html / f"{name}.html", *(html / part for part in parts), *html.rglob("*.woff*")}
    sizes = {file.name: compressed(file) for file in files}
    assert sum(sizes.values()) <= 400_000, sorted(sizes.items(), key=lambda item: -item[1])[:8]


def test_the_checks_can_fail():
    text = '<script src="https://unpkg.com/a.js"></script><link rel="stylesheet" href="//b/c.css">'
    page = BeautifulSoup(text, "html.parser")
    assert [a for a in resources(page) if is_outside(a)] == ["https://unpkg.com/a.js", "//b/c.css"]
    assert IN_STYLE.findall('@import "https://a/b.css"; x{src:url("../c.woff")}') == [
        ("", "https://a/b.css"),
        ("../c.woff", ""),
    ]


def test_style_keeps_the_icons_in_use_and_those_named_by_code_point():
    style = (
        '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-dog:before{content:"\\f6d3"}'
        ':root{--pst-icon-check:"\\f00c"}'
    )
    cut, points = page_weight.cut_style(style, {"fa-navicon", "fa-lg"})
    assert cut == ('.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}:root{--pst-icon-check:"\\f00c"}')
    assert points == {0xF0C9, 0xF00C}


def test_every_icon_of_the_pages_is_in_the_font(html):
    from fontTools.ttLib import TTFont

    style = (html / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    fonts = (html / "_static/vendor/fontawesome/webfonts").glob("*.woff")
    glyphs = {point for font in fonts for point in TTFont(font).getBestCmap() or ()}
    named = {int(code, 16) for _, code in page_weight.ICON_RULE.findall(style)}
    assert len(named) >= 8 and named <= glyphs
