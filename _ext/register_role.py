"""Numbers of the text, read from the register while the pages are written.

* {n}`NAME:FORMAT` puts a number on the page: `ai.rate-ratio.municipal:.2f`, or a ready-made phrase
  such as `ai.rate-above.municipal.lower.pct` (adoption.phrases names them).
* {result}`ID` names a result by its id, as a link to its row of the register.
* A page with numbers ends with "Numbers on this page": label, exact value, evidence, base and
  source of each, with links to its row of the register and to the cell that made it.

An unknown name or a bad format is an error that names page and line. A page is read again when a
row that it uses has changed, and only then.
"""

import difflib
from functools import lru_cache
from html import escape

from changes import in_words, printed
from docutils import nodes
from sphinx.transforms import SphinxTransform

from adoption import data, register
from adoption.language import mark, tr
from adoption.phrases import listed, phrases

TITLE = mark("Numbers on this page")
REGISTER = "chapters/register"


class number(nodes.inline):
    """A number of the text, with the id of its result and its exact value."""


class number_list(nodes.General, nodes.Element):
    """The list at the end of a page; without children, so that a search does not find its words."""


def find(name: str) -> tuple[register.Result, int | float | str]:
    """The result and the phrase that a name stands for. KeyError says what there is instead."""
    known = register.read_file(register.PATH)
    id = name
    while id not in known:
        id = id.rpartition(".")[0]
        if not id:
            near = difflib.get_close_matches(name, known, n=3)
            raise KeyError(f"no result {name!r} in the register; nearest: {', '.join(near) or 'none'}")
    said = phrases(known[id])
    if name not in said:
        raise KeyError(f"{name!r}: {id} has no {name.removeprefix(id)!r}; it has: {', '.join(said)}")
    return known[id], said[name]


@lru_cache
def _addresses() -> dict[str, str]:
    return {
        row.source: row.source_url
        for name in ("later-surveys", "quoted-figures")
        for row in data.load(name).itertuples()
    }


def linked(source: str) -> str:
    """A result's source as HTML: the public pages among its names are links."""
    known, names = _addresses(), source.split("; ")
    if not known.keys() & set(names):
        return escape(register.said(source))
    return listed(
        f'<a href="{escape(known[name])}">{escape(register.said(name))}</a>'
        if name in known
        else escape(register.said(name))
        for name in names
    )


