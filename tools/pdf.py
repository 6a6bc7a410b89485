"""Print each edition of the finished book to one PDF with a Chromium of this machine: ``make pdf``.

The articles of all pages become one document: code and downloads left out, folded parts open, links
within the document. It is printed twice: the second time with page numbers in the contents.
"""

import json
import os
import re
import shutil
import string
import sys
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import matplotlib
import matplotlib_fontja
import yaml
from bs4 import BeautifulSoup
from fontTools import subset
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "_ext"))
import citation  # noqa: E402

from adoption import language  # noqa: E402
from adoption.language import tr  # noqa: E402
from adoption.phrases import listed  # noqa: E402

HTML, OUT = ROOT / "_build" / "html", ROOT / "_build" / "pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Containers often have neither a sandbox nor a large /dev/shm.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
PRINTED = dict.fromkeys("prefer_css_page_size tagged outline print_background display_header_footer".split(), True)
# Not on paper: code, what only a screen can do, and what would be said twice.
DROPPED = (
    ".cell_input, details.recorded, .code-switch, #numbers-on-this-page, .headerlink, "
    "span.downloads, script, noscript > p, form, div.my-town, .toctree-wrapper, template"
)


def find_browser() -> str | None:
    """Path of a Chromium or Chrome: that of the variable CHROMIUM, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named and not shutil.which(named):
        sys.exit(f"pdf: CHROMIUM is {named}, and there is no such program")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def editions() -> dict[str, Path]:
    """The PDF of each edition that is built, by its language."""
    return {
        code: OUT / ("book.pdf" if code == "en" else f"book.{code}.pdf")
        for code, folder in citation.FOLDERS.items()
        if (HTML / folder / "index.html").exists()
    }


def speak(code: str) -> None:
    """Print in this language from now on."""
    language.use(code, "**/*")
    citation.book.cache_clear()


def contents() -> list[tuple[str, str]]:
    """Part ('' before the first) and name of each page but those below others, in order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [
        ("", toc["root"]),
        *((tr(part["caption"]), chapter["file"]) for part in toc["parts"] for chapter in part["chapters"]),
    ]


def anchor(page: str, part: str = "") -> str:
    """Id, in the one document, of a page or of a part of it."""
    return f"{PurePosixPath(page).name}--{part}" if part else PurePosixPath(page).name


def address(href: str, page: str, pages: set[str]) -> str | None:
    """Where a link of a page leads in the one document; None if it leads nowhere in it."""
    if re.match(r"[a-z]+:", href):
        return href
    path, _, part = href.partition("#")
    target = os.path.normpath(PurePosixPath(page).parent / unquote(path)) if path else page
    target = str(target).lstrip("/").removesuffix(".html")
    return "#" + anchor(target, unquote(part)) if target in pages else None


