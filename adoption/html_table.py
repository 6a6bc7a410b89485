"""A table as HTML, for chapters (adoption.figures) and for pages without a kernel (_ext).

No table is cut at any width: where a table does not fit, its rows become cards, each cell below
the other with its column's name (book.css). How wide a table is follows from its texts.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape, unescape

from adoption.language import phrases

#: Widths, in characters with the room between columns, below which a table becomes cards.
STEPS = (24, 30, 36, 42, 48, 56, 64, 76, 88, 100)
#: Texts are read in lines of so many characters at least, or else in cards.
LINE = 14


def draw(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], kinds: Sequence[str], row_heads=1, ids=None
):
    """The table: caption, header cells with their scope, and each cell's column beside it.

    rows: cells as HTML. kinds: for each column "number" (aligned right), "short" (on one line) or
    "text". row_heads: how many leading columns head their row. ids: addresses of the rows.
    """
    head = "".join(
        f'<th scope="col" class="{kind}">{"<wbr>".join(map(escape, phrases(name)))}</th>'
        for name, kind in zip(heads, kinds)
    )
    body = ""
    for place, row in enumerate(rows):
        cells = [
            (f'<th scope="row" class="{kind}"', "</th>") if i < row_heads else (f'<td class="{kind}"', "</td>")
            for i, kind in enumerate(kinds)
        ]
        body += "".join(
            f'{start} data-column="{escape(name)}">{cell}{end}'
            for (start, end), name, cell in zip(cells, heads, row, strict=True)
        ).join((f'<tr id="{escape(ids[place])}">' if ids else "<tr>", "</tr>"))
    return (
        f'<div class="table-scroll cards-{cards_below(heads, rows, kinds)}" tabindex="0" role="region" '
        f'aria-label="{escape(caption)}"><table class="table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def kind_of(cells: Sequence[str]) -> str:
    """ "short" for a column of cells that stand on one line each, or else "text"."""
    return "short" if all(_characters(line) <= LINE for line in _lines(cells)) else "text"


def cards_below(heads, rows, kinds) -> int:
    """The width below which the table does not fit: the next of STEPS, or the last."""
    needed = 0
    for i, (head, kind) in enumerate(zip(heads, kinds)):
        texts = _lines(row[i] for row in rows)
        longest = max(map(_characters, texts), default=0)
        words = [word for text in texts for word in re.split(r"[\s/]|(?<=[-\u2e80-\uffef])", text)]
        words += [word for phrase in phrases(head) for word in re.split(r"[\s/]|(?<=-)", phrase)]
        needed += 2 + max(*map(_characters, words), longest if kind != "text" else min(longest, LINE))
    return next((step for step in STEPS if step >= needed), STEPS[-1])


def _lines(cells: Iterable[str]) -> list[str]:
    """The lines of cells, as they are read."""
    return [unescape(re.sub("<[^>]*>", "", line)) for cell in cells for line in cell.split("<br>")]


def _characters(text: str) -> int:
    """Width in Latin characters; Japanese ones are twice as wide, and break anywhere."""
    return len(text) if text.isascii() else sum(2 if character > "\u2e80" else 1 for character in text)
