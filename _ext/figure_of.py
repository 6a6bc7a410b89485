"""The directive `figure-of`: a chapter's figure on another page.

    ```{figure-of} chapters/since-2020 fig-same-split
    ```

shows image, alt text, caption and source as the chapter does, unnumbered, with a link to the figure
in its chapter. A chapter that is no page, or has no figure of this name, is a warning.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger
from sphinx.util.nodes import make_refnode

from adoption.figure_renderer import SOURCE
from adoption.language import tr


class figure_of(nodes.General, nodes.Element):
    """Where a chapter's figure is to stand."""


class FigureOf(SphinxDirective):
    """Takes the chapter and the figure's name."""

    required_arguments = 2

    def run(self):
        chapter, name = self.arguments
        node = figure_of(chapter=chapter, name=name)
        self.set_source_info(node)
        return [node]


def fill(app, doctree, page):
    """Copy the figures in, once all pages are read: the chapter may come later."""
    for node in list(doctree.findall(figure_of)):
        chapter, name = node["chapter"], node["name"]
        source = app.env.get_doctree(chapter) if chapter in app.env.found_docs else nodes.section()
        found = [figure for figure in source.findall(nodes.figure) if name in figure["names"]]
        if len(found) != 1:
            getLogger(__name__).warning(
                "found %s figures %s on the page %s, expected one", len(found), name, chapter, location=node
            )
            node.parent.remove(node)
            continue
        [figure], [caption] = found, found[0].findall(nodes.caption)
        link = make_refnode(app.builder, page, chapter, figure["ids"][0], nodes.Text(tr("This figure in its chapter")))
        # An id of its own, and no number: numbers are given before this event.
        copy = nodes.figure("", *(image.deepcopy() for image in figure.findall(nodes.image)), ids=[f"{name}-again"])
        copy += nodes.caption("", "", *(child.deepcopy() for child in caption.children))
        copy += nodes.legend("", nodes.paragraph("", "", link, nodes.Text(f" · {said(figure)}")))
        node.replace_self(copy)


def said(figure):
    """The source line of a figure."""
    [legend] = figure.findall(nodes.legend)
    text = legend.astext()
    return text[text.index(tr(SOURCE).partition("{")[0]) :].split(" · ")[0]


def setup(app):
    app.add_node(figure_of)
    app.add_directive("figure-of", FigureOf)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
