"""Repairs of the theme's and Sphinx's pages: what keeps a reader with assistive technology out,
and what the HTML standard does not allow.

The templates beside this file give the sidebar a landmark; here the bibliography becomes a list
by roles that are in use, images load when they are reached, and Japanese words are marked as
Japanese, so that they are spoken, hyphenated and drawn as such. Names of buttons that the theme and
Sphinx have in English alone are translated. Colours stand in book.css.
"""

import re
from pathlib import Path

from adoption.language import mark, tr

# Japanese characters, and what may stand between two of them without a space (AI・RPA活用促進).
JAPANESE = r"[\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff9f]"
TERM = re.compile(rf"{JAPANESE}(?:[{JAPANESE[1:-1]}A-Za-z0-9().,・%-]*{JAPANESE})?")
# Parts whose text is no text: left as they are.
SKIPPED = re.compile(
    r"(<(?:script|style|title|option|textarea)\b.*?</(?:script|style|title|option|"
    r"textarea)>|<[^>]*>)",
    re.S,
)

# What the theme and Sphinx write around and between the articles, and what it should be.
SHELL = (
    # Not allowed, or not needed, by the HTML standard.
    (re.compile(r'\s+autocorrect="off"'), ""),
    # A second title and table of contents for paper, which book.css hides there too.
    (re.compile(r'<div id="jb-print-docs-body".*?(?=<div id="searchbox">)', re.S), ""),
    # The last of three equal ones remains.
    (re.compile(r'<meta name="viewport" content="width=device-width, initial-scale=1(?:.0)?" />'), ""),
    # Attributes that the policy of content_security.py refuses: book.css and buttons.js have what
    # they say.
    (re.compile(r'(<(?:table|td)) style="[^"]*"'), r"\1"),
    (re.compile(r'<button onclick="[^"]*"'), "<button"),
    # The sign that unfolds a part of the sidebar has no name.
    (re.compile(r'<summary>(?=<span class="toctree-toggle")'), '<summary aria-label="Pages below">'),
)
NAMES = (
    *(mark("Pages below"), mark("Link to this heading"), mark("Link to this term"), mark("Link to this image")),
    *(mark("Link to this definition"), mark("Book"), mark("Main"), mark("Toggle primary sidebar")),
    *(mark("Toggle secondary sidebar"), mark("Color mode"), mark("System Settings"), mark("Light"), mark("Dark")),
)
# Pages that describe functions are in English in every edition, and so are their names in the sidebar.
FUNCTIONS = re.compile(r'(<li class="toctree-l2"><a)(?= class="reference internal" href="[^"]*reference/\w+\.html")')
NAME = re.compile(rf'((?:title|aria-label)=")({"|".join(NAMES)})(?=")')


# The code of a module stands in a pre, which may hold phrases only.
CODE = re.compile(r"<pre>.*?</pre>", re.S)


def use_templates(app, config):
    config.templates_path.append(str(Path(__file__).with_name("templates")))


def mark_japanese(text: str) -> str:
    """HTML with each Japanese term of its text in an element with lang="ja"."""
    parts = SKIPPED.split(text)
    # Text and markup alternate.
    parts[::2] = [TERM.sub(r'<span lang="ja">\g<0></span>', part) for part in parts[::2]]
    return "".join(parts)


def repair(app, page, template, context, doctree):
    if "body" not in context:
        return
    # Deprecated roles, of which a list may not consist.
    body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
    body = re.sub(r"<img(?! loading)", '<img loading="lazy"', body)
    context["body"] = mark_japanese(body) if app.config.language == "en" else body


def repair_shells(app, exception):
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        before = text = path.read_text(encoding="utf-8")
        for pattern, better in SHELL:
            text = pattern.sub(better, text)
        text = NAME.sub(lambda name: name[1] + tr(name[2]), text)
        if app.config.language != "en":
            text = FUNCTIONS.sub(r'\1 lang="en"', text)
        if "_modules" in path.parts:
            text = CODE.sub(lambda code: re.sub(r"<(/?)div\b", r"<\1span", code[0]), text)
        if text != before:
            path.write_text(text, encoding="utf-8", newline="\n")


def setup(app):
    app.connect("config-inited", use_templates)
    app.connect("html-page-context", repair)
    app.connect("build-finished", repair_shells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
