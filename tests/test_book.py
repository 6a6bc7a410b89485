"""The finished pages, as a reader's browser gets them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from pages import ALL_NOTEBOOKS, ALL_PAGES, PAGES

from adoption import data

ROOT = Path(__file__).resolve().parents[1]


def article(page):
    return page.find("article", class_="bd-article")


@pytest.mark.parametrize("name", ALL_PAGES)
def test_page_has_a_title_and_no_leftovers(pages, name):
    page = pages[name]
    assert page.html["lang"] == ("ja" if name.startswith("ja/") else "en")
    assert len(article(page).find_all("h1")) == 1
    prose = "".join(words for words in article(page).strings if not words.find_parent("pre"))
    for leftover in (r"\{(?:n|result)\}\S", r"\{cite", r"\{download", r"\{math", "Traceback", "nan%"):
        assert not re.search(leftover, prose), leftover


def committed_cells(name):
    """The cells of the notebook that serves a page, or the same page of the Japanese edition."""
    return json.loads((ROOT / f"{name.removeprefix('ja/')}.ipynb").read_text(encoding="utf-8"))["cells"]


def downloaded(pages, html, name):
    """The notebook behind the page's button."""
    link = pages[name].select_one("a.btn-download-source-button")
    return json.loads(((html / name).parent / unquote(link["href"])).read_text("utf-8"))


@pytest.mark.parametrize("name", ALL_NOTEBOOKS)
def test_every_cell_was_executed(pages, html, name):
    for cell in downloaded(pages, html, name)["cells"]:
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is not None, cell["id"]


@pytest.mark.parametrize("name", ALL_NOTEBOOKS)
def test_the_notebook_can_be_downloaded(pages, html, name):
    """As it ran: the committed cells, with their outputs."""
    assert ["".join(cell["source"]) for cell in downloaded(pages, html, name)["cells"]] == [
        "".join(cell["source"]) for cell in committed_cells(name)
    ]


@pytest.mark.parametrize("name", ALL_NOTEBOOKS)
def test_figures_are_complete(pages, html, name):
    page = pages[name]
    for figure in article(page).find_all("figure"):
        image, caption = figure.find("img"), figure.find("figcaption")
        assert figure.get("id", "").startswith("fig-"), "no label"
        assert len(image["alt"]) > 60 and re.search(r"\d", image["alt"]), figure["id"]
        assert ("出典：" if name.startswith("ja/") else "Source:") in caption.get_text(), figure["id"]
        files = [(html / f"{name}.html").parent / unquote(link["href"]) for link in caption.select(".downloads a")]
        assert [file.name for file in files] == [f"{figure['id']}.{kind}" for kind in ("csv", "svg", "png", "json")]
        data, svg, png, said = (file.read_bytes() for file in files)
        assert len(data.decode().splitlines()) > 1 and svg.startswith(b"<?xml") and png.startswith(b"\x89PNG")
        assert int.from_bytes(png[16:20]) >= 1200, "not the size of print"
        said = json.loads(said)
        assert (
            said["name"] == figure["id"]
            and said["alt"] == image["alt"]
            and said["address"].endswith(f"#{figure['id']}")
        )
        made = caption.find("a", string=re.compile("^(Code|コード)$"))
        assert figure.find_parent(id=made["href"].removeprefix("#")), figure["id"]
    images = article(page).find_all("img")
    assert all(image.find_parent("figure") for image in images), "an image outside a figure"


@pytest.mark.parametrize("name", ALL_PAGES)
def test_tables_have_caption_and_scopes(pages, name):
    for table in article(pages[name]).select(".cell_output table, .table-scroll table"):
        assert table.caption.get_text(strip=True)
        assert all(head.get("scope") in ("row", "col") for head in table.find_all("th"))


@pytest.mark.parametrize("name", ALL_PAGES)
def test_links_lead_somewhere(pages, html, name):
    here = html / f"{name}.html"
    for link in article(pages[name]).find_all("a", href=True):
        address = urlparse(link["href"])
        if address.scheme:
            continue
        target = (here.parent / unquote(address.path)).resolve() if address.path else here
        assert target.exists(), link["href"]
        if address.fragment and target.suffix == ".html":
            page = target.relative_to(html).with_suffix("").as_posix()
            assert pages[page] and unquote(address.fragment) in pages.ids[page], link["href"]


