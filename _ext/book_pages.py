"""What every page of the book carries besides its text: who, which version, how to cite.

* Highwire tags for reference managers and schema.org JSON-LD for search engines: Report on the
  landing page, Chapter on the others, Dataset where tables are described.
* Version and build digest in the footer. Sphinx writes a placeholder, which tools/build.py
  replaces by the digest of data, code and lock, so that a page need not be written anew for it.
* Where BOOK_URL, REPOSITORY_URL or PDF_URL is given when the book is built: its address on each page,
  a link to the repository and buttons that launch a chapter on Binder, a link to the printed book
  (in Japanese, book.ja.pdf where that is book.pdf).
  Else no page points anywhere.
"""

import html
import json
import os
import re

import citation
from docutils import nodes
from sphinx import addnodes

from adoption import language
from adoption.language import mark, tr

PLACEHOLDER = '<span class="build-digest">not stamped</span>'
DATASETS = {
    "chapters/codebook": (
        mark("Tables of the survey of AI and RPA in Japan's local governments"),
        ("data/datapackage.json",),
    ),
    "chapters/register": (mark("Register of results"), ("results/results.csv", "results/results.json")),
}


def plain(node) -> str:
    """What a part of a page says, on one line and without the works that it cites."""
    said = node.deepcopy()
    for cited in list(said.findall(addnodes.pending_xref)):
        if cited.get("refdomain") == "cite":
            cited.parent.remove(cited)
    return re.sub(r"\s+([.,;:)]?)", lambda found: found[1] or " ", said.astext()).strip()


def description(doctree) -> str:
    """What a page says, for lists of search results: its finding, or else its first paragraph.

    Whole sentences, as many as fit into 300 characters, but at least one.
    """
    finding = [part for part in doctree.findall(nodes.Admonition) if "finding" in part.get("classes", ())]
    paragraphs = [plain(part) for place in (*finding, doctree) for part in place.findall(nodes.paragraph)]
    sentences = re.split(r"(?<=[.!?]) |(?<=。)", paragraphs[0]) if paragraphs else []
    said = ""
    for sentence in sentences:
        if said and len(said) + len(sentence) > 300:
            break
        said = f"{said}{'' if said.endswith('。') else ' '}{sentence}".strip()
    return said


def json_ld(page: str, title: str, work: citation.Work) -> dict:
    """The schema.org description of a page."""
    creators = [{"@type": "Organization", "name": name} for name in work.authors]
    licence = "https://creativecommons.org/licenses/by/4.0/"
    report = {
        "@type": "Report",
        "name": work.title,
        "version": work.version,
        "datePublished": work.released,
        "inLanguage": language.spoken(),
        "license": licence,
        "author": creators,
        **({"url": citation.address(work)} if work.url else {}),
    }
    if page == "index":
        return {"@context": "https://schema.org", **report}
    part = {
        "@context": "https://schema.org",
        "name": title,
        "inLanguage": language.spoken(),
        "license": licence,
        "isPartOf": report,
        **({"url": citation.address(work, f"{page}.html")} if work.url else {}),
    }
    if page in DATASETS:
        name, files = tr(DATASETS[page][0]), DATASETS[page][1]
        formats = {"csv": "text/csv", "json": "application/json"}
        return {
            **part,
            "@type": "Dataset",
            "name": name,
            "creator": creators,
            "description": tr("{name}: {title}. Part of: {book}.").format(name=name, title=title, book=work.title),
            "version": work.version,
            "datePublished": work.released,
            "distribution": [
                {
                    "@type": "DataDownload",
                    "contentUrl": f"{work.url.rstrip('/') or '..'}/{file}",
                    "encodingFormat": formats[file.rsplit(".")[-1]],
                }
                for file in files
            ],
        }
    return {**part, "@type": "Chapter", "author": creators}


def highwire(page: str, title: str, work: citation.Work) -> list[tuple[str, str]]:
    """The tags that reference managers read."""
    tags = [
        ("citation_title", work.title if page == "index" else title),
        *(("citation_author", author) for author in work.authors),
        ("citation_publication_date", work.released.replace("-", "/")),
        ("citation_language", language.spoken()),
        *([("citation_fulltext_html_url", citation.address(work, f"{page}.html"))] if work.url else []),
    ]
    return tags if page == "index" else [*tags, ("citation_inbook_title", work.title)]


def add_metadata(app, page, template, context, doctree):
    if doctree is None:
        return
    work = citation.book()
    # The theme gives titles as HTML.
    title = html.unescape(context.get("title", "")) or work.title
    summary = [("description", text)] if (text := description(doctree)) else []
    tags = "".join(
        f'<meta name="{name}" content="{html.escape(value)}" />\n'
        for name, value in (*summary, *highwire(page, title, work))
    )
    # "</" would end the script element.
    described = json.dumps(json_ld(page, title, work), ensure_ascii=False).replace("</", "<\\/")
    context["metatags"] = (
        context.get("metatags", "") + tags + f'<script type="application/ld+json">{described}</script>\n'
    )


def add_addresses(app, config):
    """The version in the footer, and what is known of where the book and its repository stand."""
    work = citation.book()
    config.html_baseurl = citation.address(work) if work.url else ""
    config.html_theme_options["navbar_persistent"] = []  # else later themes put a second search on top
    if repository := os.environ.get("REPOSITORY_URL"):
        config.html_theme_options |= {
            "repository_url": repository.rstrip("/"),
            "repository_branch": f"v{work.version}",
            "use_repository_button": True,
            "launch_buttons": {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"},
        }
    printed = os.environ.get("PDF_URL", "")
    if language.spoken() != "en":
        printed = printed.replace(".pdf", f".{language.spoken()}.pdf")
    config.html_theme_options["extra_footer"] = (
        config.html_theme_options.get("extra_footer", "")
        + (f'<p><a href="{html.escape(printed)}">{tr("The whole book as PDF")}</a></p>' if printed else "")
        + '<p class="version">'
        + tr("Version {version}, build {build}").format(version=html.escape(work.version), build=PLACEHOLDER)
        + "</p>"
    )


def setup(app):
    app.connect("config-inited", add_addresses)
    app.connect("html-page-context", add_metadata)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
