"""Figures and tables of the book: one style, and how a chapter puts what it drew on its page.

A chapter draws with matplotlib or seaborn and hands the figure to :func:`show`, with its caption,
label, alt text and data (figure_renderer.py makes the page's figure of them). :func:`table` puts a
DataFrame on the page. Both translate plain texts; a chapter translates where it fills in numbers.
"""

import base64
import html
import io
import logging
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from adoption import html_table, language
from adoption.language import tr

# Colour-blind-safe (after Okabe and Ito, darkened until each has a contrast of 4.5 with white).
# AI and RPA keep their colours throughout the book.
COLOURS = {
    "AI": "#0067A3",
    "RPA": "#B34700",
    "green": "#00734F",
    "purple": "#9A4B7F",
    "sky": "#2A7FAF",
    "grey": "#5C5C5C",
}
INK, FAINT = "#1F1F1F", "#D9D9D9"
WIDTH = 4.0  # inches: on a screen 360 pixels wide a figure takes 352 (book.css), 9 points being 11 pixels
SMALLEST = 9  # points, of a figure as wide as that

BOLD = "bold"  # id of texts whose Japanese characters, of one weight, are made bold by a line around them
# Where a Japanese phrase breaks that is longer than a line: anywhere but within a number.
UNBROKEN = re.compile(r"[「『（(]*(?:[+−]?[\d.,%％A-Za-z₀-₉⁰-⁹⁻-]+ ?|.)[、。，．」』）)・：～万億人倍％%]*")

BLANK = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\s+|\s+(?=[\u3000-\u9fff\uff00-\uffef])")

POPULATION_TICKS = (300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)


def use_style() -> None:
    """The book's style. Called when this module is imported."""
    import matplotlib_fontja  # noqa: F401  registers IPAexGothic, for Japanese terms

    # IPAexGothic has one weight: a bold title may use it without a warning.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    sns.set_theme(
        style="white",
        rc={
            "font.family": ["DejaVu Sans", "IPAexGothic"],
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "xaxis.labellocation": "right",  # so that a long one may begin left of the axis
            "axes.labelsize": 9,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "grid.color": FAINT,
            "grid.linewidth": 0.8,
            "axes.edgecolor": "#8C8C8C",
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "figure.figsize": (WIDTH, 3.4),
            "figure.constrained_layout.use": True,
            # The same bytes whenever and wherever the figure is drawn.
            "svg.hashsalt": "adoption",
            "svg.fonttype": "path",
        },
    )


use_style()


def title(axes, text: str) -> None:
    """A title that states the finding, wrapped to the figure's width, aligned left."""
    figure = axes.figure
    # Japanese has one weight, which `drawn` makes bold.
    width, weight = (11, "bold") if language.spoken() == "en" else (12, "normal")
    letters = int(figure.get_size_inches()[0] * width)
    said = figure.suptitle(wrap(tr(text), letters), x=0.012, ha="left", fontsize=10.5, fontweight=weight, gid=BOLD)
    while said.get_window_extent().x1 >= figure.bbox.x1 + 1:  # capitals and digits are wider than other letters
        letters -= 1
        said.set_text(wrap(tr(text), letters))


def wrap(text: str, width: int) -> str:
    """A text in lines of so many characters, of which Japanese ones take two.

    No line begins with what closes or ends with what opens.
    """
    if text.isascii() or language.spoken() == "en":
        return textwrap.fill(text, width)

    def wide(said: str) -> bool:
        # Beside Japanese characters Latin ones are wider than half.
        return sum(2 if one > "\u2e80" else 1.3 for one in said.rstrip()) > width

    lines = [""]
    for phrase in language.phrases(text):
        for part in UNBROKEN.findall(phrase) if wide(phrase) else [phrase]:
            if lines[-1] and wide(lines[-1] + part):
                lines.append("")
            lines[-1] += part
    return "\n".join(line.strip() for line in lines)