def number_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """{n}`NAME:FORMAT`; the format is one of Python's, and may be left out."""
    known, _, form = text.partition(":")
    try:
        result, phrase = find(known)
        try:
            said = format(phrase, form)
        except ValueError as error:
            raise KeyError(f"the format {form!r} does not suit {phrase!r}: {error}") from None
    except KeyError as error:
        message = inliner.reporter.error(f"{{n}}`{text}`: {error.args[0]}{cell(lineno)}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    suffix = known.removeprefix(result.id)
    exact = (
        result.lower
        if suffix.startswith(".lower")
        else result.upper
        if suffix.startswith(".upper")
        else result.p_value
        if suffix.startswith(".p.") or suffix == ".p"
        else result.value
    )
    # A reference: Sphinx leaves it out of contents, where no link may stand in another.
    return [
        nodes.reference(
            "",
            "",
            number("", said, value=printed(exact), id=result.id),
            refuri=f"#n-{result.id}",
            internal=True,
            classes=["n"],
        )
    ], []


def cell(line: int) -> str:
    """Where a line of a notebook stands: MyST-NB counts 10,000 for each cell, and one too many."""
    return f" (cell {line // 10_000}, line {line % 10_000 - 1})" if line > 10_000 else ""


def result_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """{result}`ai.rate-ratio.municipal` as a link to that row. An unknown id is an error."""
    try:
        register.get(text)
    except KeyError as error:
        message = inliner.reporter.error(error.args[0], line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    page = inliner.document.settings.env.docname
    address = ("" if page.startswith("chapters/") else "chapters/") + f"register.html#{text}"
    return [nodes.reference("", "", nodes.literal(text=text), refuri=address, internal=True, classes=["result"])], []


class NumbersOnThisPage(SphinxTransform):
    """Refuses numbers in headings, whose words make addresses; ends the page with its numbers."""

    default_priority = 800  # after all roles, before the table of contents is made

    def apply(self):
        ids = {}
        for node in list(self.document.findall(number)):
            link, ids[node["id"]] = node.parent, None
            heading = next((parent for parent in parents(link) if isinstance(parent, nodes.title)), None)
            if heading is not None and isinstance(heading.parent, nodes.section):
                self.document.reporter.error(
                    f"{{n}}`{node['id']}`: a number in a heading would become part of its address", base_node=heading
                )
            if any(isinstance(parent, nodes.reference) for parent in parents(link)):
                link.replace_self(node)
        rows = {id: register.get(id) for id in ids}
        used(self.env).setdefault(self.env.docname, {}).update(rows)
        if rows:
            top = next(self.document.findall(nodes.section), self.document)
            top += nodes.section(
                "",
                nodes.title("", tr(TITLE)),
                number_list(rows=list(rows.values())),
                ids=["numbers-on-this-page"],
                names=[nodes.fully_normalize_name(TITLE)],
            )


def parents(node):
    """The elements around an element, from the nearest."""
    while node := node.parent:
        yield node


# --- what a page depends on -----------------------------------------------------------------------


def used(env) -> dict[str, dict[str, register.Result]]:
    """For each page, the rows that it uses, as they were when it was read."""
    if not hasattr(env, "register_rows"):
        env.register_rows = {}
    return env.register_rows


def outdated(app, env, added, changed, removed):
    """Pages that use a row which is no longer what it was."""
    known = register.read_file(register.PATH)
    return [page for page, rows in used(env).items() if any(known.get(id) != row for id, row in rows.items())]


def purge(app, env, page):
    used(env).pop(page, None)


def merge(app, env, pages, other):
    used(env).update({page: rows for page, rows in used(other).items() if page in pages})


# --- HTML -----------------------------------------------------------------------------------------


def visit_number(self, node):
    self.body.append(f'<data value="{escape(node["value"])}">')


def depart_number(self, node):
    self.body.append("</data>")


def visit_number_list(self, node):
    """One line a result, folded; its id is where the numbers of the text lead."""
    page, address = self.builder.current_docname, self.builder.get_relative_uri
    lines = []
    for row in node["rows"]:
        shown = register.translated(row)
        said = tr("{label} ({unit}): {number}. {evidence}; base: {base}; source: {source}.").format(
            number=f"<strong>{escape(in_words(row))}</strong>",
            evidence=escape(shown.evidence.capitalize()),
            source=linked(row.source),
            **{name: escape(getattr(shown, name)) for name in ("label", "unit", "base")},
        )
        lines.append(
            f'<li id="n-{row.id}">{said} '
            f'<a href="{address(page, REGISTER)}#{row.id}"><code>{row.id}</code></a> · '
            f'<a href="{address(page, f"chapters/{row.chapter}")}#cell-{row.cell}">{tr("code")}</a></li>'
        )
    many = (
        tr("1 number, exactly, with where it comes from")
        if len(lines) == 1
        else tr("{many} numbers, exactly, with where each comes from").format(many=len(lines))
    )
    self.body.append(f'<details class="numbers"><summary>{many}</summary><ul>{"".join(lines)}</ul></details>')
    raise nodes.SkipNode


def skip(self, node):
    raise nodes.SkipNode


def setup(app):
    app.add_node(number, html=(visit_number, depart_number))
    app.add_node(
        number_list, html=(visit_number_list, None), **dict.fromkeys(("latex", "text", "man", "texinfo"), (skip, None))
    )
    app.add_role("n", number_role)
    app.add_role("result", result_role)
    app.add_transform(NumbersOnThisPage)
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
