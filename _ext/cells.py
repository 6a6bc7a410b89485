"""The code on the page: an address for each cell, one switch for all of them.

* A code cell has the address `CHAPTER.html#cell-NAME`, NAME being the cell's id in the notebook.
  Each row of the register names the cell that made it; a row whose cell is not there is a warning.
* Code is folded. A box under the title shows it, on this page and, remembered, on the next ones
  (buttons.js); the address of a cell shows its code alone. It is all CSS (book.css).
* Beside the box stands where the functions that the page's code calls are described.
* A figure's caption leads to its cell and its files, and a cell to the rows of the register that it records.
"""

import ast
import json
from html import escape
from pathlib import Path

import downloads
from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

from adoption import register
from adoption.language import mark, tr

SWITCH = '<label><input type="checkbox" id="show-code"> {words}</label>'
SHOW = mark("Show the code of this page")


def read_cells(app, doctree):
    """Give the cells of a page their addresses, and the page its switch."""
    page = app.env.docname
    path = Path(app.env.doc2path(page))
    if path.suffix != ".ipynb":
        return
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    labels, sources = app.env.get_domain("std"), []
    for node in list(doctree.findall(nodes.container)):
        if node.get("nb_element") != "cell_code":
            continue
        cell = cells[node["cell_index"]]
        id = f"cell-{cell['id']}"
        node["ids"].append(id)
        labels.note_hyperlink_target(label(page, cell["id"]), page, id, cell["id"])
        node.attributes.pop("hide_mode", None)  # else MyST-NB makes a box of each
        sources.append("".join(cell["source"]))
        for figure in node.findall(nodes.figure):
            [legend] = figure.findall(nodes.legend)
            [name] = figure["names"]
            legend[-1] += [nodes.Text(" · "), nodes.reference("", tr("Code"), refuri=f"#{id}", internal=True)]
            files = nodes.inline("", f" · {tr('Download:')} ", classes=["downloads"])
            for kind in downloads.KINDS:
                address = f"{'../' * page.count('/')}figures/{name}.{kind}"
                files += [nodes.reference("", kind.upper(), refuri=address, internal=True), nodes.Text(" ")]
            legend[-1] += files
        recorded = [part for part in node.findall(nodes.container) if "recorded" in part]
        if recorded:
            ids = [id for part in recorded for id in part["recorded"]]
            node += nodes.raw("", links(ids, page), format="html")
        for part in recorded:
            part.parent.remove(part)
    if sources:
        described = functions(app.env, sources)
        switch = nodes.container(
            "", nodes.raw("", SWITCH.format(words=tr(SHOW)), format="html"), described, classes=["code-switch"]
        )
        next(doctree.findall(nodes.section)).insert(1, switch)


def links(ids, page):
    """Links to rows of the register, folded."""
    register = ("" if page.startswith("chapters/") else "chapters/") + "register.html"
    items = "".join(f'<li><a href="{register}#{id}"><code>{id}</code></a></li>' for id in map(escape, ids))
    many = (
        tr("1 number computed here, in the register")
        if len(ids) == 1
        else tr("{many} numbers computed here, in the register").format(many=len(ids))
    )
    return f'<details class="recorded"><summary>{many}</summary><ul>{items}</ul></details>'


def label(page, cell):
    """The name by which Sphinx knows a cell of any page."""
    return f"{page}-cell-{cell}"


def functions(env, sources):
    """A sentence with links to the pages that describe what the code calls."""
    names = sorted(name for name in called(sources) if f"reference/{name}" in env.found_docs)
    sentence = nodes.inline(classes=["functions"])
    before, after = tr("The functions that it calls are described under {pages}.").split("{pages}")
    for i, name in enumerate(names):
        sentence += nodes.Text(", " if i else before)
        sentence += addnodes.pending_xref(
            "",
            nodes.inline("", name),
            refdomain="std",
            reftype="doc",
            refwarn=True,
            reftarget=f"/reference/{name}",
            refdoc=env.docname,
            refexplicit=True,
        )
    if names:
        sentence += nodes.Text(after)
    return sentence


def called(sources):
    """Modules of the package that the code imports, and those whose objects these hand out."""
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module == "adoption":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("adoption."):
                found.add(node.module.split(".")[1])
    return found | ({"survey"} if "mic" in found else set())


def check(app, env):
    """The rows of the register lead to cells that are there."""
    known = env.get_domain("std").anonlabels
    made = {}
    for row in register.read_file(register.PATH).values():
        made.setdefault((row.chapter, row.cell), []).append(row.id)
    for (chapter, cell), ids in made.items():
        if label(f"chapters/{chapter}", cell) not in known:
            logging.getLogger(__name__).warning(
                "results.csv, %s row%s, %s first: found no cell %s on the page chapters/%s, "
                "expected the one that made it",
                len(ids),
                "s"[: len(ids) > 1],
                ids[0],
                cell,
                chapter,
            )


def setup(app):
    app.connect("doctree-read", read_cells)
    app.connect("env-check-consistency", check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
