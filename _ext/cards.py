"""What the cards of links say (cards.js shows them; without it the browser does, as titles).

* A link to a page carries that page's finding.
* On each chapter, the first mention of a glossary's term becomes a link with its definition.
"""

import re

import book_pages
from docutils import nodes
from register_role import parents
from sphinx import addnodes

from adoption.language import tr

GLOSSARY = "chapters/glossary"
WITHOUT_TERMS = {GLOSSARY, "chapters/references", "chapters/register", "chapters/codebook", "chapters/changes"}
# Words of every day, which are terms where they name the evidence, in italics.
EVERYDAY = {"Case", "Fact", "Test", "Tested", "Model", "Range", "Interval", "Bounded", "Introduced"}
# Not in links, headings and code, and not where a figure says what it shows.
LEFT = (
    nodes.reference,
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.figure,
    nodes.term,
    addnodes.pending_xref,
)


def read(app, doctree):
    """Keep what a page finds, and what the glossary's terms mean."""
    env = app.env
    if not hasattr(env, "page_findings"):
        env.page_findings, env.definitions = {}, {}
    env.page_findings[env.docname] = book_pages.description(doctree)
    if env.docname == GLOSSARY:
        env.definitions = {
            term.astext(): (term["ids"][0], book_pages.plain(item[-1]))
            for item in doctree.findall(nodes.definition_list_item)
            for term in item.findall(nodes.term)
        }


def describe(app, doctree, page):
    """Give links to pages their titles, and terms their links."""
    env, address = app.env, app.builder.get_relative_uri
    if app.builder.format != "html":
        return
    pages = {address(page, name): said for name, said in env.page_findings.items()}
    for link in doctree.findall(nodes.reference):
        if any("std-doc" in part.get("classes", ()) for part in link.findall(nodes.inline)) and (
            said := pages.get(link.get("refuri", ""))
        ):
            link["reftitle"] = said
    if page not in WITHOUT_TERMS and not page.startswith("reference/"):
        link_terms(doctree, env.definitions, address(page, GLOSSARY))


def written(name):
    """Whether a term is written in Japanese, in more characters than many other words begin with."""
    return not name.isascii() and len(name) > 2


def link_terms(doctree, definitions, glossary):
    """Make the first mention of each term in a paragraph a link to its entry."""
    left = {name.lower(): name for name in definitions}
    if not left:
        return
    # The longest term at a place; "bounds" is a mention of "bound", and all of it the link.
    # Japanese has no spaces between words.
    names = sorted(left, key=len, reverse=True)
    everyday = set(map(tr, EVERYDAY))
    latin, others = ("|".join(map(re.escape, filter(kind, names))) or "(?!)" for kind in (str.isascii, written))
    mention = re.compile(rf"(?<![A-Za-z0-9-])({latin})s?(?![A-Za-z0-9-])|({others})", re.IGNORECASE)
    for text in list(doctree.findall(nodes.Text)):
        around = list(parents(text))
        if any(isinstance(parent, LEFT) for parent in around) or not any(
            isinstance(p, nodes.paragraph) for p in around
        ):
            continue
        italics = any(isinstance(parent, nodes.emphasis) for parent in around)
        parts, end = [], 0
        for found in mention.finditer(text):
            word = found[1] or found[2]
            name = left.get(word.lower())
            # Abbreviations are written in capitals: "AI" is no part of a name.
            if name is None or (name.isupper() and word != name) or (name in everyday and not italics):
                continue
            del left[name.lower()]
            id, said = definitions[name]
            parts += [nodes.Text(text[end : found.start()])] if found.start() > end else []
            parts.append(
                nodes.reference(
                    "", found[0], refuri=f"{glossary}#{id}", internal=True, classes=["n", "term"], reftitle=said
                )
            )
            end = found.end()
        if parts:
            text.parent.replace(text, [*parts, *([nodes.Text(text[end:])] if text[end:] else [])])


def setup(app):
    app.connect("doctree-read", read)
    app.connect("doctree-resolved", describe)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