def per_cent(axis) -> None:
    """An axis of shares in per cent."""
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


def note(axes, text: str, at, dx: float = 6, dy: float = 0, **how) -> None:
    """Text beside a point, shifted by dx and dy points: a label instead of a legend.

    A rim of the paper's colour keeps lines from striking through it.
    """
    axes.annotate(
        text,
        at,
        xytext=(dx, dy),
        textcoords="offset points",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        **{"va": "center", "ha": "left" if dx >= 0 else "right", **how},
    )


def population_axis(axes, low: float, high: float, ticks=None) -> None:
    """Logarithmic x axis of population with plain labels (3,000 · 10,000 · ...).

    ticks: by default POPULATION_TICKS, or where more than four are in sight the powers of ten.
    """
    if ticks is None:
        ticks = [t for t in POPULATION_TICKS if low <= t <= high]
        if len(ticks) > 4:
            ticks = [t for t in ticks if np.log10(t).is_integer()]
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    axes.xaxis.set_minor_locator(NullLocator())


def _short(number: float) -> str:
    size, word = (1e6, " million") if language.spoken() == "en" else (1e4, "万")
    return f"{number / size:g}{word}" if number >= size else f"{number:,.0f}"


def drawn(figure: Figure, kind: str) -> bytes:
    """The figure without date, as "svg", or as "png" in the size of print (300 dots per inch)."""
    out = io.BytesIO()
    if kind == "png" and language.spoken() != "en":
        for text in figure.findobj(lambda part: part.get_gid() == BOLD):
            text.set_path_effects([withStroke(linewidth=0.35, foreground=text.get_color())])
    figure.savefig(out, format=kind, dpi=300, metadata={"Date": None, "Creator": None} if kind == "svg" else None)
    if language.spoken() == "en":
        return out.getvalue()
    return out.getvalue().replace(f'<g id="{BOLD}">'.encode(), b'<g style="stroke: #1f1f1f; stroke-width: 200">')


def show(figure: Figure, *, name: str, alt: str, data: pd.DataFrame, caption: str, source: str) -> None:
    """Put a figure on the page.

    name: label for cross-references, `fig-...`; also the name of the data file.
    alt: what the figure shows, in words, with its numbers.
    data: the numbers in the figure, offered as CSV.
    caption: MyST text. source: MyST text, where the data come from.
    """
    from IPython.display import display

    translate(figure)
    _check_texts(figure, name)
    alt = tr(alt)
    if language.spoken() != "en":  # no blanks where lines and sentences were joined
        alt = BLANK.sub("", alt)
    details = {
        "name": name,
        "caption": tr(caption),
        "source": tr(source),
        "alt": alt,
        "csv": data.to_csv(index=False, lineterminator="\n", float_format="%.10g"),
    }
    pictures = {
        "image/svg+xml": drawn(figure, "svg").decode(),
        "image/png": base64.b64encode(drawn(figure, "png")).decode(),
    }
    plt.close(figure)
    display({**pictures, "text/plain": alt}, raw=True, metadata={"image/svg+xml": {"figure": details}})


