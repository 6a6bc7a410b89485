"""What the pages that only report are made of: directives without a kernel.

* `{register}`: the register as a table, a row a result, with the result's id as its address.
* `{changes}`: the numbers that differ from the version before, each with its reason.
* `{codebook}`: a section for each table of the data package.
* `{citation} KEY`: text, BibTeX and RIS; its content names the part that is cited (a chapter, a
  figure), or its option `result` a number.

A table is HTML with a caption and scopes, which the tables of docutils do not have.
"""

from html import escape
from pathlib import Path

import changes
import citation
from changes import printed
from docutils import nodes
from docutils.parsers.rst import directives
from register_role import used
from sphinx.util.docutils import SphinxDirective

from adoption import data, register

REGISTER = ("Result", "Value", "From – to", "p", "Evidence", "Base", "Source", "Made by")
CHANGES = ("Version", "Result", "Before", "After", "Reason")


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def table(caption: str, heads, rows, row_heads: int = 1) -> str:
    """An HTML table of texts; the leading columns head their row."""
    # Short columns stay on one line.
    kinds = ["short" if all(len(row[i]) < 12 for row in rows) else "text" for i in range(len(heads))]
    head = "".join(
        f'<th scope="col" class="{kind}">{escape(name)}</th>' for kind, name in zip(kinds, heads, strict=True)
    )
    body = ""
    for row in rows:
        cells = [
            f'<th scope="row" class="{kind}">{escape(text)}</th>'
            if i < row_heads
            else f'<td class="{kind}">{escape(text)}</td>'
            for i, (kind, text) in enumerate(zip(kinds, row, strict=True))
        ]
        body += f"<tr>{''.join(cells)}</tr>"
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# --- the register ---------------------------------------------------------------------------------


def cited(result: register.Result) -> str:
    """What a citation says of one number: its id and value."""
    return f"Result {result.id} = {changes.in_words(result)}"


def register_row(result: register.Result, chapter: str) -> str:
    """One row of the table; chapter: address of the page that made the result."""
    id = escape(result.id)
    span = " – ".join(printed(end) for end in (result.lower, result.upper) if end is not None)
    numbers = "".join(
        f'<td class="number">{text}</td>' for text in (printed(result.value), span, printed(result.p_value))
    )
    words = "".join(f"<td>{escape(text)}</td>" for text in (result.evidence, result.base, result.source))
    return (
        f'<tr id="{id}" data-part="{escape(cited(result))}"><th scope="row">'
        f'{escape(result.label)} <span class="unit">({escape(result.unit)})</span><br>'
        f'<a class="id" href="#{id}"><code>{id}</code></a></th>{numbers}{words}<td>'
        f'<a href="{chapter}#cell-{result.cell}">{escape(result.chapter)}, cell '
        f"<code>{result.cell}</code></a></td></tr>"
    )


class Register(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(register.PATH))
        results = register.read_file(register.PATH).values()
        rows = [register_row(result, f"{result.chapter}.html") for result in results]
        head = "".join(f'<th scope="col">{name}</th>' for name in REGISTER)
        part = escape(citation.text(citation.book(), "{part}"))
        return [
            raw(
                '<p>Download the whole register: <a href="../results/results.csv">results.csv</a>, '
                '<a href="../results/results.json">results.json</a>.</p>'
                '<div class="table-scroll register" tabindex="0" role="region" aria-label="Register">'
                f'<table class="table" id="register" data-citation="{part}">'
                f"<caption>{len(rows)} results. A population is in people, a rate is a fraction of "
                "one. “From – to” is a 95 % interval, a range or a bound, as “Evidence” says.</caption>"
                f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
                '<script src="../_static/register.js" defer></script>'
            )
        ]


class Changes(SphinxDirective):
    def run(self):
        for path in (register.PATH, changes.CHANGES, citation.PATH, *changes.versions()):
            self.env.note_dependency(str(path))
        version = citation.book().version
        try:
            rows = changes.history(version)
        except data.DataError as error:
            raise self.error(str(error)) from None
        return [
            raw(
                table("Results that differ from the version before", CHANGES, rows, 2)
                if rows
                else f"<p>Version {escape(version)}: no released number has changed.</p>"
            )
        ]


# --- the codebook ---------------------------------------------------------------------------------


class Codebook(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(Path(data.DATA) / data.PACKAGE))
        return [section for name in data.names() for section in self.entry(name)]

    def entry(self, name: str):
        """The section of one table: file, rows, source, licence, and its fields."""
        described = data.describe(name)
        self.env.note_dependency(str(data.path(name)))
        lines = [f"`data/{described['path']}`, {len(data.load(name)):,} rows. {described['description']}", ""]
        for source in described["sources"]:
            address = f", <{source['path']}>" if "path" in source else ""
            lines.append(f"- Source: {source['title']}{address}")
        lines += [f"- Licence: {licence['title']}" for licence in described["licenses"]]
        fields = data.field_table(name)
        title = described["title"]
        section = nodes.section(
            "",
            nodes.title("", title),
            *self.parse_text_to_nodes("\n".join(lines)),
            raw(table(f"Fields of {described['path']}", list(fields), fields.values.tolist())),
            names=[nodes.fully_normalize_name(title)],
        )
        self.state.document.note_implicit_target(section, section)
        return [section]


# --- citations ------------------------------------------------------------------------------------


class Citation(SphinxDirective):
    required_arguments = 1
    option_spec = {"result": directives.unchanged_required}
    has_content = True

    def run(self):
        self.env.note_dependency(str(citation.PATH))
        part = " ".join(self.content)
        if "result" in self.options:
            try:
                result = register.get(self.options["result"])
            except KeyError as error:
                raise self.error(error.args[0]) from None
            used(self.env).setdefault(self.env.docname, {})[result.id] = result
            part = cited(result)
        work, key = citation.book(), self.arguments[0]
        return [
            raw(
                "".join(
                    f'<div class="citation"><p>{form}</p><pre tabindex="0">{escape(entry)}</pre></div>'
                    for form, entry in (
                        ("Text", citation.text(work, part)),
                        ("BibTeX", citation.bibtex(work, key, part)),
                        ("RIS", citation.ris(work, part)),
                    )
                )
            )
        ]


def setup(app):
    app.add_directive("register", Register)
    app.add_directive("changes", Changes)
    app.add_directive("codebook", Codebook)
    app.add_directive("citation", Citation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
