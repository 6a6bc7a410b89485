"""Figures in dark mode: turned over by book.css, colours still apart from the ground and legible."""

import re

import numpy as np
import pytest

from adoption import figures


def luminance(rgb):
    """Relative luminance (WCAG 2.2) of colours with values from 0 to 1."""
    rgb = np.asarray(rgb, float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rgb(text):
    return [int(n) / 255 for n in re.findall(r"\d+", text)[:3]]


@pytest.fixture(scope="module")
def shown(browser, html):
    """Colours as the browser shows them in a figure in dark mode: painted by the page's filter."""
    page = browser.new_page(color_scheme="dark")
    page.goto((html / "chapters/who-adopts-first.html").as_uri())
    found = page.evaluate(
        """colours => {
        const style = getComputedStyle(document.querySelector("article figure img"));
        const context = document.createElement("canvas").getContext("2d");
        context.filter = style.filter;
        return [getComputedStyle(document.body).backgroundColor, style.filter,
                ...colours.map(colour => {
            context.fillStyle = colour;
            context.fillRect(0, 0, 9, 9);
            return context.getImageData(4, 4, 1, 1).data.join(" ");
        })]; }""",
        ["#FFFFFF", figures.INK, *figures.COLOURS.values()],
    )
    page.close()
    return found


def test_colours_have_contrast_with_the_ground(shown):
    ground, applied, paper, ink, *colours = shown
    assert applied.startswith("invert")
    assert contrast(rgb(paper), rgb(ground)) < 1.1, "a plate around the figure"
    assert contrast(rgb(ink), rgb(ground)) >= 7
    for name, colour in zip(figures.COLOURS, colours, strict=True):
        assert contrast(rgb(colour), rgb(ground)) >= 4.5, (name, colour)


def test_ai_and_rpa_keep_their_hues(shown):
    colours = dict(zip(figures.COLOURS, map(rgb, shown[4:]), strict=True))
    assert colours["AI"][2] > colours["AI"][0] + 0.2, "no longer blue"
    assert colours["RPA"][0] > colours["RPA"][2] + 0.2, "no longer orange"
