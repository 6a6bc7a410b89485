"""Print the finished book to one PDF with a Chromium of this machine: ``make pdf``.

The articles of all pages become one document (_build/pdf/book.html): code and downloads left
out, folded parts open, links between pages turned into links within the document, fonts from
the environment, so that Japanese is drawn on any machine. It is printed twice: the first time
to learn on which page each heading falls, the second time with those numbers in the contents.
"""

import html
import json
import os
import re
import shutil
import string
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import matplotlib
import matplotlib_fontja
import yaml
from bs4 import BeautifulSoup
from fontTools import subset
from playwright.sync_api import Error, sync_playwright
from pypdf import PdfReader
from pypdf.generic import Destination

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
import citation  # noqa: E402

HTML = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "pdf"
PDF = OUT / "book.pdf"
STYLE = Path(__file__).with_suffix(".css")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Containers often have neither a sandbox nor a large /dev/shm.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
FONTS = (
    ("Book", "STIXGeneral", ""), ("Book", "STIXGeneralBol", "font-weight: 700"),
    ("Book", "STIXGeneralItalic", "font-style: italic"),
    ("Book", "STIXGeneralBolIta", "font-weight: 700; font-style: italic"),
    ("Plain", "DejaVuSans", ""), ("Plain", "DejaVuSans-Bold", "font-weight: 700"),
    ("Mono", "DejaVuSansMono", ""), ("Japanese", "ipaexg", ""))
# Not on paper: code, what only a screen can do, and what would be said twice.
DROPPED = (".cell_input", "details.recorded", ".code-switch", "#numbers-on-this-page",
           ".headerlink", "a.download", "script", "noscript > p", "form", "div.my-town",
           ".toctree-wrapper", "template")


class PdfError(Exception):
    pass


def find_browser() -> str | None:
    """Path of a Chromium or Chrome: that of the variable CHROMIUM, or one on the PATH.

    PdfError where the variable names no program.
    """
    named = os.environ.get("CHROMIUM")
    if named and not shutil.which(named):
        raise PdfError(f"CHROMIUM is {named}, and there is no such program")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def contents() -> list[tuple[str, str]]:
    """Caption of the part ('' before the first) and name of each page, in the book's order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [("", toc["root"]), *((part["caption"], chapter["file"])
                                 for part in toc["parts"] for chapter in part["chapters"])]


def anchor(page: str, part: str = "") -> str:
    """Id, in the one document, of a page or of a part of it."""
    return f"{PurePosixPath(page).name}--{part}" if part else PurePosixPath(page).name


def address(href: str, page: str, pages: set[str]) -> str | None:
    """Where a link of a page leads in the one document; None if it leads nowhere in it."""
    if re.match(r"[a-z]+:", href):
        return href
    path, _, part = href.partition("#")
    target = os.path.normpath(PurePosixPath(page).parent / unquote(path)) if path else page
    target = str(target).removesuffix(".html")
    return "#" + anchor(target, unquote(part)) if target in pages else None


def article(page: str, pages: set[str]):
    """The article of a page, made ready for the one document."""
    soup = BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    found = soup.find("article", class_="bd-article")
    for link in found.select("a.download"):
        # The sign between it and the source goes too.
        if (after := link.next_sibling) and after.strip(" ").startswith("·"):
            after.replace_with(after.strip(" ").removeprefix("· "))
    for number in found.select("a.n"):  # to its row, since the page's own list is left out
        row = number["href"].removeprefix("#n-")
        number["href"] = os.path.relpath("chapters/register.html", PurePosixPath(page).parent)
        number["href"] += f"#{row}"
    for selector in DROPPED:
        for part in found.select(selector):
            part.decompose()
    for part in found.select("noscript"):
        part.unwrap()
    for part in found.find_all(id=True):
        part["id"] = anchor(page, part["id"])
    for link in found.find_all("a", href=True):
        if target := address(link["href"], page, pages):
            link["href"] = target
        else:
            del link["href"]
    for image in found.find_all("img"):
        del image["loading"]
        place = os.path.normpath(HTML / PurePosixPath(page).parent / unquote(image["src"]))
        image["src"] = os.path.relpath(place, OUT)
    for details in found.find_all("details"):
        details["open"] = ""
    for headed in found.find_all(re.compile("^h[1-6]$")):
        # Without the space that stood before the removed sign.
        headed.string = headed.get_text().strip()
    found.name, found["class"], found["id"] = "section", "page", anchor(page)
    return found


def fonts(text: str) -> str:
    """Style rules for the fonts, all of them from the environment, cut down to the signs of `text`.

    Cut down, because a sign's glyph can serve others as well (a Japanese character, a radical of
    the same form) and the text of a PDF, searched or copied, would have those. For the same
    reason without ligatures.
    """
    latin = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    japanese = Path(matplotlib_fontja.__file__).parent / "fonts"
    (OUT / "fonts").mkdir(parents=True, exist_ok=True)
    rules = []
    for family, path, look in FONTS:
        path = (japanese if family == "Japanese" else latin) / f"{path}.ttf"
        subset.main([str(path), f"--text={text}", "--layout-features=kern", "--drop-tables+=FFTM",
                     f"--output-file={OUT / 'fonts' / path.name}"])
        rules.append(f'@font-face {{ font-family: "{family}"; src: url("fonts/{path.name}"); '
                     f"{look} }}")
    return "\n".join(rules)


def document(numbers: dict[str, int]) -> str:
    """The whole book as one HTML document; `numbers` holds the page of each entry, by its id."""
    work = citation.book()
    build = json.loads((HTML / "build.json").read_text(encoding="utf-8"))["digest"]
    pages = {page for _, page in contents()}
    entries, bodies, last = [], [], ""
    for part, page in contents():
        body = article(page, pages)
        if part != last:
            entries.append(f'<li class="part">{html.escape(part)}</li>')
            last = part
        for headed in body.find_all(["h1", "h2"]):
            id = headed.find_parent(id=True)["id"]
            headed["data-entry"] = id
            entries.append(
                f'<li class="{headed.name}"><a href="#{id}"><span>{html.escape(headed.get_text())}'
                f'</span><span class="leader"></span><span>{numbers.get(id, 0)}</span></a></li>')
        bodies.append(str(body))
    signs = "".join(sorted(set("".join(bodies + entries)) | set(string.printable.strip())))
    made = f"Version {work.version}, {work.released}. Build {build[:12]}."
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(work.title)}</title>
<meta name="author" content="{html.escape("; ".join(work.authors))}">
<style>{fonts(signs)}
{STYLE.read_text(encoding="utf-8")}</style></head><body>
<header><p class="title">{html.escape(work.title)}</p><p>{html.escape("; ".join(work.authors))}</p>
<p>{made}</p><p>How to cite: {html.escape(citation.text(work))}</p>
<p>Text and figures: CC BY 4.0. Code: MIT. The code of each chapter, the data of each figure and
the register as a table are part of the book on the web and of its repository.</p></header>
<nav><p class="title">Contents</p><ul>{"".join(entries)}</ul></nav>
<main>{"".join(bodies)}</main></body></html>
"""


