"""The list of references in Japanese: Japanese works by their own authors and titles.

One file serves both editions. In references.bib a Japanese work has fields NAME_ja, which stand in
the Japanese edition for NAME, and `yomi`, by which it is sorted; its title is the printed one, with
an English one in brackets that the Japanese edition leaves out. Works in other languages stay.
"""

import re

from pybtex.database import Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting import plain
from pybtex.style.sorting import author_year_title
from pybtex.style.template import field, href, join, names, optional
from sphinxcontrib.bibtex.plugin import register_plugin as register_reference_style
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

TRANSLATED = re.compile(r" \[[^]]*\]")
BRACKETS = BracketStyle("［", "］", "、")


class JapaneseFirst(author_year_title.SortingStyle):
    """Japanese works by their reading, then the others by their authors."""

    def sorting_key(self, entry):
        reading = entry.fields.get("yomi", "")
        return (not reading, reading, *super().sorting_key(entry))


class Style(plain.Style):
    default_sorting_style = JapaneseFirst

    def get_misc_template(self, e):
        if "yomi" not in e.fields:
            return super().get_misc_template(e)
        return join[
            names("author", sep="・"),
            join["（", field("year"), "）「", field("title"), "」、"],
            *(join[field(name), "。"] for name in ("howpublished", "note") if e.fields[name]),
            optional[href(field("url", raw=True))[field("url", raw=True)]],
        ]


class References(AuthorYearReferenceStyle):
    def __init__(self):
        super().__init__(
            bracket_parenthetical=BRACKETS,
            bracket_textual=BRACKETS,
            person=PersonStyle(sep="、", sep2="及び", last_sep="及び", other="ほか"),
            author_year_sep="、",
            text_reference_sep="",
        )


def begin(app, config):
    if config.language == "ja":
        config.bibtex_default_style = config.bibtex_reference_style = "japanese"


def in_japanese(entries):
    """Put what is Japanese in an entry in the place of what is English."""
    for entry in entries:
        if "yomi" in entry.fields:
            entry.persons["author"] = [Person(entry.fields["author_ja"])]
            entry.fields["title"] = TRANSLATED.sub("", entry.fields["title"])
            for name in ("howpublished", "note"):
                entry.fields[name] = entry.fields.get(f"{name}_ja", "")


def translate(app):
    if app.config.language == "ja":
        in_japanese(app.env.get_domain("cite").bibdata.data.entries.values())


def setup(app):
    register_plugin("pybtex.style.formatting", "japanese", Style)
    register_reference_style("sphinxcontrib.bibtex.style.referencing", "japanese", References)
    app.connect("config-inited", begin)
    app.connect("builder-inited", translate, priority=900)  # after the file was read
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