@pytest.mark.parametrize("name", ALL_NOTEBOOKS)
def test_each_code_cell_has_its_address(pages, name):
    assert [cell["id"] for cell in article(pages[name]).select("div.cell")] == [
        f"cell-{cell['id']}" for cell in committed_cells(name) if cell["cell_type"] == "code"
    ]


@pytest.mark.parametrize("name", PAGES)
def test_addresses_are_the_same_in_both_editions(pages, name):
    """Of sections, figures, tables, cells, numbers and results; parts without a name are counted by Sphinx."""
    english, japanese = (
        {part["id"] for part in article(pages[page]).find_all(id=True) if not re.fullmatch(r"id\d+", part["id"])}
        for page in (name, f"ja/{name}")
    )
    assert english == japanese


@pytest.mark.parametrize("name", ALL_PAGES)
def test_numbers_lead_to_their_lines_at_the_end_of_the_page(pages, name):
    page = article(pages[name])
    numbers = page.select("a.n > data")
    if not numbers:
        assert not page.find(id="numbers-on-this-page")
        return
    section = page.find(id="numbers-on-this-page")
    assert section.find_next_sibling() is None
    lines = [line["id"] for line in section.find_all("li")]
    assert {number.parent["href"] for number in numbers} == {f"#{id}" for id in lines}
    for number in numbers:
        exact, line = number["value"], page.find(id=number.parent["href"].removeprefix("#"))
        assert exact in line.strong.get_text() and number.get_text(), line["id"]
    for line in section.find_all("li"):
        *pages_quoted, row, cell = line.find_all("a")
        assert all(link["href"].startswith("http") for link in pages_quoted)
        assert row.get_text() == line["id"].removeprefix("n-") and "#cell-" in cell["href"]


def test_a_host_that_runs_jekyll_serves_every_folder(html):
    """Without this file it would leave out the folders whose names begin with _."""
    assert (html / ".nojekyll").is_file() and (html / "_static").is_dir()


def test_nothing_of_this_machine_is_in_the_pages(html):
    for page in html.rglob("*.html"):
        assert str(ROOT) not in page.read_text(encoding="utf-8"), page.name


# --- claims and brief ---------------------------------------------------------------------------


def test_every_claim_is_on_its_page_with_its_words_and_link(pages):
    page = article(pages["chapters/claims"])
    rows = page.find("table").tbody.find_all("tr")
    claims = data.load("claims")
    assert len(rows) == len(claims)
    for row, claim in zip(rows, claims.itertuples()):
        shown = row.get_text(" ")
        for words in (
            f"Slide {claim.slide}",
            claim.text_ja,
            claim.text_en,
            claim.restated_en,
            claim.evidence,
            claim.verdict_en,
            claim.caveat_en,
        ):
            assert words in shown, (claim.claim, words)
        links = {link["href"] for link in row.find_all("a")}
        assert f"{claim.chapter}.html#{claim.section}" in links
        assert {f"register.html#{id}" for id in claim.results.split()} <= links


def test_brief_has_five_findings_each_with_its_kind_of_evidence_and_ids(pages):
    page = article(pages["chapters/brief"])
    found = page.ol.find_all("li", recursive=False)
    assert len(found) == 5
    for item in found:
        assert re.match(r"exact fact|model|bound", item.em.get_text().lower())
        assert re.search(r"\d", item.strong.find_next("strong").get_text())
        [note] = item.select("a.footnote-reference")
        assert page.find(id=note["href"].removeprefix("#")).select("a.result")


@pytest.mark.parametrize("edition", ["", "ja/"])
def test_brief_prints_on_one_sheet_of_a4(absent, html, tmp_path, edition):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        absent("no browser", "REQUIRE_BROWSER")
    sheet = tmp_path / "brief.pdf"
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--print-to-pdf={sheet}",
            (html / edition / "chapters/brief.html").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    raw = sheet.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", raw)) == 1
    [width, height] = [float(n) for n in re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", raw).groups()]
    assert abs(width - 595.3) < 1 and abs(height - 841.9) < 1, "not A4"
