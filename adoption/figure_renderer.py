"""How the book shows a figure: image, alt text, caption, label, data download, source line.

A plugin of MyST-NB (entry point in pyproject.toml). `figures.show` puts everything that belongs
to a figure into the metadata of its output, where the alt text can hold computed numbers; here
it becomes a numbered figure that other pages can refer to. Outside the book (JupyterLab, GitHub)
the same output is a plain SVG image.
"""

from html import escape

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
        made = nodes.raw("", provenance(figure, page.sphinx_env.docname), format="html")
        return [*holder.children, made]


def provenance(figure, page):
    """How a figure is made, folded: function, tables, and its results with their addresses.

    page: the page's name without ending, from which the register's address follows.
    """
    register = ("" if page.startswith("chapters/") else "chapters/") + "register.html"
    lines = [f"<li>Function: <code>{escape(figure['function'])}</code></li>"]
    if figure["tables"]:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in figure["tables"])
        lines.append(f"<li>Tables: {names}</li>")
    if figure["results"]:
        links = ", ".join(f'<a href="{register}#{escape(id)}"><code>{escape(id)}</code></a>'
                          for id in figure["results"])
        lines.append(f"<li>Results: {links}</li>")
    return ('<details class="provenance"><summary>How this figure is made</summary>'
            f"<ul>{''.join(lines)}</ul></details>")
