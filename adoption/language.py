"""The language in which chapters speak: figures, tables, alternative texts, ready-made phrases.

English stands in the code, whole sentences with places for what is computed. ``tr`` gives the
sentence in the language that is spoken, from the catalogues in ``locale/LANGUAGE/LC_MESSAGES``, or
in English where there is none yet; numbers are filled in afterwards::

    tr("{share:.0%} of the municipalities had introduced it").format(share=share)

Figures and tables translate the plain texts they are given themselves (adoption.figures).
"""

import csv
import re
from collections.abc import Iterable
from functools import lru_cache

from adoption import HOME

LOCALE = HOME / "locale"
PLACE = re.compile(r"\{(\w+)\}")
# A Japanese phrase ends with its particle or with signs that close.
PHRASE = re.compile(r".+?(?:[ぁ-ん](?![ぁ-ん、。，．」』）)・：])|[、。，．」』）)・：÷](?![、。，．」』）)・：])|$)")
_spoken, _page = "en", ""


def use(code: str, page: str = "") -> None:
    """Speak this language from now on, with the words of this page; without one, those that all pages share."""
    global _spoken, _page
    _spoken, _page = code, page


def spoken() -> str:
    """The code of the language that is spoken."""
    return _spoken


@lru_cache
def catalogue(code: str, page: str = "") -> dict[str, str]:
    """Translations by message: of the tables' own columns, of what pages share, and of one page."""
    from babel.messages.pofile import read_po

    known, folder = dict(pairs(code)), LOCALE / code / "LC_MESSAGES"
    for path in [*sorted(folder.glob("*.po")), *folder.glob(f"{page}.po")]:
        with open(path, "rb") as file:
            known |= {m.id: m.string for m in read_po(file) if m.id and m.string and not m.fuzzy}
    return known


def pairs(code: str) -> Iterable[tuple[str, str]]:
    """What a table says in English and in another language: columns NAME_en and NAME_ja."""
    for path in sorted((HOME / "data").glob("*.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for name in row:
                    other = row.get(f"{name[:-3]}_{code}")
                    if name.endswith("_en") and row[name] and other:
                        yield row[name], other


def phrases(text: str) -> list[str]:
    """The pieces of a Japanese text between which its lines break best; another text is one piece."""
    return PHRASE.findall(text)


def tr(message: str) -> str:
    """The message in the language that is spoken."""
    return message if _spoken == "en" else catalogue(_spoken, _page).get(message, message)


def mark(message: str) -> str:
    """The message itself: for constants, which are translated where they are used."""
    return message


def named(english: str, japanese: str) -> str:
    """An official name or text: in English with what is printed in brackets, in Japanese as printed."""
    return japanese if _spoken == "ja" else f"{english} ({japanese})"


@lru_cache
def _patterns(templates: tuple[str, ...]) -> list[tuple[re.Pattern, str]]:
    """What texts made from templates look like, those with the most words of their own first."""
    found = []
    for template in sorted(templates, key=lambda text: -len(PLACE.sub("", text))):
        parts = PLACE.split(template)  # text and names of places alternate
        if len(parts) > 1 and any(parts[::2]):
            places: set[str] = set()
            made = ""
            for text, name in zip(parts[::2], [*parts[1::2], ""]):
                made += re.escape(text)
                if name:
                    made += f"(?P={name})" if name in places else f"(?P<{name}>.+?)"
                places.add(name)
            found.append((re.compile(made, re.IGNORECASE), template))
    return found


@lru_cache(maxsize=None)
def _filled(text: str, templates: tuple[str, ...], code: str) -> str:
    known = catalogue(code)
    if said := known.get(text) or known.get(text[:1].lower() + text[1:]):
        return said
    for pattern, template in _patterns(templates):
        if found := pattern.fullmatch(text):
            words = {name: _filled(part, templates, code) for name, part in found.groupdict().items()}
            return PLACE.sub(lambda place: words[place[1]], known.get(template, template))
    first, *others = text.split("; ")
    return "；".join(_filled(part, templates, code) for part in (first, *others)) if others else text


def tr_filled(text: str, templates: tuple[str, ...]) -> str:
    """A text that was made by filling one of the templates, in the language that is spoken.

    What stands in the places is translated as well, as far as the catalogues or a template know it.
    """
    return text if _spoken == "en" else _filled(text, templates, _spoken)
