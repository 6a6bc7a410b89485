"""How the book shows what a cell draws and records; a plugin of MyST-NB (see pyproject.toml).

A figure of `figures.show` becomes a numbered figure that other pages can refer to: image, alt
text, caption, data download, source line, all of them from the metadata of the output, where they
can hold computed numbers. The rows of `register.record` become a folded list of links to the
register. Outside the book (JupyterLab, GitHub) the same outputs are an image and a line of text.
"""

from html import escape

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context


class FigureRenderer(MimeRenderPlugin):
    @staticmethod
    def handle_mime(renderer, data, inline):
        """The docutils nodes of a figure or of recorded rows; None for any other output."""
        figure = data.output_metadata.get("image/svg+xml", {}).get("figure")
        recorded = data.output_metadata.get("adoption")
        if data.mime_type == "image/svg+xml" and figure and not inline:
            return draw(renderer, data, figure)
        if data.mime_type == "text/plain" and recorded and not inline:
            page = renderer.renderer.sphinx_env.docname
            return [nodes.raw("", recorded_list(recorded["rows"], page), format="html")]
        return None


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


def recorded_list(rows, page):
    """Links to the register's rows, folded. page: its name without ending."""
    register = ("" if page.startswith("chapters/") else "chapters/") + "register.html"
    links = "".join(f'<li><a href="{register}#{id}"><code>{id}</code></a></li>'
                    for id in (escape(row["id"]) for row in rows))
    many = "1 result" if len(rows) == 1 else f"{len(rows)} results"
    return (f'<details class="recorded"><summary>{many} in the register</summary>'
            f"<ul>{links}</ul></details>")
