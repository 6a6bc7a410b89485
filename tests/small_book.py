"""A book of a few pages, built by Sphinx with the extensions of _ext/ alone."""

import io
import json
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from adoption import register
from adoption.register import Result

ROWS = [
    Result("a.ratio", 5.516853933, None, None, None, "ratio", "A < b", "fact", "all", "S & T", "chapter", "rates"),
    Result(
        "a.share",
        None,
        0.4655870445,
        0.5951417004,
        None,
        "fraction",
        "Share of A",
        "range",
        "all",
        "S",
        "chapter",
        "rates",
    ),
    Result("a.test", 1.0, None, None, 0.0016, "direction", "Test of A", "test", "all", "S", "chapter", "tests"),
]


class Book:
    """`html`: pages by name; `warnings`; `read`: names of the pages that were read anew."""

    def __init__(self, folder: Path, pages: dict[str, str | dict], rows=ROWS, settings=()):
        known = {row.id: row for row in rows}
        register.read_file, before = lambda *path: known, register.read_file
        for name, text in pages.items():
            path = folder / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = text if isinstance(text, str) else json.dumps(text)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
        said, self.read = io.StringIO(), []
        try:
            with docutils_namespace():
                app = Sphinx(
                    folder / "source",
                    None,
                    folder / "html",
                    folder / "trees",
                    "html",
                    {
                        "extensions": ["myst_nb", "register_role", "cells", "figure_of", "report_pages", "reference"],
                        "root_doc": next(iter(pages)).partition(".")[0],
                        "nb_execution_mode": "off",
                        "numfig": True,
                        "html_theme": "basic",
                        "myst_enable_extensions": ["colon_fence", "deflist"],
                        "nitpicky": True,
                        **dict(settings),
                    },
                    status=None,
                    warning=said,
                )
                app.connect("env-before-read-docs", lambda app, env, names: self.read.extend(sorted(names)))
                app.build()
        finally:
            register.read_file = before
        # The pages need no table of contents.
        self.warnings = re.sub(r"\x1b\[[0-9;]*m|.*document isn't included in any toctree.*\n", "", said.getvalue())
        self.html = {name: (folder / "html" / f"{name.partition('.')[0]}.html").read_text("utf-8") for name in pages}


def notebook(*cells):
    """A notebook of (kind, id, source, outputs)."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python"}},
        "cells": [
            {
                "cell_type": kind,
                "id": id,
                "metadata": {},
                "source": source,
                **({} if kind == "markdown" else {"outputs": list(outputs), "execution_count": 1}),
            }
            for kind, id, source, *outputs in cells
        ],
    }
