"""The English and the Japanese edition: pages of one name, from one execution of the chapters.

Sphinx translates a page's sentences from its catalogue (locale/ja/LC_MESSAGES). Here:

* what a chapter's code puts on its page, and what a directive makes of tables, is in the edition's
  language already (adoption.language) and no message of the page;
* a paragraph without a translation stays English, and is marked;
* titles and captions of _toc.yml, the words of _config.yml and Sphinx's scripts are translated;
* every page says where the same page is in the other language, and leads there.
"""

import json
import os
import re
from functools import wraps
from html import escape
from pathlib import Path

import citation
from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform, i18n

from adoption import language
from adoption.language import tr

# Folder of each edition, and its name in its own language. `make book` makes both
# (tools/book.mk); what `jupyter-book build` alone makes has no pages to switch to.
EDITIONS = {"en": (citation.FOLDERS["en"], "English"), "ja": (citation.FOLDERS["ja"], "日本語")}
if not os.environ.get("BOOK_JA"):
    del EDITIONS["ja"]


class OutputsAreNoMessages(SphinxTransform):
    default_priority = 9  # before Sphinx collects messages (10) and translates (20)

    def apply(self):
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") in ("cell_code_output", "mime_bundle"):
                no_messages(bundle)


class PicturesSpeak(SphinxTransform):
    """Alternative texts come with the pictures, in the edition's language."""

    default_priority = 940  # before untranslated nodes are marked (950)

    def apply(self):
        for image in self.document.findall(nodes.image):
            image.attributes.pop("translated", None)


def no_messages(*made):
    """The nodes, said to be in the edition's language already."""
    for top in made:
        for node in top.findall(nodes.TextElement):
            # Sphinx takes an inline element with this attribute for a placeholder.
            if not isinstance(node, nodes.Inline):
                node["translatable"] = False
    return list(made)


def with_footnotes(publish):
    """A translation is parsed apart from its page: its footnotes' marks need some note to be marks."""

    @wraps(publish)
    def published(*args, **known):
        at = 0 if isinstance(args[0], str) else 1  # before Sphinx 9 the application is first
        notes = "".join(f"\n\n[^{name}]: ." for name in FOOTNOTE.findall(args[at]))
        return publish(*args[:at], args[at] + notes, *args[at + 1 :], **known)

    return published


def begin(app, config):
    """Speak the edition's language, in the words that stand in settings too."""
    language.use(config.language, "**/*")
    # The texts of pages come from here, and so do those of chapters.
    config.locale_dirs, config.gettext_compact = ["locale"], False
    config.translation_progress_classes = "untranslated"
    options = config.html_theme_options
    config.html_title, config.author = tr(config.html_title or config.project), tr(config.author)
    options["extra_footer"] = tr(options.get("extra_footer", "").strip())
    options["article_header_end"] = ["language-switch.html", "article-header-buttons.html"]
    if config.language != "en":
        options["search_bar_text"] = tr("Search this book...")


def translate_contents(app, doctree):
    """Titles and captions of _toc.yml come after Sphinx has translated the page."""
    for toctree in doctree.findall(addnodes.toctree):
        toctree["entries"] = [(title and tr(title), page) for title, page in toctree["entries"]]
        if toctree.get("caption"):
            toctree["caption"] = toctree["rawcaption"] = tr(toctree["caption"])


def link_editions(app, page, template, context, doctree):
    """Where the same page is in each language, and how to get there."""
    here, base = EDITIONS[app.config.language][0], citation.book().url.rstrip("/")
    up = "../" * (page.count("/") + here.count("/"))
    addresses = {code: f"{up}{folder}{page}.html" for code, (folder, _) in EDITIONS.items()}
    # Said before the theme looks whether the switch is empty.
    context["editions"] = [
        (code, EDITIONS[code][1], address) for code, address in addresses.items() if code != app.config.language
    ]
    # Search engines take whole addresses only.
    if base and len(EDITIONS) > 1:
        context["metatags"] = context.get("metatags", "") + "".join(
            f'<link rel="alternate" hreflang="{code}" href="{escape(f"{base}/{folder}{page}.html")}" />\n'
            for code, (folder, _) in EDITIONS.items()
        )


def finish_page(app, page, template, context, doctree):
    """Tables are the same in all languages, and stand once; what is not translated is said to be English."""
    if app.config.language != "en":
        for part in ("body", "metatags"):
            context[part] = TABLES.sub(r"\g<1>../\g<2>", context.get(part, ""))
        context["body"] = UNTRANSLATED.sub(r'\1 lang="en"\2', BLANK.sub("", context["body"]))
        if page.startswith("reference/") and page != "reference/index":  # they describe code, in English
            context["body"] = context["body"].replace("<section", '<section lang="en"', 1)


FOOTNOTE = re.compile(r"\[\^([\w-]+)\]")
# Markdown's emphasis asks for a blank where Japanese has none.
BLANK = re.compile("(?<=[ぁ-ヿ一-鿿、]) (?=<(?:strong|em)>)|(?:(?<=</strong>)|(?<=</em>)) (?=[ぁ-ヿ一-鿿])")
TABLES = re.compile(r'((?:href|src|"contentUrl")(?:="|: "))((?:\.\./)*(?:data|results)/)')
UNTRANSLATED = re.compile(r'(<(?!img)\w+)((?: [\w-]+="[^"]*")* class="[^"]*\buntranslated\b)')

# Sphinx makes a function of a catalogue's rule for plurals, which the pages' policy does not allow:
# the words of the search page would be lost. Japanese has one form.
MADE = re.compile(r"new Function\(\s*\"n\",\s*`return \(\$\{catalog\.plural_expr\}\)`,?\s*\)")
FOUND = "Search finished, found ${resultCount} page(s) matching the search query."


def translate_scripts(app, exception):
    if exception or app.builder.format != "html" or app.config.language == "en":
        return
    static = Path(app.outdir) / "_static"
    text, found = MADE.subn("(n) => 0", (static / "doctools.js").read_text("utf-8"))
    if found != 1:
        raise ExtensionError("doctools.js: expected one new Function for plural_expr")
    (static / "doctools.js").write_text(text, "utf-8")
    # Sphinx's own catalogue has an empty translation of this one, which would be shown.
    before, words, after = re.split(
        r"(\{.*\})", (static / "translations.js").read_text("utf-8"), maxsplit=1, flags=re.S
    )
    words = json.loads(words)
    words["messages"] = {key: value for key, value in words["messages"].items() if value}
    words["messages"][FOUND] = tr("Search finished, found ${resultCount} page(s) matching the search query.")
    (static / "translations.js").write_text(f"{before}{json.dumps(words)}{after}", "utf-8")


def setup(app):
    name = "publish_msgstr" if hasattr(i18n, "publish_msgstr") else "_publish_msgstr"  # since Sphinx 9
    if not hasattr(getattr(i18n, name), "__wrapped__"):
        setattr(i18n, name, with_footnotes(getattr(i18n, name)))
    app.add_transform(OutputsAreNoMessages)
    app.add_transform(PicturesSpeak)
    app.connect("config-inited", begin, priority=400)  # before the footer gets the version
    app.connect("doctree-read", translate_contents, priority=900)
    app.connect("html-page-context", link_editions, priority=400)
    app.connect("html-page-context", finish_page, priority=700)  # after those that write into pages
    app.connect("build-finished", translate_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
