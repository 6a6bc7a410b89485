"""How the book shows what a cell draws and records; a plugin of MyST-NB (see pyproject.toml).

A figure of `figures.show` becomes a numbered figure that other pages can refer to: image, alt
text, caption, data download, source line, all of them from the metadata of the output, where they
can hold computed numbers. What `register.record` shows is left out: the pages list the rows of
each cell (_ext/cells.py). Outside the book (JupyterLab, GitHub) the same outputs are an image and
a line of text.
"""

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context


class FigureRenderer(MimeRenderPlugin):
    @staticmethod
    def handle_mime(renderer, data, inline):
        """The docutils nodes of a figure, none of recorded rows; None for any other output."""
        if inline or "adoption" in data.output_metadata:
            return None if inline else []
        figure = data.output_metadata.get("image/svg+xml", {}).get("figure")
        return draw(renderer, data, figure) if figure and data.mime_type == "image/svg+xml" else None


def draw(renderer, data, figure):
    """The nodes of a figure."""
    uri = renderer.write_file([f"{figure['name']}.csv"], figure["csv"].encode(), overwrite=True)
    caption = (f"{figure['caption']}\n\n{{download}}`Data of this figure (CSV) <{uri}>` · "
               f"Source: {figure['source']}")
    [image] = renderer.render_image(data)
    image["alt"] = figure["alt"]
    page, holder = renderer.renderer, nodes.Element()
    with page.current_node_context(holder):
        with create_figure_context(page, {"name": figure["name"], "caption": caption}, data.line):
            page.current_node.append(image)
    return holder.children