def translate(figure: Figure) -> None:
    """Axes, ticks and notes in the language that is spoken, as far as they are plain texts."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            # Labels that were given with their ticks stand in a mapping that matplotlib keeps.
            for labels in getattr(getattr(axis.get_major_formatter(), "func", None), "args", ()):
                labels.update({tick: tr(label) for tick, label in labels.items()})
    for text in figure.findobj(Text):
        text.set_text(tr(text.get_text()))
        if text.get_fontweight() == "bold" and not text.get_text().isascii() and language.spoken() != "en":
            # Japanese has one weight: a line around a note makes it bold.
            line = withStroke(linewidth=text.get_fontsize() / 32, foreground=text.get_color())
            text.set(fontweight="normal", path_effects=[*text.get_path_effects(), line])


def _check_texts(figure: Figure, name: str) -> None:
    """ValueError for a text that is too small to be read on a phone, or that the figure's edge cuts."""
    figure.draw_without_rendering()
    wide, high = figure.bbox.size
    least = SMALLEST * figure.get_size_inches()[0] / WIDTH
    placed = [*figure.texts, figure._suptitle]
    for axes in figure.axes:
        placed += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        placed += [axes.title, axes._left_title]
    for text in figure.findobj(Text):
        if text.get_text() and text.get_fontsize() < least:
            found, expected = f"{text.get_fontsize()} points", f"at least {least:.1f}, to be read on a phone"
        elif (
            text.get_text()
            and text in placed
            and not (
                (box := text.get_window_extent()).x0 > -1 and box.y0 > -1 and box.x1 < wide + 1 and box.y1 < high + 1
            )
        ):
            found, expected = f"it from {box.x0:.0f} to {box.x1:.0f} pixels", f"it between 0 and {wide:.0f}, not cut"
        else:
            continue
        raise ValueError(f"figure {name}, text {text.get_text()!r}: found {found}, expected {expected}")


class Link(NamedTuple):
    """A cell of a table, or a line of one, that leads somewhere."""

    text: str
    address: str


def table(
    frame: pd.DataFrame,
    *,
    caption: str,
    heads: Mapping[str, str] | None = None,
    formats: Mapping[str, str | Callable] | None = None,
    row_heads: int = 1,
    stacked: bool = False,
) -> None:
    """Put a table on the page: caption, header cells with their scope, numbers to the right.

    heads: headings of the columns to show, in their order; by default all columns as named.
    formats: by column, a format such as ".1%" or a function of a cell; otherwise cells are shown
        as they are, integers with thousands separators. A `Link` or an address is shown as a link; a list
        is shown item by item, one line each. The index is not shown.
    row_heads: how many leading columns head their row.
    stacked: as wide as the window allows; for tables of sentences.
    """
    from IPython.display import HTML, display

    if heads and language.spoken() == "ja":  # what is printed needs no translation beside it
        heads = {name: head for name, head in heads.items() if f"{name.removesuffix('_en')}_ja" not in heads}
    for column, how in (formats or {}).items():
        write = how if callable(how) else ("{:" + how + "}").format
        frame = frame.assign(**{column: frame[column].map(write)})
    if heads:
        frame = frame[list(heads)].rename(columns=heads)
    numeric = [pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns]
    # A column of formatted numbers is text to pandas, but reads as numbers.
    aligned = [n or _looks_numeric(frame[c]) for n, c in zip(numeric, frame.columns)]
    rows = [[_cell_html(value) for value in values] for values in frame.itertuples(index=False)]
    classes = ["number" if right else html_table.kind_of([row[i] for row in rows]) for i, right in enumerate(aligned)]
    drawn = html_table.draw(tr(caption), [tr(str(column)) for column in frame.columns], rows, classes, row_heads)
    display(HTML(drawn.replace('class="table-scroll', 'class="table-scroll stacked', 1) if stacked else drawn))


def _cell_html(value) -> str:
    if isinstance(value, Link):
        return f'<a href="{html.escape(value.address)}">{html.escape(tr(value.text))}</a>'
    if isinstance(value, list):
        return "<br>".join(_cell_html(line) for line in value)
    if isinstance(value, str) and re.fullmatch(r"https?://\S+", value):
        return _cell_html(Link(value, value))
    return re.sub(r"(?<=[\d%]) – (?=\d)", "\u00a0–\u00a0", html.escape(_cell(value)))  # a range stays on one line


def _looks_numeric(column: pd.Series) -> bool:
    texts = column.astype(str)
    texts = texts[texts != "–"]  # no such number
    return bool(len(texts)) and bool(texts.str.match(r"^[\d−–～\-+.,%× ()<]*\d[\d.,%×) –～−\-]*$").all())


def _cell(value) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, (float, np.floating)) else tr(str(value))
