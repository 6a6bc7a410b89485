"""How to cite the book and its parts: plain text, BibTeX and RIS, from CITATION.cff."""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from adoption import language, register
from adoption.language import tr
from adoption.phrases import listed

PATH = register.PATH.parents[1] / "CITATION.cff"
UNSTAMPED = "not-stamped"  # tools/build.py knows the digest when the pages are finished
FOLDERS = {"en": "", "ja": "ja/"}  # of each edition, below the first one's
#: Authors' names as they are read: Japanese names are sorted by that.
READINGS = {"プロジェクト貢献者": "ぷろじぇくとこうけんしゃ"}


class Work(NamedTuple):
    """The book as it is cited. `url` is empty where neither BOOK_URL nor CITATION.cff names one."""

    title: str
    authors: tuple[str, ...]
    version: str
    released: str  # YYYY-MM-DD
    url: str
    build: str = ""

    @property
    def edition(self) -> str:
        said = tr("Version {version}, build {build}") if self.build else tr("Version {version}")
        return said.format(version=self.version, build=self.build)

    @property
    def year(self) -> str:
        return self.released[:4]


@lru_cache
def book(path: Path = PATH) -> Work:
    """The book, read from CITATION.cff. KeyError names a missing field."""
    cff = yaml.safe_load(path.read_text(encoding="utf-8"))
    authors = tuple(a["name"] if "name" in a else f"{a['family-names']}, {a['given-names']}" for a in cff["authors"])
    url = os.environ.get("BOOK_URL") or cff.get("url", "")
    return Work(
        tr(cff["title"]), tuple(map(tr, authors)), str(cff["version"]), str(cff["date-released"]), url, UNSTAMPED
    )


def address(work: Work, page: str = "") -> str:
    """Where a page of this edition stands: its whole address if the book has one, else its place in the book."""
    place = FOLDERS[language.spoken()] + page
    return f"{work.url.rstrip('/')}/{place}" if work.url and place else work.url or place


def text(work: Work, part: str = "", page: str = "") -> str:
    """One line for a list of references; `part` says which chapter, figure or number, at `page`."""
    said = (
        tr("{authors} ({year}). {title}. {edition}. {part}.") if part else tr("{authors} ({year}). {title}. {edition}.")
    )
    place = f" {address(work, page)}" if work.url else ""
    said = said.format(authors=listed(work.authors), year=work.year, title=work.title, edition=work.edition, part=part)
    return re.sub(r"([?!？！])[.。]", r"\1", said) + place  # a question needs no full stop


def bibtex(work: Work, key: str, part: str = "", page: str = "") -> str:
    """A BibTeX entry. Braces keep names of institutions and titles as they are.

    In Japanese with how the authors are read: pBibTeX sorts by `yomi`, Biber by `sortname`.
    """
    reading = " and ".join(READINGS[a] for a in work.authors if a in READINGS)
    fields = {
        "author": " and ".join(f"{{{a}}}" if "," not in a else a for a in work.authors),
        "yomi": reading,
        "sortname": reading,
        "title": f"{{{work.title}}}",
        "year": work.year,
        "howpublished": "Jupyter Book",
        "version": work.version,
        "note": tr("{edition}. {part}").format(edition=work.edition, part=part) if part else work.edition,
        "url": address(work, page) if work.url else "",
        "langid": "japanese" * (language.spoken() == "ja"),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def ris(work: Work, part: str = "", page: str = "") -> str:
    """A RIS record of a report."""
    lines = [
        ("TY", "RPRT"),
        *(("AU", a) for a in work.authors),
        ("TI", work.title),
        ("PY", work.year),
        ("DA", work.released.replace("-", "/")),
        ("ET", work.edition),
        ("LA", language.spoken()),
        *([("N1", part)] if part else []),
        *([("UR", address(work, page))] if work.url else []),
        ("ER", ""),
    ]
    return "\n".join(f"{tag}  - {value}" for tag, value in lines)
