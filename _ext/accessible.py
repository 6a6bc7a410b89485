"""Repairs of what keeps a reader with assistive technology from the theme's and Sphinx's pages.

The templates beside this file give the sidebar a landmark; here the bibliography becomes a list
by roles that are in use, and images load when they are reached. Colours stand in book.css.
"""

import re
from pathlib import Path


def use_templates(app, config):
    config.templates_path.append(str(Path(__file__).with_name("templates")))


def repair(app, page, template, context, doctree):
    if "body" in context:
        # Deprecated roles, of which a list may not consist.
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = re.sub(r"<img(?! loading)", '<img loading="lazy"', body)


def setup(app):
    app.connect("config-inited", use_templates)
    app.connect("html-page-context", repair)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
