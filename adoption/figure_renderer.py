"""How the book shows what a cell draws and records; a plugin of MyST-NB (see pyproject.toml).

A figure of `figures.show` becomes a numbered figure that other pages can refer to: image, alt
text, caption, source line, all of them from the metadata of the output, where they
can hold computed numbers. What `register.record` shows becomes an empty node with the rows, of
which _ext/cells.py makes a list. Outside the book (JupyterLab, GitHub) the same outputs are an
image and a line of text.
"""

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context

from adoption.language import mark, tr

SOURCE = mark("Source: {source}")


class FigureRenderer(MimeRenderPlugin):
    @staticmethod
    def handle_mime(renderer, data, inline):
        """The docutils nodes of a figure or of recorded rows; None for any other output."""
        figure = data.output_metadata.get("image/svg+xml", {}).get("figure")
        recorded = data.output_metadata.get("adoption")
        if recorded and not inline:
            return [nodes.container(recorded=[row["id"] for row in recorded["rows"]])]
        if figure and not inline and data.mime_type == "image/svg+xml":
            return draw(renderer, data, figure)
        return None


def draw(renderer, data, figure):
    """The nodes of a figure."""
    caption = f"{figure['caption']}\n\n{tr(SOURCE).format(source=figure['source'])}"
    [image] = renderer.render_image(data)
    image["alt"] = figure["alt"]
    page, holder = renderer.renderer, nodes.Element()
    with page.current_node_context(holder):
        with create_figure_context(page, {"name": figure["name"], "caption": caption}, data.line):
            page.current_node.append(image)
    return holder.children
