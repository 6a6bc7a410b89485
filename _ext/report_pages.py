"""What the pages that only report are made of: directives without a kernel.

* `{register}`: a table for each chapter, a row a result, with the result's id as its address.
* `{changes}`: the numbers that differ from the version before, each with its reason.
* `{p-values}`: every p-value of the register by the question that it bears on, and what corrects it.
* `{codebook}`: a section for each table of the data package.
* `{citation} KEY`: text, BibTeX and RIS of the book, or of the part that an option names: `chapter`,
  `figure` (CHAPTER#FIGURE) or `result`.

A table is HTML with a caption and scopes, which the tables of docutils do not have.
"""

import json
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path

import changes
import citation
import downloads
from docutils import nodes
from docutils.parsers.rst import directives
from editions import no_messages
from register_role import linked, used
from sphinx.util.docutils import SphinxDirective

from adoption import csvfile, data, html_table, language, phrases, register
from adoption.language import mark, tr

REGISTER = (mark("Result"), mark("Value"), mark("From – to"), "p", mark("Evidence"), mark("More"))
KINDS = ("text", "number", "number", "number", "short", "text")
#: What the register's script says.
WORDS = {
    "search": mark("Search the register"),
    "shown": mark("{shown} of {all}"),
    "link": mark("Copy link"),
    "citation": mark("Copy citation"),
    "of": mark("{words} of {id}"),
    "copied": mark("Copied: {text}"),
    "copy": mark("Copy this text:"),
    "result": mark("Result {id}: {number}"),
}
UNSORTED = mark("Which question do these bear on?")
P_VALUES = register.FOLDER / "p-values.csv"
CHANGES = (mark("Version"), mark("Result"), mark("Before"), mark("After"), mark("Reason"))


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def table(caption: str, heads, rows, row_heads: int = 1) -> str:
    """An HTML table of texts; the leading columns head their row."""
    cells = [[escape(text) for text in row] for row in rows]
    kinds = [html_table.kind_of([row[i] for row in cells]) for i in range(len(heads))]
    return html_table.draw(caption, list(map(tr, heads)), cells, kinds, row_heads)


# --- the register ---------------------------------------------------------------------------------


def cited(result: register.Result) -> str:
    """What a citation says of one number: its id and value."""
    return tr("Result {id}: {number}").format(id=result.id, number=changes.in_words(result))


def register_row(result: register.Result) -> list[str]:
    """Cells of one row: rounded numbers, and folded what is exact and where it comes from."""
    address, source = f"{result.chapter}.html#cell-{result.cell}", linked(result.source)
    result = register.translated(result)
    return [
        f'{escape(result.label)} <span class="unit">'
        + escape(tr("({unit}; {base})").format(unit=result.unit, base=result.base))
        + "</span>",
        *map(escape, phrases.rounded(result)),  # "< 10⁻³"
        escape(result.evidence),
        f"<details><summary>{tr('exact, source')}</summary>"
        + tr("{id} = {exact}. Source: {source}.").format(
            id=f'<a class="id" href="#{result.id}"><code>{result.id}</code></a>',
            exact=f'<span class="exact">{escape(changes.in_words(result))}</span>',
            source=source,
        )
        + f' <a href="{address}">{tr("Code")}</a></details>',
    ]


def chapter_title(env, chapter: str) -> str:
    """The title of a chapter, which is its notebook's first line."""
    path = Path(env.doc2path(f"chapters/{chapter}"))
    env.note_dependency(str(path))
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]).split("\n")[0]
    return tr(first.strip("# "))


