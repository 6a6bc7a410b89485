"""_ext/book_pages.py: what every built page carries besides its text."""

import datetime
import importlib.util
import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document

from adoption import citation, register

ROOT = Path(__file__).resolve().parents[1]
PAGES = re.findall(r"^\s*(?:- )?(?:root|file):\s*(\S+)\s*$",
                   (ROOT / "_toc.yml").read_text(encoding="utf-8"), re.M)
TYPES = {"index": "Report", "chapters/codebook": "Dataset", "chapters/register": "Dataset"}

# Properties of schema.org (version 29) that each type has or inherits, as far as they are used.
THING = {"@context", "@type", "name", "description", "url"}
CREATIVE_WORK = THING | {"author", "creator", "datePublished", "inLanguage", "isPartOf", "license",
                         "version"}
ALLOWED = {"Report": CREATIVE_WORK, "Chapter": CREATIVE_WORK,
           "Dataset": CREATIVE_WORK | {"distribution"}, "Organization": THING, "Person": THING,
           "DataDownload": CREATIVE_WORK | {"contentUrl", "encodingFormat"}}
REQUIRED = {"Report": {"name", "author", "datePublished", "version", "license"},
            "Chapter": {"name", "author", "isPartOf", "license"},
            "Dataset": {"name", "description", "creator", "license", "distribution", "isPartOf"},
            "Organization": {"name"}, "Person": {"name"},
            "DataDownload": {"contentUrl", "encodingFormat"}}


@pytest.fixture(scope="session")
def heads(html):
    return {name: BeautifulSoup((html / f"{name}.html").read_text(encoding="utf-8"),
                                "html.parser") for name in PAGES}


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("book_pages", ROOT / "_ext/book_pages.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


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
def test_json_ld(heads, html, name):
    found = described(heads[name])
    assert found["@context"] == "https://schema.org"
    assert found["@type"] == TYPES.get(name, "Chapter")
    check(found)
    report = found if name == "index" else found["isPartOf"]
    work = citation.book()
    assert (report["@type"], report["name"], report["version"]) == (
        "Report", work.title, work.version)
    datetime.date.fromisoformat(report["datePublished"])
    assert re.fullmatch(r"https://\S+", report["license"])
    if found["@type"] == "Dataset":
        assert 50 <= len(found["description"]) <= 5000
        for file in found["distribution"]:
            assert (html / name).parent.joinpath(file["contentUrl"]).is_file()
            assert file["encodingFormat"] in ("text/csv", "application/json")
    elif name != "index":
        heading = heads[name].find("article", class_="bd-article").h1
        heading.find("a", class_="headerlink").extract()
        assert found["name"] == heading.get_text()


@pytest.mark.parametrize("name", PAGES)
def test_highwire_tags(heads, name):
    tags = {}
    for meta in heads[name].find_all("meta", attrs={"name": re.compile("^citation_")}):
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
        assert tags["citation_title"] == [described(heads[name])["name"]] or name in TYPES


def page_of(*parts):
    """A doctree with these parts."""
    page = new_document("x")
    page.extend(parts)
    return page


def test_description_is_the_finding_in_whole_sentences(module):
    finding = nodes.admonition("", nodes.title("", "Finding"), nodes.paragraph(
        "", "Yes. " + "A word " * 30 + "ends. " + "More words " * 30 + "end."), classes=["finding"])
    before = nodes.paragraph("", "A sentence above it.")
    found = module.description(page_of(before, finding))
    assert found.startswith("Yes. A word") and found.endswith("word ends.") and len(found) < 300
    assert module.description(page_of(before)) == "A sentence above it."
    assert module.description(page_of()) == ""


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_a_description(heads, name):
    [meta] = heads[name].find_all("meta", attrs={"name": "description"})
    assert 30 < len(meta["content"]) <= 300 and meta["content"].endswith(".")


def test_a_title_cannot_leave_its_tag(module):
    work = citation.Work('A "b" <c>', ("N </script>",), "1.0", "2026-01-01", "")
    context = {"title": "What &lt;/script&gt; &amp; “x”?"}
    original = module.citation.book
    try:
        module.citation.book = lambda: work
        module.add_metadata(None, "chapters/x", "page.html", context,
                            page_of(nodes.paragraph("", 'Say "<b>" & go. And so on.')))
    finally:
        module.citation.book = original
    page = BeautifulSoup(context["metatags"], "html.parser")
    assert described(page)["name"] == "What </script> & “x”?"
    assert described(page)["isPartOf"]["author"][0]["name"] == "N </script>"
    assert page.find("meta", attrs={"name": "citation_inbook_title"})["content"] == 'A "b" <c>'
    assert page.find("meta", attrs={"name": "description"})["content"] == (
        'Say "<b>" & go. And so on.')


def test_pages_without_a_source_get_no_metadata(module):
    context = {"title": "Search"}
    module.add_metadata(None, "search", "search.html", context, None)
    assert context == {"title": "Search"}


@pytest.mark.parametrize("name", PAGES)
def test_version_and_build_stand_on_every_page(heads, html, name):
    digest = json.loads((html / "build.json").read_text())["digest"]
    footer = heads[name].find("p", class_="version")
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
    for folder, patterns in (("data", ("*.csv", "datapackage.json")),
                             ("results", ("results.csv", "results.json"))):
        for pattern in patterns:
            for path in (ROOT / folder).glob(pattern):
                assert (html / folder / path.name).read_bytes() == path.read_bytes(), path.name


# --- the register: every id has an anchor, and what names an id leads to it ---------------------

def test_every_result_has_one_anchor(heads):
    page = heads["chapters/register"]
    anchors = [element["id"] for element in page.find_all(id=True)]
    for id in register.read().index:
        assert anchors.count(id) == 1, id


@pytest.mark.parametrize("name", PAGES)
def test_results_of_figures_and_text_lead_to_their_rows(heads, name):
    prefix = "" if name.startswith("chapters/") else "chapters/"
    known = set(register.read().index)
    for link in heads[name].select("details.provenance a, a.result"):
        id = link.get_text()
        assert id in known and link["href"] == f"{prefix}register.html#{id}"


def test_some_figures_and_texts_have_such_links(heads):
    assert len(heads["chapters/who-adopts-first"].select("details.provenance a")) > 3
    assert len(heads["chapters/brief"].select("a.result")) > 9


def test_an_unknown_result_in_the_text_is_an_error(module):
    class Reporter:
        def error(self, message, line):
            return message

    class Inliner:
        reporter = Reporter()

        def problematic(self, *arguments):
            return "problematic"

    shown, messages = module.result_role("result", "x", "ai.rate-ratio.smalest", 1, Inliner())
    assert shown == ["problematic"] and "ai.rate-ratio.smallest" in messages[0]