def footer() -> str:
    """The line at the foot of each page."""
    work = citation.book()
    return ('<div style="font: 7.5pt sans-serif; color: #444; width: 100%; margin: 0 18mm; '
            'display: flex; justify-content: space-between">'
            f'<span>{html.escape(work.title.partition(":")[0])}, version '
            f'{html.escape(work.version)}</span><span class="pageNumber"></span></div>')


def bookmarks(outline: list) -> Iterator[Destination]:
    """The bookmarks of a PDF in their order, whatever their level."""
    for item in outline:
        if isinstance(item, list):
            yield from bookmarks(item)
        else:
            yield item


def page_numbers(pdf: Path, headings: list[str]) -> dict[str, int]:
    """The page, from 1, of each heading of the contents.

    headings: for each heading of the document, its id in the contents, or '' if it is not there.
    The outline that Chromium writes has the same headings in the same order.
    """
    reader = PdfReader(pdf)
    found = [reader.get_destination_page_number(item) + 1 for item in bookmarks(reader.outline)]
    if len(found) != len(headings):
        raise PdfError(f"the PDF has {len(found)} bookmarks for {len(headings)} headings")
    return {id: number for id, number in zip(headings, found, strict=True) if id}


def print_book(browser) -> None:
    """Write book.html and book.pdf."""
    OUT.mkdir(parents=True, exist_ok=True)
    source, numbers = OUT / "book.html", {}
    for attempt in ("reading the pages", "numbering the contents"):
        print(f"pdf: {attempt}", flush=True)
        source.write_text(document(numbers), encoding="utf-8", newline="\n")
        page = browser.new_page()
        page.goto(source.as_uri(), wait_until="load")
        headings = page.eval_on_selector_all(
            "h1, h2, h3, h4, h5, h6", "found => found.map(h => h.dataset.entry ?? '')")
        partial = PDF.with_suffix(".partial")
        page.pdf(path=partial, prefer_css_page_size=True, tagged=True, outline=True,
                 print_background=True, display_header_footer=True,
                 header_template="<span></span>", footer_template=footer())
        page.close()
        before, numbers = numbers, page_numbers(partial, headings)
    if before != numbers:
        raise PdfError("the contents changed their length when they got their page numbers")
    partial.replace(PDF)


def main() -> None:
    try:
        browser = find_browser()
        if "--find" in sys.argv:  # for release.sh
            sys.exit(0 if browser else 3)
        if not browser:
            raise PdfError("no Chromium or Chrome found: install one, or set CHROMIUM to its "
                           "path. The pages in _build/html need none, and can be printed singly")
        with sync_playwright() as playwright:
            print_book(playwright.chromium.launch(executable_path=browser, args=ARGUMENTS))
    except KeyboardInterrupt:
        sys.exit("\npdf: interrupted")
    except (PdfError, Error, OSError) as error:
        sys.exit(f"pdf: {error}")
    print(f"pdf: {len(PdfReader(PDF).pages)} pages, {PDF.stat().st_size / 1e6:.1f} MB: "
          f"{PDF.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