class Register(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(register.PATH))
        results = list(register.read_file(register.PATH).values())
        cited = escape(citation.text(citation.book()._replace(url=""), "{part}"))
        words = escape(json.dumps({key: tr(said) for key, said in WORDS.items()}, ensure_ascii=False))
        sections = [
            raw(
                "<p>"
                + tr("Download the whole register: {csv}, {json}.").format(
                    csv='<a href="../results/results.csv">results.csv</a>',
                    json='<a href="../results/results.json">results.json</a>',
                )
                + f'</p><div id="register-bar" data-citation="{cited}" data-words="{words}"></div>'
                '<script src="../_static/register.js" defer></script>'
            )
        ]
        for chapter in dict.fromkeys(result.chapter for result in results):
            rows = [result for result in results if result.chapter == chapter]
            sections.append(self.part(chapter, rows))
        return sections

    def part(self, chapter: str, results: list[register.Result]) -> nodes.section:
        """The results of one chapter, under its title."""
        title = chapter_title(self.env, chapter)
        drawn = html_table.draw(
            tr("{chapter} ({many} results)").format(chapter=title, many=len(results)),
            list(map(tr, REGISTER)),
            list(map(register_row, results)),
            KINDS,
            ids=[result.id for result in results],
        )
        section = nodes.section("", nodes.title("", title), raw(drawn), ids=[f"from-{chapter}"], classes=["results"])
        return no_messages(section)[0]


class Changes(SphinxDirective):
    def run(self):
        for path in (register.PATH, changes.CHANGES, citation.PATH, *changes.versions()):
            self.env.note_dependency(str(path))
        version = citation.book().version
        try:
            rows = changes.history(version)
        except data.DataError as error:
            raise self.error(str(error)) from None
        if rows:
            said = [list(map(tr, row)) for row in rows]
            return [raw(table(tr("Results that differ from the version before"), CHANGES, said, 2))]
        none = tr("Version {version}: no released number has changed.").format(version=escape(version))
        return [raw(f"<p>{none}</p>")]


# --- p-values -------------------------------------------------------------------------------------


def by_question(results: Iterable[register.Result], path: Path = P_VALUES) -> list[tuple[str, str, list]]:
    """Question, what corrects its p-values, and the results that have them, as results/p-values.csv says.

    A result that is under no question or under two stands under `UNSORTED` at the end (a test of the
    register refuses it), and a question without results is left out. DataError for a file out of order.
    """
    columns, lines = ("question", "ids", "correction"), []
    for index, line in enumerate(csvfile.read(path, columns)):
        place = csvfile.row_place(index)
        for name, text in zip(columns, line, strict=True):
            csvfile.words(text, path, f"{place}, column {name}")
        if line[0] in [question for question, _, _ in lines]:
            csvfile.fail(path, f"{place}, column question", f"{line[0]} again", "each once")
        lines.append(line)
    found = [(question, correction, []) for question, _, correction in lines] + [(UNSORTED, "not said yet.", [])]
    for result in results:
        if result.p_value is not None:
            at = [i for i, line in enumerate(lines) if any(fnmatchcase(result.id, ids) for ids in line[1].split())]
            found[at[0] if len(at) == 1 else -1][2].append(result)
    return [question for question in found if question[2]]


class PValues(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(register.PATH))
        self.env.note_dependency(str(P_VALUES))
        return [self.section(*question) for question in by_question(register.read_file(register.PATH).values())]

    def section(self, question, correction, results):
        name = nodes.fully_normalize_name(question)
        question = tr(question)
        rows = [
            [
                f'{escape(result.label)}<br><a class="id" href="register.html#{result.id}">'
                f"<code>{result.id}</code></a>",
                escape(phrases.p_value(result.p_value)),
                escape(result.base),
            ]
            for result in map(register.translated, results)
        ]
        caption, heads = tr("p-values: {question}").format(question=question), (tr("Result"), "p", tr("Covers"))
        section = nodes.section(
            "",
            nodes.title("", question),
            *self.parse_text_to_nodes(f"**{tr('What corrects them:')}** {tr(correction)}"),
            raw(html_table.draw(caption, heads, rows, ("text", "short", "text"))),
            names=[name],
        )
        self.state.document.note_implicit_target(section, section)
        return no_messages(section)[0]


