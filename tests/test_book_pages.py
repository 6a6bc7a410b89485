"""_ext/book_pages.py: what every built page carries besides its text."""

import datetime
import json
import re
from collections import Counter

import book_pages
import citation
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from pages import PAGES
from sphinx import addnodes

from adoption import language, register

TYPES = {"index": "Report", "chapters/codebook": "Dataset", "chapters/register": "Dataset"}

# Properties of schema.org (version 29) that each type has or inherits, as far as they are used.
THING = {"@context", "@type", "name", "description", "url"}
CREATIVE_WORK = THING | {"author", "creator", "datePublished", "inLanguage", "isPartOf", "license", "version"}
ALLOWED = {
    "Report": CREATIVE_WORK,
    "Chapter": CREATIVE_WORK,
    "Dataset": CREATIVE_WORK | {"distribution"},
    "Organization": THING,
    "Person": THING,
    "DataDownload": CREATIVE_WORK | {"contentUrl", "encodingFormat"},
}
REQUIRED = {
    "Report": {"name", "author", "datePublished", "version", "license"},
    "Chapter": {"name", "author", "isPartOf", "license"},
    "Dataset": {"name", "description", "creator", "license", "distribution", "isPartOf"},
    "Organization": {"name"},
    "Person": {"name"},
    "DataDownload": {"contentUrl", "encodingFormat"},
}


def described(page):
    [script] = page.find_all("script", type="application/ld+json")
    return json.loads(script.string)


def check(thing):
    """A schema.org object: known type and properties, required ones filled, and all below it."""
    assert REQUIRED[thing["@type"]] <= set(thing) <= ALLOWED[thing["@type"]], thing["@type"]
    for value in thing.values():
        assert value not in ("", None, [])
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                check(item)


@pytest.mark.parametrize("name", PAGES)
def test_json_ld(pages, html, name):
    found = described(pages[name])
    assert found["@context"] == "https://schema.org"
    assert found["@type"] == TYPES.get(name, "Chapter")
    check(found)
    report = found if name == "index" else found["isPartOf"]
    work = citation.book()
    assert (report["@type"], report["name"], report["version"]) == ("Report", work.title, work.version)
    datetime.date.fromisoformat(report["datePublished"])
    assert re.fullmatch(r"https://\S+", report["license"])
    if found["@type"] == "Dataset":
        assert 50 <= len(found["description"]) <= 5000
        for file in found["distribution"]:
            assert (html / name).parent.joinpath(file["contentUrl"]).is_file()
            assert file["encodingFormat"] in ("text/csv", "application/json")
    elif name != "index":
        heading = pages[name].find("article", class_="bd-article").h1
        assert found["name"] + heading.find("a", class_="headerlink").get_text() == heading.get_text()


@pytest.mark.parametrize("name", PAGES)
def test_highwire_tags(pages, name):
    tags = {}
    for meta in pages[name].find_all("meta", attrs={"name": re.compile("^citation_")}):
        tags.setdefault(meta["name"], []).append(meta["content"])
    work = citation.book()
    assert tags["citation_author"] == list(work.authors)
    assert len(tags["citation_title"]) == 1 and tags["citation_title"][0]
    [date] = tags["citation_publication_date"]
    datetime.datetime.strptime(date, "%Y/%m/%d")
    assert tags["citation_language"] == ["en"]
    if name == "index":
        assert tags["citation_title"] == [work.title] and "citation_inbook_title" not in tags
    else:
        assert tags["citation_inbook_title"] == [work.title]
        assert tags["citation_title"] == [described(pages[name])["name"]] or name in TYPES


def page_of(*parts):
    """A doctree with these parts."""
    page = new_document("x")
    page.extend(parts)
    return page


def test_description_is_the_finding_in_whole_sentences():
    finding = nodes.admonition(
        "",
        nodes.title("", "Finding"),
        nodes.paragraph("", "Yes. " + "A word " * 30 + "ends. " + "More words " * 30 + "end."),
        classes=["finding"],
    )
    before = nodes.paragraph("", "A sentence above it.")
    found = book_pages.description(page_of(before, finding))
    assert found.startswith("Yes. A word") and found.endswith("word ends.") and len(found) < 300
    assert book_pages.description(page_of(before)) == "A sentence above it."
    assert book_pages.description(page_of()) == ""


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_a_description(pages, name):
    [meta] = pages[name].find_all("meta", attrs={"name": "description"})
    assert 30 < len(meta["content"]) <= 300 and meta["content"].endswith(".")


def test_what_a_page_says_names_no_keys_of_works():
    cited = addnodes.pending_xref("", nodes.inline("", "holm1979"), refdomain="cite")
    said = nodes.paragraph("", "", nodes.Text("Corrected\n"), cited, nodes.Text(". And\nso on."))
    assert book_pages.plain(said) == "Corrected. And so on."
    assert cited.parent is said


