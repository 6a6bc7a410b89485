"""How the book shows a figure: image, alt text, caption, label, data download, source line.

A plugin of MyST-NB (entry point in pyproject.toml). `figures.show` puts everything that belongs
to a figure into the metadata of its output, where the alt text can hold computed numbers; here
it becomes a numbered figure that other pages can refer to. Outside the book (JupyterLab, GitHub)
the same output is a plain SVG image.
"""

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context


class FigureRenderer(MimeRenderPlugin):
    @staticmethod
    def handle_mime(renderer, data, inline):
        """The docutils nodes of an image made by `figures.show`; None for any other output."""
        figure = data.output_metadata.get("image/svg+xml", {}).get("figure")
        if inline or data.mime_type != "image/svg+xml" or not figure:
            return None
        uri = renderer.write_file([f"{figure['name']}.csv"], figure["csv"].encode(),
                                  overwrite=True)
        caption = (f"{figure['caption']}\n\n{{download}}`Data of this figure (CSV) <{uri}>` · "
                   f"Source: {figure['source']}")
        [image] = renderer.render_image(data)
        image["alt"] = figure["alt"]
        page, holder = renderer.renderer, nodes.Element()
        with page.current_node_context(holder):
            with create_figure_context(page, {"name": figure["name"], "caption": caption},
                                       data.line):
                page.current_node.append(image)
        return holder.children