# --- the codebook ---------------------------------------------------------------------------------

#: What the codebook says of the values of a field (adoption.data).
CONSTRAINTS = (mark("one of {values}"), mark("from {least} to {most}"), mark("refers to {table}"))
CONSTRAINTS += (
    mark("may be empty"),
    mark("unique"),
    mark("part of the key"),
    mark("key"),
    mark("as printed, digits and commas"),
)


FIELDS = [mark("Field"), mark("Data type"), mark("Unit"), mark("Allowed values"), mark("Meaning")]


def values(said: str) -> str:
    """The constraints of a field in the language that is spoken; what it may be stands between commas."""
    parts = [language.tr_filled(part, CONSTRAINTS) for part in re.split(r"(?<!'); ", said)] if said else []
    return phrases.listed(phrases.listed(part.split(", "), ", ") for part in parts)


class Codebook(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(Path(data.DATA) / data.PACKAGE))
        everything = raw(
            "<p>"
            + tr(
                "Everything at once, with codebook, register and licences: {zip} (CSV) or {xlsx}, "
                "a sheet for each table."
            ).format(
                zip='<a href="../data/everything.zip">everything.zip</a>',
                xlsx='<a href="../data/everything.xlsx">everything.xlsx</a>',
            )
            + "</p>"
        )
        return [everything, *(section for name in data.names() for section in self.entry(name))]

    def entry(self, name: str):
        """The section of one table: file, rows, source, licence, and its fields."""
        self.env.note_dependency(str(data.path(name)))
        fields = data.field_table(name)
        for column, said in (("Type", tr), ("Unit", tr), ("Values", values), ("Meaning", tr)):
            fields[column] = fields[column].map(said)
        title, file = data.describe(name)["title"], data.describe(name)["path"]
        section = nodes.section(
            "",
            nodes.title("", tr(title)),
            *self.parse_text_to_nodes("\n".join(downloads.about(name))),
            raw(f'<p>{tr("Download:")} <a href="../data/{file}">{file}</a></p>'),
            raw(table(tr("Fields of {file}").format(file=file), FIELDS, fields.values.tolist())),
            names=[nodes.fully_normalize_name(title)],
        )
        self.state.document.note_implicit_target(section, section)
        return no_messages(section)


# --- citations ------------------------------------------------------------------------------------


class Citation(SphinxDirective):
    required_arguments = 1
    option_spec = dict.fromkeys(("chapter", "figure", "result"), directives.unchanged_required)

    def run(self):
        self.env.note_dependency(str(citation.PATH))
        part = page = ""
        if chapter := self.options.get("chapter"):
            part = tr("Chapter “{title}”").format(title=chapter_title(self.env, chapter))
            page = f"chapters/{chapter}.html"
        elif figure := self.options.get("figure"):
            chapter, _, name = figure.partition("#")
            part, page = tr("Figure {name}").format(name=name), f"chapters/{chapter}.html#{name}"
        elif "result" in self.options:
            try:
                result = register.get(self.options["result"])
            except KeyError as error:
                raise self.error(error.args[0]) from None
            used(self.env).setdefault(self.env.docname, {})[result.id] = result
            part, page = cited(result), f"chapters/register.html#{result.id}"
        work, key = citation.book(), self.arguments[0]
        return [
            raw(
                "".join(
                    f'<div class="citation"><p>{form}</p><pre tabindex="0">{escape(entry)}</pre></div>'
                    for form, entry in (
                        (tr("Text"), citation.text(work, part, page)),
                        ("BibTeX", citation.bibtex(work, key, part, page)),
                        ("RIS", citation.ris(work, part, page)),
                    )
                )
            )
        ]


def setup(app):
    app.add_directive("register", Register)
    app.add_directive("changes", Changes)
    app.add_directive("p-values", PValues)
    app.add_directive("codebook", Codebook)
    app.add_directive("citation", Citation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