def test_a_title_cannot_leave_its_tag(monkeypatch):
    work = citation.Work('A "b" <c>', ("N </script>",), "1.0", "2026-01-01", "")
    context = {"title": "What &lt;/script&gt; &amp; “x”?"}
    monkeypatch.setattr(citation, "book", lambda: work)
    book_pages.add_metadata(
        None, "chapters/x", "page.html", context, page_of(nodes.paragraph("", 'Say "<b>" & go. And so on.'))
    )
    page = BeautifulSoup(context["metatags"], "html.parser")
    assert described(page)["name"] == "What </script> & “x”?"
    assert described(page)["isPartOf"]["author"][0]["name"] == "N </script>"
    assert page.find("meta", attrs={"name": "citation_inbook_title"})["content"] == 'A "b" <c>'
    assert page.find("meta", attrs={"name": "description"})["content"] == ('Say "<b>" & go. And so on.')


def test_pages_without_a_source_get_no_metadata():
    context = {"title": "Search"}
    book_pages.add_metadata(None, "search", "search.html", context, None)
    assert context == {"title": "Search"}


@pytest.mark.parametrize("name", PAGES)
def test_version_and_build_stand_on_every_page(pages, html, name):
    digest = json.loads((html / "build.json").read_text())["digest"]
    footer = pages[name].find("p", class_="version")
    assert footer.find("span", class_="build-digest")["title"] == digest
    assert f"Version {citation.book().version}, build {digest[:12]}" == footer.get_text()


def test_no_page_is_from_another_build(html):
    digest = json.loads((html / "build.json").read_text())["digest"]
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "not stamped" not in text, path.name
        stamps = re.findall(r'class="build-digest" title="(\w+)"', text)
        assert set(stamps) <= {digest}, path.name


def test_downloads_are_the_committed_files(html):
    for pattern in ("data/*.csv", "data/datapackage.json", "results/*.csv", "results/stored/*.csv"):
        for path in register.PATH.parents[1].glob(pattern):
            copy = html / path.relative_to(register.PATH.parents[1])
            assert copy.read_bytes() == path.read_bytes(), path.name


def test_register_as_json_says_the_same(html):
    rows = json.loads((html / "results/results.json").read_text(encoding="utf-8"))
    assert [register.Result(**row) for row in rows] == list(register.read_file().values())


# --- the register: every id has an anchor, and what names an id leads to it ---------------------


def test_every_result_has_one_anchor_and_its_cell(pages):
    anchors = Counter(element["id"] for element in pages["chapters/register"].find_all(id=True))
    for row in register.read_file().values():
        assert anchors[row.id] == 1, row.id
        chapter = f"chapters/{row.chapter}"
        assert pages[chapter] and f"cell-{row.cell}" in pages.ids[chapter], row.id


@pytest.mark.parametrize("name", PAGES)
def test_ids_of_cells_and_text_lead_to_their_rows(pages, name):
    prefix = "" if name.startswith("chapters/") else "chapters/"
    known = register.read_file()
    for link in pages[name].select("details.recorded a, a.result"):
        id = link.get_text()
        assert id in known and link["href"] == f"{prefix}register.html#{id}"


def test_some_cells_and_texts_have_such_links(pages):
    assert len(pages["chapters/who-adopts-first"].select("details.recorded a")) > 30
    assert len(pages["chapters/brief"].select("a.result")) > 9


# --- where the book stands, if that is known -----------------------------------------------------

PLACED = citation.book()._replace(url="https://example.org/book/")


def test_addresses_are_whole_where_the_book_has_one():
    found = book_pages.json_ld("chapters/register", "Register", PLACED)
    check(found)
    assert found["url"] == "https://example.org/book/chapters/register.html"
    assert found["distribution"][0]["contentUrl"] == "https://example.org/book/results/results.csv"
    tags = dict(book_pages.highwire("chapters/brief", "Brief", PLACED))
    assert tags["citation_fulltext_html_url"] == "https://example.org/book/chapters/brief.html"
    assert "url" not in book_pages.json_ld("chapters/brief", "Brief", PLACED._replace(url=""))
    assert "citation_fulltext_html_url" not in dict(book_pages.highwire("index", "", PLACED._replace(url="")))


@pytest.mark.parametrize("repository", ["", "https://github.com/a/b"])
def test_pages_launch_and_link_only_what_is_known(monkeypatch, repository):
    class Config:
        html_theme_options: dict = {}
        html_baseurl = ""

    monkeypatch.setenv("REPOSITORY_URL", repository)
    monkeypatch.setattr(citation, "book", lambda: PLACED)
    book_pages.add_addresses(None, Config)
    assert Config.html_baseurl == PLACED.url
    assert Config.html_theme_options.get("repository_url", "") == repository
    assert "PDF" not in Config.html_theme_options["extra_footer"]
    monkeypatch.setenv("PDF_URL", "https://example.org/book.pdf")
    book_pages.add_addresses(None, Config)
    assert 'href="https://example.org/book.pdf"' in Config.html_theme_options["extra_footer"]
    monkeypatch.setattr(language, "spoken", lambda: "ja")
    book_pages.add_addresses(None, Config)
    assert Config.html_baseurl == f"{PLACED.url}ja/"
    assert 'href="https://example.org/book.ja.pdf"' in Config.html_theme_options["extra_footer"]
    assert ("launch_buttons" in Config.html_theme_options) == bool(repository)
    if repository:
        assert Config.html_theme_options["repository_branch"] == f"v{PLACED.version}"