def article(page: str, pages: set[str]):
    """The article of a page, made ready for the one document."""
    html = HTML / citation.FOLDERS[language.spoken()]
    soup = BeautifulSoup((html / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    found = soup.find("article", class_="bd-article")
    for number in found.select("a.n:not(.term)"):  # to its row, since the page's own list is left out
        number["href"] = "/chapters/register.html" + number["href"].replace("#n-", "#")
    for part in found.select(DROPPED):
        part.extract()
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
        place = os.path.normpath(html / PurePosixPath(page).parent / unquote(image["src"]))
        image["src"] = os.path.relpath(place, OUT)
    for details in found.find_all("details"):
        details["open"] = ""
    for headed in found.find_all(re.compile("^h[1-6]$")):
        # Without the space that stood before the removed sign.
        headed.string = headed.get_text().strip()
    found.name, found["class"], found["id"] = "section", "page", anchor(page)
    return found


def cut_fonts(style: str, text: str) -> None:
    """Take the fonts that the style names from the environment, cut down to the signs of `text`.

    A glyph can serve other signs as well, a Japanese character and a radical of the same form, and
    the text of a PDF, searched or copied, would have those; so without ligatures, too.
    """
    places = (Path(matplotlib.get_data_path()) / "fonts" / "ttf", Path(matplotlib_fontja.__file__).parent / "fonts")
    for name in re.findall(r'url\("(.+?)"\)', style):
        font = OUT / name
        font.parent.mkdir(parents=True, exist_ok=True)
        [path] = [place / font.name for place in places if (place / font.name).exists()]
        output = f"--output-file={font}"
        subset.main([str(path), output, f"--text={text}", "--layout-features=kern", "--drop-tables+=FFTM"])


def document(numbers: dict[str, int]) -> str:
    """The whole edition as one HTML document; `numbers` holds the page of each entry, by its id."""
    pages = {page for _, page in contents()}
    entries, bodies, last = [], [], ""
    for part, page in contents():
        body = article(page, pages)
        if part != last:
            entries.append(f'<li class="part">{escape(part)}</li>')
            last = part
        for headed in body.find_all(["h1", "h2"]):
            id = headed.find_parent(id=True)["id"]
            entries.append(
                f'<li class="{headed.name}"><a href="#{id}"><span>{escape(headed.get_text())}'
                f'</span><span class="leader"></span><span>{numbers[id] if numbers else 0}</span></a></li>'
            )
        bodies.append(str(body))
    work, here = citation.book(), Path(__file__)
    style = here.with_suffix(".css").read_text(encoding="utf-8").replace("fonts/", f"fonts/{language.spoken()}/")
    build = json.loads((HTML / "build.json").read_text(encoding="utf-8"))["digest"][:12]
    words = {
        "lang": language.spoken(),
        "title": work.title,
        "authors": listed(work.authors),
        "edition": tr("Version {version}, {released}. Build {build}.").format(
            version=work.version, released=work.released, build=build
        ),
        "cite": tr("How to cite: {citation}").format(citation=citation.text(work._replace(build=build))),
        "terms": tr(
            "Text and figures: CC BY 4.0. Code: MIT. The code of each chapter, the data of each figure and the "
            "register as a table are part of the book on the web and of its repository."
        ),
        "contents": tr("Contents"),
        "foot": tr("{title}, version {version}").format(title=re.split("[:：]", work.title)[0], version=work.version),
    }
    signs = {*"".join(bodies + entries), *"".join(words.values()), *string.printable.strip()}
    cut_fonts(style, "".join(sorted(signs)))
    template = string.Template(here.with_suffix(".html").read_text(encoding="utf-8"))
    parts = {"style": style, "entries": "".join(entries), "bodies": "".join(bodies)}
    return template.substitute({name: escape(text) for name, text in words.items()} | parts)


def page_numbers(pdf: Path) -> dict[str, int]:
    """The page of each part that a link of the document leads to, by its id."""
    read = PdfReader(pdf)
    return {id[1:]: read.get_destination_page_number(at) + 1 for id, at in read.named_destinations.items()}


def print_book(browser, pdf: Path) -> None:
    """Write the PDF of the edition that is spoken, and beside it the HTML that it is printed from."""
    OUT.mkdir(parents=True, exist_ok=True)
    source, numbers = pdf.with_suffix(".html"), {}
    for attempt in ("reading the pages", "numbering the contents"):
        print(f"pdf: {pdf.name}: {attempt}", flush=True)
        source.write_text(document(numbers), encoding="utf-8", newline="\n")
        page = browser.new_page()
        page.goto(source.as_uri(), wait_until="load")
        partial = pdf.with_suffix(".partial")
        page.pdf(path=partial, header_template="<span></span>", footer_template=page.inner_html("#footer"), **PRINTED)
        page.close()
        before, numbers = numbers, page_numbers(partial)
    if before != numbers:
        sys.exit("pdf: the contents changed their length when they got their page numbers")
    partial.replace(pdf)
    print(f"pdf: {len(PdfReader(pdf).pages)} pages, {pdf.stat().st_size / 1e6:.1f} MB: {pdf.relative_to(ROOT)}")


def main() -> None:
    browser = find_browser()
    if "--find" in sys.argv:  # for release.sh
        sys.exit(0 if browser else 3)
    if not browser:
        sys.exit("pdf: no Chromium or Chrome found: install one, or set CHROMIUM to its path")
    from playwright.sync_api import Error, sync_playwright  # not in the lock: make pdf installs it

    try:
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
            for code, pdf in editions().items():
                speak(code)
                print_book(launched, pdf)
    except (Error, OSError) as error:
        sys.exit(f"pdf: {error}")


if __name__ == "__main__":
    main()
