"""The printed book: tagged, with bookmarks and page numbers, and nothing of it lost."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from pypdf import PdfReader

HEADINGS = re.compile("^h[1-6]$")


@pytest.fixture(scope="module", params=["en", "ja"])
def printed(browser, html, pdf, once, request):
    """The document of an edition that was printed, and the PDF."""
    file = pdf.editions()[request.param]
    pdf.speak(request.param)
    once(f"printed-{request.param}", lambda folder: pdf.print_book(browser, file))  # into _build/pdf
    yield BeautifulSoup(file.with_suffix(".html").read_text(encoding="utf-8"), "html.parser"), PdfReader(file)
    pdf.speak("en")


@pytest.fixture(scope="module")
def texts(printed, once):
    """The text of each page, without white space, as somebody who searches the PDF finds it."""
    document, reader = printed

    def extract(folder):
        found = [squeezed(page.extract_text()) for page in reader.pages]
        (folder / "pages.json").write_text(json.dumps(found), encoding="utf-8")

    folder = once(f"texts-{document.html['lang']}", extract)
    return json.loads((folder / "pages.json").read_text(encoding="utf-8"))


def bookmarks(outline):
    """The bookmarks of a PDF in their order, whatever their level."""
    for item in outline:
        yield from bookmarks(item) if isinstance(item, list) else [item]


def squeezed(text):
    return "".join(text.split())


def test_it_is_tagged_and_in_its_language(printed):
    document, reader = printed
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in catalog
    assert catalog["/Lang"] == document.html["lang"]
    assert reader.metadata.title == document.title.get_text()


def test_figures_have_their_words(printed):
    document, reader = printed
    alts = [
        found["/Alt"]
        for number in range(1, len(reader.xref[0]) + 1)
        if isinstance(found := reader.get_object(number), dict) and found.get("/S") == "/Figure" and "/Alt" in found
    ]
    assert sorted(alts) == sorted(image["alt"] for image in document.main.find_all("img"))
    assert len(alts) > 15


def test_every_heading_is_a_bookmark(printed):
    document, reader = printed
    assert [squeezed(item.title) for item in bookmarks(reader.outline)] == [
        squeezed(headed.get_text()) for headed in document.main.find_all(HEADINGS)
    ]


def test_contents_lead_to_the_right_page(printed, texts):
    document, _ = printed
    entries = document.nav.find_all("a")
    assert len(entries) > 100
    for entry in entries:
        words, _, number = [part.get_text() for part in entry.find_all("span", recursive=False)]
        assert squeezed(words) in texts[int(number) - 1], words


def test_every_page_names_version_and_number(texts, pdf):
    version = pdf.citation.book().version
    foot = f"version{version}" if pdf.language.spoken() == "en" else f"第{version}版"
    for number, text in enumerate(texts, 1):
        assert f"{foot}{number}" in text, number


def test_every_chapter_is_there_to_its_last_words(printed, texts, pdf):
    document, _ = printed
    text = "".join(texts)
    for _, page in pdf.contents():
        part = document.find(id=pdf.anchor(page))
        words = [squeezed(p.get_text()) for p in part.find_all(["p", "li"]) if not p.find("p")]
        for sentence in (words[0], words[-1]):
            assert sentence[:40] in text and sentence[-20:] in text, (page, sentence)


def test_links_within_the_book_lead_somewhere(printed):
    document, _ = printed
    inner = [link["href"][1:] for link in document.find_all("a", href=re.compile("^#"))]
    known = {part["id"] for part in document.find_all(id=True)}
    assert len(inner) > 500 and set(inner) <= known
    assert not document.find_all("a", href=re.compile(r"^(?!https?:).*\.(html|csv|ipynb)"))


def test_every_sign_has_a_glyph(printed, texts, pdf):
    """Japanese above all: the fonts come from the environment, whatever the machine has."""
    document, _ = printed
    fonts = pdf.OUT / "fonts" / document.html["lang"]
    known = {point for file in fonts.glob("*.ttf") for point in TTFont(file, lazy=True).getBestCmap()}
    shown = {sign for sign in document.body.get_text() if not sign.isspace()}
    assert "済" in shown and {sign for sign in shown if ord(sign) not in known} == set()
    terms = {squeezed(term.get_text()) for term in document.main.find_all(lang="ja") if len(term.get_text()) <= 12}
    assert len(terms) > 100 or document.html["lang"] == "ja"
    assert [term for term in terms if term not in "".join(texts)] == []


def test_nothing_is_wider_than_its_page(printed, browser, pdf):
    """Clipped lines, and figures higher than a page, which could not stay whole."""
    page = browser.new_page()
    page.emulate_media(media="print")
    page.goto(pdf.editions()[printed[0].html["lang"]].with_suffix(".html").as_uri())
    mm = 96 / 25.4
    wide = page.evaluate(
        """([portrait, landscape]) => {
        const found = [];
        for (const part of document.querySelectorAll("main *, nav *")) {
            const width = part.closest("#claims .stacked, #my-town .table-scroll, #register")
                ? landscape : portrait;
            const box = part.getBoundingClientRect();
            if (box.right > width + 1 || part.scrollWidth > part.clientWidth + 1
                && part.clientWidth && getComputedStyle(part).overflowX !== "visible")
                found.push(part.tagName + " " + Math.round(box.right) + " "
                           + part.textContent.slice(0, 60));
        }
        return found; }""",
        [174 * mm, 265 * mm],
    )
    assert wide == []
    highest = page.evaluate("Math.max(...[...document.querySelectorAll('figure')].map(figure => figure.offsetHeight))")
    page.close()
    assert 0 < highest < 255 * mm
