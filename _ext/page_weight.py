"""Pages that load only what they use, and nothing from another host.

* The theme's icon script (1.5 MB) is left out (templates/static/webpack-macros.html, which
  accessible.py puts in place); its icon font is cut down to the icons that the pages and scripts
  name, and its style sheet to their rules.
* Scripts that Jupyter Book adds for features the book does not have are left out: Thebe (which
  would come from another host) and tabs.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

UNUSED = ("sphinx-thebe.js", "sphinx-thebe.css", "design-tabs.js")
ICON = re.compile(r"\bfa-[a-z0-9-]+")
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]{4})"\}')
# Icons that styles ask for by code point: --pst-icon-check: "\f00c".
CODE_POINT = re.compile(r"\\([ef][0-9a-f]{3})\b")


def without_thebe(app, config):
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            if listener.handler.__module__ == "sphinx_thebe":
                listeners.remove(listener)


def drop_unused(app, page, template, context, doctree):
    for kind in ("script_files", "css_files"):
        context[kind] = [
            asset for asset in context[kind] if not str(getattr(asset, "filename", asset) or "").endswith(UNUSED)
        ]


def used_icons(folder: Path) -> set[str]:
    """Class names of the icons that the pages and the scripts in a folder name."""
    files = [*folder.rglob("*.html"), *folder.rglob("*.js")]
    return {name for file in files for name in ICON.findall(file.read_text(encoding="utf-8", errors="ignore"))}


def cut_style(style: str, names: set[str]) -> tuple[str, set[int]]:
    """An icon style sheet without the rules of unused icons, and the code points that remain."""

    def kept(rule):
        classes = re.findall(r"\.(fa-[\w-]+):before", rule[1])
        return rule[0] if names.intersection(classes) else ""

    style = ICON_RULE.sub(kept, style)
    return style, {int(code, 16) for code in CODE_POINT.findall(style)}


def cut_font(source: Path, target: Path, code_points: set[int]) -> None:
    """A font of only these characters, as WOFF."""
    options = Options(flavor="woff", recalc_timestamp=False, notdef_outline=True)
    font = load_font(str(source), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=code_points)
    subsetter.subset(font)
    save_font(font, str(target), options)


def cut_icons(app, exception):
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    style, points = cut_style(sheet.read_text(encoding="utf-8"), used_icons(Path(app.outdir)))
    for path in sorted(static.rglob("*.css")):
        if path != sheet:
            points |= {int(code, 16) for code in CODE_POINT.findall(path.read_text("utf-8"))}
    fonts = static / "vendor" / "fontawesome" / "webfonts"
    for font in sorted(fonts.glob("*.ttf")):
        cut_font(font, font.with_suffix(".woff"), points)
        font.with_suffix(".woff2").unlink(missing_ok=True)  # a theme that brings no other form keeps its fonts whole
        style = re.sub(
            rf'src:url\(([^)]*){font.stem}\.woff2\) format\("woff2"\),'
            rf'url\([^)]*{font.stem}\.ttf\) format\("truetype"\)',
            rf'src:url(\g<1>{font.stem}.woff) format("woff")',
            style,
        )
    sheet.write_text(style, encoding="utf-8")
    # Nothing refers to these any more.
    for unused in [*fonts.glob("*.ttf"), *static.glob("scripts/fontawesome*"), *(static / name for name in UNUSED)]:
        unused.unlink(missing_ok=True)


def setup(app):
    app.connect("config-inited", without_thebe)
    # After the theme, which replaces entries of these lists.
    app.connect("html-page-context", drop_unused, priority=900)
    app.connect("build-finished", cut_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
