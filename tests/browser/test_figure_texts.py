"""Figures on a phone: as wide as the screen allows, with text that can be read."""

import re

import pytest
from pages import ALL_NOTEBOOKS

SHOWN = """() => Promise.all([...document.querySelectorAll('article figure img')].map(async image => {
    image.loading = 'eager';
    await image.decode();
    return [image.currentSrc, image.clientWidth]; }))"""


@pytest.mark.parametrize("name", ALL_NOTEBOOKS)
def test_text_of_figures_is_at_least_11_pixels_high_on_a_phone(visit, name):
    page = visit(f"{name}.html", width=360)
    for address, width in page.evaluate(SHOWN):
        drawing = page.request.get(address).text()
        wide = float(re.search(r'viewBox="0 0 ([\d.]+)', drawing)[1])
        # Glyphs are paths of 100 units to the em.
        sizes = [float(scale) * 100 for scale in re.findall(r"scale\(([\d.]+) -[\d.]+\)", drawing)]
        assert min(sizes) * width / wide >= 11, address
