"""The pages of the book, as _toc.yml lists them."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))


def names(part):
    """The files that a part of the table of contents names, in their order."""
    if isinstance(part, list):
        return [name for item in part for name in names(item)]
    if not isinstance(part, dict):
        return []
    here = [part[key] for key in ("root", "file") if key in part]
    return here + [name for value in part.values() for name in names(value)]


PAGES = names(TOC)
NOTEBOOKS = [name for name in PAGES if (ROOT / f"{name}.ipynb").exists()]
#: The same of both editions.
ALL_PAGES = [*PAGES, *(f"ja/{name}" for name in PAGES)]
ALL_NOTEBOOKS = [*NOTEBOOKS, *(f"ja/{name}" for name in NOTEBOOKS)]
