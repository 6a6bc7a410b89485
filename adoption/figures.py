"""Figures and tables of the book: one style, drawn from arrays and frames that are passed in.

A figure function returns a `Picture`; `show` puts it on the page with its caption, label, alt
text, data download and source line (figure_renderer.py). `table` does the same for a table.
"""

import functools
import html
import io
import logging
import textwrap
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from adoption import register

# Colour-blind-safe (after Okabe and Ito, darkened until each has a contrast of 4.5 with white).
# AI and RPA keep their colours throughout the book.
COLOURS = {"AI": "#0067A3", "RPA": "#B34700", "green": "#00734F", "purple": "#9A4B7F",
           "sky": "#2A7FAF", "grey": "#5C5C5C"}
INK, FAINT = "#1F1F1F", "#D9D9D9"
WIDTH = 4.7  # inches: small enough that 10-point text can be read on a 360-pixel screen

POPULATION_TICKS = (300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000,
                    10_000_000)


class Picture(NamedTuple):
    """A drawn figure, what it shows in words, the numbers in it, and where they come from."""

    figure: Figure
    alt: str
    data: pd.DataFrame
    function: str = ""
    results: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def picture(function):
    """Decorator of a figure function: notes its name, the results and the tables that it uses."""
    @functools.wraps(function)
    def drawn(*arguments, **named):
        with register.recording() as ids:
            found = function(*arguments, **named)
        frames = [a for a in (*arguments, *named.values()) if isinstance(a, pd.DataFrame)]
        return found._replace(
            function=f"{function.__module__}.{function.__name__}",
            results=tuple(dict.fromkeys(ids)),
            tables=tuple(f.attrs["table"] for f in frames if "table" in f.attrs))
    return drawn


def use_style() -> None:
    """The book's style. Called when this module is imported."""
    import matplotlib_fontja  # noqa: F401  registers IPAexGothic, for Japanese terms
    # IPAexGothic has one weight: a bold title may use it without a warning.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    sns.set_theme(style="white", rc={
        "font.family": ["DejaVu Sans", "IPAexGothic"], "font.size": 10,
        "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
        "axes.labelsize": 9, "xtick.labelsize": 9, "ytick.labelsize": 9,
        "axes.grid": True, "axes.grid.axis": "y", "axes.axisbelow": True, "grid.color": FAINT,
        "grid.linewidth": 0.8, "axes.edgecolor": "#8C8C8C", "axes.labelcolor": INK,
        "text.color": INK, "xtick.color": INK, "ytick.color": INK,
        "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
        "figure.figsize": (WIDTH, 3.4), "figure.constrained_layout.use": True,
        # The same bytes whenever and wherever the figure is drawn.
        "svg.hashsalt": "adoption", "svg.fonttype": "path",
    })


use_style()


def title(axes, text: str) -> None:
    """A title that states the finding, wrapped to the figure's width, aligned left."""
    figure = axes.figure
    width = int(figure.get_size_inches()[0] * 11)
    figure.suptitle(textwrap.fill(text, width), x=0.012, ha="left", fontsize=10.5,
                    fontweight="bold")


def population_axis(axes, low: float, high: float, ticks=POPULATION_TICKS) -> None:
    """Logarithmic x axis of population with plain labels (3,000 · 10,000 · ...)."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    axes.xaxis.set_minor_locator(NullLocator())


def _short(number: float) -> str:
    return f"{number / 1e6:g} million" if number >= 1e6 else f"{number:,.0f}"


def svg(figure: Figure) -> str:
    """The figure as SVG text without date, and closed."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return out.getvalue()


def show(drawn: Picture, *, name: str, caption: str, source: str) -> None:
    """Put a picture on the page.

    name: label for cross-references, `fig-...`; also the name of the data file.
    caption: MyST text; may hold computed numbers.
    source: MyST text, where the data come from.
    """
    from IPython.display import display
    details = {"name": name, "caption": caption, "source": source, "alt": drawn.alt,
               "function": drawn.function, "results": drawn.results,
               "tables": drawn.tables, "csv": drawn.data.to_csv(index=False, lineterminator="\n",
                                          float_format="%.10g")}
    display({"image/svg+xml": svg(drawn.figure), "text/plain": drawn.alt}, raw=True,
            metadata={"image/svg+xml": {"figure": details}})


class Link(NamedTuple):
    """A cell of a table, or a line of one, that leads somewhere."""

    text: str
    address: str


def table(frame: pd.DataFrame, *, caption: str, row_heads: int = 1,
          stacked: bool = False) -> None:
    """Put a table on the page: caption, header cells with their scope, numbers to the right.

    frame: cells are shown as they are; numbers should be formatted by the caller where they
        need it. Integers get thousands separators. A `Link` is shown as one; a list is shown
        item by item, one line each. The index is not shown.
    row_heads: how many leading columns head their row.
    stacked: on a narrow screen the cells of a row stand below each other, each with its column's
        name; for tables of sentences.
    """
    from IPython.display import HTML, display
    numeric = [pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns]
    # A column of formatted numbers is text to pandas, but reads as numbers.
    aligned = [n or _looks_numeric(frame[c]) for n, c in zip(numeric, frame.columns)]
    classes = ["number" if right else "short" if _is_short(frame[c]) else "text"
               for right, c in zip(aligned, frame.columns)]
    head = "".join(f'<th scope="col" class="{k}">{html.escape(str(c))}</th>'
                   for c, k in zip(frame.columns, classes))
    rows = []
    for values in frame.itertuples(index=False):
        cells = []
        for i, (value, kind, column) in enumerate(zip(values, classes, frame.columns)):
            text = _cell_html(value)
            named = f' data-column="{html.escape(str(column))}"' if stacked else ""
            cells.append(f'<th scope="row" class="{kind}"{named}>{text}</th>' if i < row_heads
                         else f'<td class="{kind}"{named}>{text}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    display(HTML(
        f'<div class="table-scroll{" stacked" if stacked else ""}" tabindex="0" role="region" '
        f'aria-label="{html.escape(caption)}">'
        f'<table class="table"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"))


def _cell_html(value) -> str:
    if isinstance(value, Link):
        return f'<a href="{html.escape(value.address)}">{html.escape(value.text)}</a>'
    if isinstance(value, list):
        return "<br>".join(_cell_html(line) for line in value)
    return html.escape(_cell(value))


def _is_short(column: pd.Series) -> bool:
    return bool((column.astype(str).str.len() < 12).all())


def _looks_numeric(column: pd.Series) -> bool:
    texts = column.astype(str)
    return bool(texts.str.match(r"^[\d−–\-+.,%× ()<]*\d[\d.,%×) –−\-]*$").all())


def _cell(value) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def codebook_entry(name: str) -> None:
    """Put a table's description on the page: file, rows, source, licence, and its fields."""
    from IPython.display import Markdown, display

    from adoption import data
    resource = data.describe(name)
    lines = [f"`data/{resource['path']}`, {len(data.load(name)):,} rows. "
             f"{resource['description']}", ""]
    for source in resource["sources"]:
        address = f", <{source['path']}>" if "path" in source else ""
        lines.append(f"- Source: {source['title']}{address}")
    lines += [f"- Licence: {licence['title']}" for licence in resource["licenses"]]
    display(Markdown("\n".join(lines)))
    table(data.field_table(name), caption=f"Fields of {resource['path']}")


# --- the chapters' figures --------------------------------------------------------------------

@picture
def stages(table: pd.DataFrame) -> Picture:
    """Median population of each stage, one row a technology and stage (adoption-by-stage)."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.9))
    positions = {"AI": -0.17, "RPA": 0.17}
    for name, group in table.groupby("technology", sort=False):
        y = group["stage"] + positions[name]
        axes.plot(group["median_population"], y, "-o", color=COLOURS[name], lw=1.2, ms=6)
        for row, height in zip(group.itertuples(), y):
            axes.annotate(f"{row.median_population:,} ({row.bodies} bodies)",
                          (row.median_population, height), xytext=(8, 0),
                          textcoords="offset points", va="center", fontsize=8.5,
                          color=COLOURS[name])
        first = group.iloc[0]
        axes.annotate(name, (first["median_population"], y.iloc[0]), xytext=(-9, 0),
                      textcoords="offset points", ha="right", va="center", fontweight="bold",
                      color=COLOURS[name])
    axes.set_yticks([1, 2, 3, 4, 5], ["1 introduced", "2", "3", "4", "5 no plan"])
    axes.set_ylim(5.5, 0.5)
    axes.grid(False)
    population_axis(axes, 4_500, 1_400_000)
    axes.set_xlabel("Median population of the stage (logarithmic scale)")
    title(axes, "The further along a stage is, the larger its typical body")
    words = "; ".join(
        f"{name}: " + ", ".join(f"stage {r.stage} {r.median_population:,} ({r.bodies} bodies)"
                                for r in group.itertuples())
        for name, group in table.groupby("technology", sort=False))
    return Picture(figure, "Dot plot of the median population of the bodies at each stage of "
                   f"adoption. The medians fall from stage 1 to stage 5. {words}.",
                   table[["technology", "stage", "bodies", "median_population"]])


@picture
def exact_rates(get) -> Picture:
    """Adoption rates above and below the adopters' median, over all readings of the base.

    get: register.get; a figure names the results that it shows, so that the build knows them.
    """
    rows = []
    for key, name in (("ai", "AI"), ("rpa", "RPA")):
        median = get(f"{key}.stage-1.median-population").value
        for side in ("above", "below"):
            row = get(f"{key}.rate-{side}.every-base")
            rows.append({"technology": name, "side": side, "population": int(median),
                         "lower": row.lower, "upper": row.upper})
    data = pd.DataFrame(rows)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.0))
    heights = [3.3, 2.5, 1.2, 0.4]
    for row, y in zip(data.itertuples(), heights):
        colour = COLOURS[row.technology]
        axes.barh(y, row.lower, height=0.55, color=colour)
        axes.barh(y, row.upper - row.lower, left=row.lower, height=0.55, color=colour,
                  alpha=0.35, lw=0)
        axes.annotate(register.percent_range(row.lower, row.upper), (row.upper, y), xytext=(6, 0),
                      textcoords="offset points", va="center", fontweight="bold", color=colour)
    axes.set_yticks(heights, [f"{r.technology}: {r.side}\n{r.population:,} people"
                              for r in data.itertuples()])
    axes.set_xlim(0, 0.92)
    axes.set_ylim(-0.1, 3.8)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(False)
    axes.set_xlabel("Share of the bodies covered that had introduced it\n"
                    "(pale: over all three readings of the medians)")
    above, below = data[data["side"] == "above"], data[data["side"] == "below"]
    title(axes, "Above the adopters' median population, "
                f"{register.percent_down(above['lower'].min())} or more had introduced it; below, "
                f"{register.percent_up(below['upper'].max())} or less")
    words = "; ".join(f"{r.technology} {r.side} {r.population:,} people: "
                      f"{register.percent_range(r.lower, r.upper)}" for r in data.itertuples())
    return Picture(figure, "Bar chart of the share of bodies that had introduced AI or RPA on "
                   f"either side of the adopters' median population. {words}.", data)


TYPE_NAMES = {"prefecture": "Prefectures", "designated-city": "Designated cities",
              "other-municipality": "Other municipalities"}


@picture
def joint_status(get) -> Picture:
    """Share of each type of body that uses or considers joint use of RPA."""
    rows = []
    for kind, name in TYPE_NAMES.items():
        counts = {a: int(get(f"joint.rpa.{kind}.{a}").value)
                  for a in ("implementing", "considering", "no-plan")}
        rows.append({"type": name, "bodies": sum(counts.values()), **counts})
    data = pd.DataFrame(rows)
    figure, axes = plt.subplots(figsize=(WIDTH, 2.7))
    for y, row in enumerate(data.itertuples()):
        using, considering = row.implementing / row.bodies, row.considering / row.bodies
        axes.barh(y, using, height=0.55, color=COLOURS["RPA"])
        axes.barh(y, considering, left=using, height=0.55, color=COLOURS["RPA"], alpha=0.4, lw=0)
        axes.annotate(f"{row.considering} considering, {row.implementing} using, "
                      f"of {row.bodies:,}", (using + considering, y), xytext=(6, 0),
                      textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(range(len(data)), data["type"])
    axes.set_ylim(len(data) - 0.5, -0.5)
    axes.set_xlim(0, 0.47)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(False)
    axes.set_xlabel("Share of the bodies of each type\n(dark: using, pale: considering)")
    top = data.loc[(data["considering"] / data["bodies"]).idxmax()]
    title(axes, f"{top['type']} considered joint use of RPA most often, and "
                f"{'none' if top['implementing'] == 0 else top['implementing']} used it")
    words = "; ".join(f"{r.type}: {r.implementing} using and {r.considering} considering of "
                      f"{r.bodies:,}" for r in data.itertuples())
    return Picture(figure, f"Bar chart of joint use of RPA by type of body. {words}.", data)


FORM_NAMES = {"jointly-built-system": "System built jointly",
              "jointly-contracted-service": "Service contracted jointly", "other": "Other"}


def _of_type(name: str, number: int) -> str:
    """A type of body as a figure's label says it after a number."""
    singular = {"Prefectures": "prefecture", "Designated cities": "designated city",
                "Other municipalities": "other"}
    plural = {"Other municipalities": "others"}
    return singular[name] if number == 1 else plural.get(name, name.lower())


@picture
def joint_forms(get) -> Picture:
    """Answers on the form of joint use of AI, by type of body."""
    data = pd.DataFrame([
        {"form": form, "type": name,
         "answers": int(get(f"joint.ai.{kind}.{key}").value)}
        for key, form in FORM_NAMES.items() for kind, name in TYPE_NAMES.items()])
    figure, axes = plt.subplots(figsize=(WIDTH, 3.1))
    shades = dict(zip(TYPE_NAMES.values(), ("#00395A", COLOURS["AI"], "#8FC1E3")))
    totals = data.groupby("form", sort=False)["answers"].sum()
    for y, (form, group) in enumerate(data.groupby("form", sort=False)):
        start = 0
        for row in group.itertuples():
            axes.barh(y, row.answers, left=start, height=0.55, color=shades[row.type])
            start += row.answers
        parts = ", ".join(f"{r.answers} {_of_type(r.type, r.answers)}"
                          for r in group.itertuples() if r.answers)
        axes.annotate(f"{totals[form]} answers", (start, y), xytext=(6, 0),
                      textcoords="offset points", va="center", fontweight="bold")
        axes.annotate(parts, (0, y), xytext=(0, -17), textcoords="offset points", va="center",
                      fontsize=8.5)
    axes.set_yticks(range(len(totals)), totals.index)
    axes.set_ylim(len(totals) - 0.3, -0.5)
    axes.set_xlim(0, 34)
    axes.grid(False)
    axes.set_xlabel("Answers\n(a body may have given more than one)")
    title(axes, f"Joint use of AI was most often a {totals.idxmax().lower()}")
    words = "; ".join(f"{r.form}, {r.type.lower()}: {r.answers}" for r in data.itertuples())
    return Picture(figure, "Stacked bar chart of the answers on the form of joint use of AI. "
                   f"{words}.", data)


@picture
def medians_on_census(grid: pd.DataFrame, stages: pd.DataFrame) -> Picture:
    """Share of bodies smaller than each population, with the ten medians on the curve.

    grid: intervals of a base (census.frame). stages: adoption-by-stage.
    """
    share = np.cumsum(grid["bodies"]) / grid["bodies"].sum()
    figure, axes = plt.subplots(figsize=(WIDTH, 3.9))
    axes.step(grid["upper"], share, where="post", color=COLOURS["grey"], lw=1.3)
    rows = []
    for row in stages.itertuples():
        smaller = grid.loc[grid["upper"] <= row.median_population, "bodies"].sum()
        rows.append({"technology": row.technology, "stage": row.stage,
                     "median_population": row.median_population,
                     "share_smaller": smaller / grid["bodies"].sum()})
    data = pd.DataFrame(rows)
    for row in data.itertuples():
        ai = row.technology == "AI"
        # Three medians lie within a tenth of a decade: their labels keep apart.
        lift = {("AI", 4): 3, ("RPA", 3): 2, ("RPA", 4): -10}.get(
            (row.technology, row.stage), 6 if ai else -6)
        axes.plot(row.median_population, row.share_smaller, "o" if ai else "s", ms=6.5,
                  color=COLOURS[row.technology], mec="white", mew=0.7, zorder=3)
        axes.annotate(f"{row.technology} {row.stage}",
                      (row.median_population, row.share_smaller),
                      xytext=(-7 if ai else 7, lift), textcoords="offset points", fontsize=9,
                      ha="right" if ai else "left", va="center", color=COLOURS[row.technology])
    population_axis(axes, 1_000, 1_500_000)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("Population (logarithmic scale)")
    axes.set_ylabel("Municipalities that are smaller")
    first = data[(data["technology"] == "AI") & (data["stage"] == 1)].iloc[0]
    title(axes, f"Half of the AI adopters were larger than {first['share_smaller']:.0%} of all "
                "municipalities")
    words = "; ".join(f"{r.technology} stage {r.stage}: {r.median_population:,}, larger than "
                      f"{r.share_smaller:.0%}" for r in data.itertuples())
    return Picture(figure, "Curve of the share of municipalities below each population, with the "
                   f"median of each stage on it. {words} of the municipalities.", data)


CLASS_LABELS = {"under-10k": "under 10,000", "10k-30k": "10,000–30,000",
                "30k-50k": "30,000–50,000", "50k-100k": "50,000–100,000",
                "100k-200k": "100,000–200,000", "over-200k": "200,000 and more"}


@picture
def bounds_by_class(get, kind: str, words: str) -> Picture:
    """Free and monotone bounds of a rate by size class, AI and RPA.

    get: register.get. kind: "adoption" or "no-plan". words: what the rate is, for the axis.
    """
    data = pd.DataFrame([
        {"technology": name, "class": label, "assumption": how,
         "lower": get(f"{key}.{kind}-bound.{id}.{how}").lower,
         "upper": get(f"{key}.{kind}-bound.{id}.{how}").upper}
        for id, label in CLASS_LABELS.items() for key, name in (("ai", "AI"), ("rpa", "RPA"))
        for how in ("free", "monotone")])
    figure, axes = plt.subplots(figsize=(WIDTH, 4.3))
    for row in data.itertuples():
        y = list(CLASS_LABELS.values()).index(row[2]) + (0.19 if row.technology == "RPA" else -0.19)
        free = row.assumption == "free"
        axes.plot([row.lower, row.upper], [y, y], color=COLOURS[row.technology],
                  lw=1.4 if free else 8, solid_capstyle="butt", zorder=2 if free else 3,
                  marker="|" if free else None, ms=7)
    axes.set_yticks(range(len(CLASS_LABELS)), CLASS_LABELS.values())
    axes.set_ylim(len(CLASS_LABELS) - 0.4, -0.75)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(False)
    axes.grid(True, axis="x")
    axes.set_ylabel("Population")
    axes.set_xlabel(f"{words}\n(line: counts and medians alone;\n"
                    "bar: if stages rise with size)")
    for name, y in (("AI", -0.19), ("RPA", 0.19)):
        edge = data[(data["technology"] == name) & (data["class"] == CLASS_LABELS["under-10k"])
                    & (data["assumption"] == "free")].iloc[0]
        left = edge["upper"] < 0.6
        axes.annotate(name, (edge["upper"] if left else edge["lower"], y),
                      xytext=(6 if left else -6, 0), textcoords="offset points", va="center",
                      ha="left" if left else "right", fontweight="bold", color=COLOURS[name])
    small = data[(data["class"] == CLASS_LABELS["under-10k"]) & (data["assumption"] == "free")]
    if kind == "adoption":
        finding = (f"Below 10,000 people at most {register.percent_up(small['upper'].max())} had "
                   "introduced either; in large classes the medians alone say little")
    else:
        finding = (f"Below 10,000 people at least {register.percent_down(small['lower'].min())} "
                   "had no plan for either; elsewhere the medians alone say little")
    title(axes, finding)
    table_words = "; ".join(
        f"{r.technology}, {r[2]}, {r.assumption}: {register.percent_range(r.lower, r.upper)}"
        for r in data.itertuples())
    return Picture(figure, f"Range chart by size class. {words}. {table_words}.", data)


@picture
def adoption_curves(curves: pd.DataFrame, get) -> Picture:
    """Curves of the share that introduced AI and RPA, with bands, before the monotone bounds.

    curves: technology, population, share, lower, upper. get: register.get.
    """
    limits = [0, 10_000, 30_000, 50_000, 100_000, 200_000, 10**8]
    figure, axes = plt.subplots(figsize=(WIDTH, 4.0))
    low, high = curves["population"].min(), curves["population"].max()
    for key, name in (("ai", "AI"), ("rpa", "RPA")):
        for id, left, right in zip(CLASS_LABELS, limits, limits[1:]):
            bound = get(f"{key}.adoption-bound.{id}.monotone")
            left, right = max(left, low), min(right, high)
            axes.fill_between([left, right], bound.lower, bound.upper, color=COLOURS[name],
                              alpha=0.09, lw=0)
        group = curves[curves["technology"] == name]
        axes.fill_between(group["population"], group["lower"], group["upper"],
                          color=COLOURS[name], alpha=0.3, lw=0)
        axes.plot(group["population"], group["share"], color=COLOURS[name], lw=2)
        mark = group.iloc[int(0.78 * len(group))]
        axes.annotate(name, (mark["population"], mark["share"]),
                      xytext=(-8, 8) if name == "RPA" else (10, -9),
                      textcoords="offset points", fontweight="bold", color=COLOURS[name],
                      ha="right" if name == "RPA" else "left")
    population_axis(axes, low, high)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("Population (logarithmic scale)")
    axes.set_ylabel("Had introduced the technology")

    def at(name, population):
        group = curves[curves["technology"] == name]
        return np.interp(np.log(population), np.log(group["population"]), group["share"])

    points = (5_000, 30_000, 100_000, 300_000)
    title(axes, f"The modelled share rises from {at('AI', 5_000):.0%} (AI) and "
                f"{at('RPA', 5_000):.0%} (RPA) at 5,000 people to {at('AI', 300_000):.0%} and "
                f"{at('RPA', 300_000):.0%} at 300,000")
    words = "; ".join(f"{name} at {p:,} people: {at(name, p):.0%}" for name in ("AI", "RPA")
                      for p in points)
    return Picture(figure, "Two rising curves of the modelled share of municipalities that had "
                   "introduced the technology, by population, with 95 percent bands and the "
                   f"monotone bounds by size class as pale boxes. {words}.", curves)


@picture
def ai_and_rpa(get) -> Picture:
    """Bodies at each stage for the two technologies, side by side."""
    names = {1: "1 introduced", 2: "2", 3: "3", 4: "4", 5: "5 no plan"}
    data = pd.DataFrame([
        {"stage": stage, "technology": name, "bodies": int(get(f"{key}.stage-{stage}.bodies").value)}
        for stage in names for key, name in (("ai", "AI"), ("rpa", "RPA"))])
    figure, axes = plt.subplots(figsize=(WIDTH, 3.8))
    for row in data.itertuples():
        y = row.stage + (0.19 if row.technology == "RPA" else -0.19)
        axes.barh(y, row.bodies, height=0.34, color=COLOURS[row.technology])
        axes.annotate(f"{row.technology} {row.bodies}", (row.bodies, y), xytext=(5, 0),
                      textcoords="offset points", va="center", color=COLOURS[row.technology],
                      fontweight="bold")
    axes.set_yticks(list(names), names.values())
    axes.set_ylim(5.55, 0.45)
    axes.set_xlim(0, 860)
    axes.grid(False)
    axes.set_xlabel("Bodies")
    ahead = data[data["stage"] == 1].set_index("technology")["bodies"]
    title(axes, f"{ahead['RPA']} bodies had introduced RPA, {ahead['AI']} AI")
    words = "; ".join(f"stage {r.stage}, {r.technology}: {r.bodies}" for r in data.itertuples())
    return Picture(figure, f"Bar chart of the number of bodies at each stage. {words}.", data)

@picture
def joint_shares(get) -> Picture:
    """Shares of adopters that use AI or RPA jointly, with what makes each of them uncertain."""
    users, adopters = (int(get(id).value) for id in ("joint.rpa.total.implementing",
                                                     "rpa.stage-1.bodies"))
    decisions = int(get("joint.rpa.decisions").value)
    bodies, ai_adopters = get("joint.ai.bodies"), int(get("ai.stage-1.bodies").value)
    rpa, decided = get("joint.rpa.share-of-adopters"), get("joint.rpa.share-of-adopters.decisions")
    ai_range, ai = get("joint.ai.share-range"), get("joint.ai.share-of-adopters")
    data = pd.DataFrame([
        {"row": f"RPA, bodies:\n{users} of {adopters}", "technology": "RPA",
         "share_low": rpa.value, "share_high": rpa.value, "interval_low": rpa.lower,
         "interval_high": rpa.upper},
        {"row": f"RPA, decisions:\n{decisions} of {adopters - users + decisions}",
         "technology": "RPA", "share_low": decided.value, "share_high": decided.value,
         "interval_low": decided.lower, "interval_high": decided.upper},
        {"row": f"AI, bodies:\n{bodies.lower:.0f} to {bodies.upper:.0f} of {ai_adopters}",
         "technology": "AI", "share_low": ai_range.lower, "share_high": ai_range.upper,
         "interval_low": ai.lower, "interval_high": ai.upper}])
    figure, axes = plt.subplots(figsize=(WIDTH, 2.8))
    for y, row in enumerate(data.itertuples()):
        colour = COLOURS[row.technology]
        axes.plot([row.interval_low, row.interval_high], [y, y], color=colour, lw=1.4)
        if row.share_low == row.share_high:
            axes.plot(row.share_low, y, "o", color=colour, ms=8)
            shown = f"{row.share_low:.1%}"
        else:
            axes.plot([row.share_low, row.share_high], [y, y], color=colour, lw=8,
                      solid_capstyle="butt")
            shown = f"{row.share_low:.1%} – {row.share_high:.1%}"
        axes.annotate(shown, ((row.share_low + row.share_high) / 2, y), xytext=(0, 8),
                      textcoords="offset points", ha="center", va="bottom", fontweight="bold",
                      color=colour)
    axes.set_yticks(range(len(data)), data["row"])
    axes.set_ylim(len(data) - 0.6, -0.7)
    axes.set_xlim(0, 0.24)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(False)
    axes.set_xlabel("Share of adopters that use the technology jointly\n"
                    "(dot or thick bar: published; thin line: 95 % interval)")
    title(axes, f"{rpa.value:.0%} of the RPA adopters used it jointly, and "
                f"{ai_range.lower:.0%} to {ai_range.upper:.0%} of the AI adopters")
    words = "; ".join(
        f"{r.row.replace(chr(10), ' ')}: {r.share_low:.1%}"
        + (f" to {r.share_high:.1%}" if r.share_high > r.share_low else "")
        + f", interval {r.interval_low:.1%} to {r.interval_high:.1%}" for r in data.itertuples())
    data["row"] = data["row"].str.replace("\n", " ")
    return Picture(figure, "Dot plot of the share of adopters that use AI or RPA jointly. "
                   f"{words}.", data)


@picture
def small_bodies(seven: pd.DataFrame, grid: pd.DataFrame) -> Picture:
    """The bodies of slide 6 in the distribution of all municipalities by population.

    seven: body_en, population, technology, share (of municipalities with fewer people).
    grid: intervals of all municipalities (census.frame), ascending: upper, bodies.
    """
    rising = grid[grid["upper"] >= 300]
    share = grid["bodies"].cumsum()[rising.index] / grid["bodies"].sum()
    figure, axes = plt.subplots(figsize=(WIDTH, 4.0))
    axes.plot(rising["upper"], share, color=COLOURS["grey"], lw=1.6)
    axes.axhline(0.5, color=COLOURS["grey"], lw=0.9, ls=(0, (4, 3)))
    axes.annotate("median municipality", (4_500_000, 0.5), ha="right", va="bottom", fontsize=8.5,
                  color=COLOURS["grey"], xytext=(0, 2), textcoords="offset points")
    for row in seven.itertuples():
        colour, left = COLOURS[row.technology], row.technology == "AI"
        axes.plot(row.population, row.share, "o", color=colour, ms=6)
        # Several stand near the median: their labels move away from its line and each other.
        away = row.share - 0.5 if abs(row.share - 0.5) < 0.1 else 0
        axes.annotate(f"{row.body_en} {row.population:,}",
                      (row.population * (0.72 if left else 1.4), row.share + away),
                      ha="right" if left else "left", va="center", fontsize=8.5, color=colour)
    for name, height in (("AI", 0.94), ("RPA", 0.86)):
        axes.annotate(f"{name} adopters of slide 6", (340, height), color=COLOURS[name],
                      fontweight="bold", fontsize=9)
    axes.grid(False)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("Municipalities with fewer people")
    population_axis(axes, 300, 5_000_000, (1_000, 10_000, 100_000, 1_000_000))
    axes.set_xlabel("Population, 2015 census (logarithmic scale)")
    above = int((seven["share"] > 0.5).sum())
    title(axes, f"{above} of the {len(seven)} “small” adopters are larger than the median "
                "municipality")
    words = "; ".join(f"{r.body_en} ({r.technology}), {r.population:,} people: {r.share:.1%}"
                      for r in seven.itertuples())
    data = pd.concat([
        seven.assign(series="body of slide 6"),
        pd.DataFrame({"series": "all municipalities", "population": rising["upper"],
                      "share": share})])
    return Picture(figure, "Rising curve of the share of municipalities with fewer people, by "
                   f"population, with {len(seven)} bodies marked. Share of municipalities "
                   f"smaller than each: {words}.",
                   data[["series", "body_en", "technology", "population", "share"]])


@picture
def consortia(members: pd.DataFrame, medians: dict) -> Picture:
    """Members of the consortia, their pooled population, and the median adopter.

    members: consortium, technology, member_en, population (consortium-members).
    medians: median population of the adopters by technology.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.9))
    rows, words = [], []
    groups = list(members.groupby("consortium", sort=False))
    for y, (key, group) in zip((1, 0), groups, strict=True):
        name, technology = key.capitalize(), group["technology"].iloc[0]
        colour, median = COLOURS[technology], medians[technology]
        pooled = int(group["population"].sum())
        low, high = (group.loc[group["population"].agg(which)] for which in ("idxmin", "idxmax"))
        axes.plot([high.population, pooled], [y, y], color=colour, lw=1, ls=(0, (2, 2)))
        axes.plot(group["population"], [y] * len(group), "o", color=colour, ms=7, mfc="none",
                  mew=1.5)
        axes.plot(pooled, y, "D", color=colour, ms=10)
        axes.plot([median, median], [y - 0.07, y + 0.22], color=INK, lw=1.6)
        axes.annotate(f"{name}: {technology}, {len(group)} municipalities", (1_400, y),
                      xytext=(0, 52), textcoords="offset points", fontweight="bold",
                      color=colour)
        axes.annotate(f"median {technology} adopter {median:,}", (median, y + 0.22),
                      xytext=(0, 3), textcoords="offset points", ha="right", va="bottom",
                      fontsize=8.5)
        axes.annotate(f"together\n{pooled:,}", (pooled, y), xytext=(0, 10),
                      textcoords="offset points", ha="center", va="bottom", fontsize=8.5,
                      color=colour, fontweight="bold")
        for row, side in ((low, "center"), (high, "center")):
            axes.annotate(f"{row.member_en}\n{row.population:,}", (row.population, y),
                          xytext=(0, -9), textcoords="offset points", ha=side, va="top",
                          fontsize=8.5, color=colour)
        rows += [{"consortium": name, "technology": technology, "what": "member",
                  "name": r.member_en, "population": r.population} for r in group.itertuples()]
        rows += [{"consortium": name, "technology": technology, "what": what, "name": "",
                  "population": value} for what, value in (("members together", pooled),
                                                           ("median adopter", median))]
        words.append(f"{name}, {technology}: {len(group)} members from {low.population:,} "
                     f"({low.member_en}) to {high.population:,} people ({high.member_en}); "
                     f"together {pooled:,}, {pooled / median:.1f} times the median adopter's "
                     f"{median:,}")
    data = pd.DataFrame(rows)
    axes.set_yticks([])
    axes.set_ylim(-0.45, 1.62)
    axes.grid(False)
    population_axis(axes, 1_400, 480_000, (3_000, 10_000, 30_000, 100_000, 300_000))
    axes.set_xlabel("Population, 2015 census (logarithmic scale)")
    totals = data[data["what"] == "members together"].set_index("technology")["population"]
    ratios = totals / pd.Series(medians)
    alone = sum(int((g["population"] > medians[g["technology"].iloc[0]]).sum()) for _, g in groups)
    title(axes, f"Together, {ratios.min():.1f} and {ratios.max():.1f} times the median adopter’s "
                f"population; alone, {alone or 'no'} member{'s' * (alone > 1)} "
                f"reach{'es' * (alone < 2)} it")
    return Picture(figure, "Dot plot of the populations of the members of two consortia. "
                   + ". ".join(words) + ".", data)



# --- since 2020 -------------------------------------------------------------------------------

@picture
def forecast(series: pd.DataFrame, trials: pd.DataFrame) -> Picture:
    """Shares of prefectures and designated cities by survey, beside the date that was promised.

    series, trials: results.later_series of the statuses `introduced` and `trial`.
    """
    names = {"prefecture": "Prefectures", "designated_city": "Designated cities"}
    data = series[series["body_type"].isin(names)].merge(
        trials[["survey_fy", "technology", "body_type", "lower"]].rename(
            columns={"lower": "on_trial"}), how="left")
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH, 5.4), sharex=True)
    years = sorted(data["survey_fy"].unique())
    for axes, (kind, name) in zip(panels, names.items()):
        axes.axvline(2020.5, color=INK, lw=1, ls=(0, (4, 3)), zorder=0)
        # Side by side, so that two points at 100 % both show.
        for technology, shift, offset in (("AI", -0.08, 7), ("RPA", 0.08, -7)):
            rows = data[(data["body_type"] == kind) & (data["technology"] == technology)]
            colour = COLOURS[technology]
            known = dict(zip(rows["survey_fy"], rows["upper"]))
            # A line only between neighbouring years: a missing survey stays a gap.
            axes.plot(np.add(years, shift), [known.get(year, np.nan) for year in years],
                      color=colour, lw=1.6)
            for row in rows.itertuples():
                x, tried = row.survey_fy + shift, row.on_trial > 0
                axes.plot(x, row.upper, "o", ms=7, color=colour, mew=1.6,
                          mfc="white" if row.sources == 1 else colour, clip_on=False, zorder=3)
                place = (7, -5) if tried else (0, offset)
                axes.annotate(f"{row.upper:.0%}", (x, row.upper), ha="left" if tried else "center",
                              xytext=place, textcoords="offset points", fontsize=8.5,
                              va="top" if place[1] < 0 else "bottom", color=colour)
                if tried:
                    axes.plot(x, row.upper + row.on_trial, "_", ms=11, mew=2, color=colour)
                    axes.annotate(f"{row.upper + row.on_trial:.0%} with trials",
                                  (x, row.upper + row.on_trial), xytext=(-8, 0), va="center",
                                  textcoords="offset points", ha="right", fontsize=8.5,
                                  color=colour)
            first = rows.iloc[0]
            axes.annotate(technology, (first.survey_fy + shift, first.upper),
                          xytext=(-9, 0.4 * offset), textcoords="offset points", ha="right",
                          va="center", fontweight="bold", color=colour)
        axes.set_ylim(0.2, 1.12)
        axes.set_yticks([0.25, 0.5, 0.75, 1])
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(name, fontsize=10)
    panels[0].annotate("31 March\n2021", (2020.5, 0.22), xytext=(4, 0), fontsize=8.5,
                       textcoords="offset points", va="bottom")
    panels[-1].set_xlim(years[0] - 0.75, years[-1] + 0.5)
    panels[-1].set_xticks(years, [str(year) for year in years])
    panels[-1].set_xlabel("Fiscal year of the survey (hollow: a single source)")
    eve = data[data["survey_fy"] == 2020]["upper"]
    title(panels[0], f"Three months before the date, {eve.min():.0%} to {eve.max():.0%} of the "
                     "large bodies had introduced AI or RPA")
    words = "; ".join(
        f"{names[kind]}, {technology}: " + ", ".join(
            f"{r.survey_fy} {r.upper:.0%}" + (f" ({r.upper + r.on_trial:.0%} with trials)"
                                              if r.on_trial > 0 else "")
            for r in rows.itertuples())
        for (kind, technology), rows in data.groupby(["body_type", "technology"], sort=False))
    return Picture(figure, "Line chart of the share that had introduced AI or RPA, by fiscal year "
                   f"of the survey, with the date 31 March 2021 marked. {words}.",
                   data[["survey_fy", "reference_date", "technology", "body_type", "lower",
                         "upper", "on_trial", "sources", "source"]])


@picture
def classes_of_both_years(get) -> Picture:
    """Adoption by size class in 2023 beside the bounds that 2020's publication leaves."""
    rows = [{"technology": name, "class": words,
             "lower_2020": get(f"{t}.adoption-bound.{c}.free").lower,
             "upper_2020": get(f"{t}.adoption-bound.{c}.free").upper,
             "lower_2020_monotone": get(f"{t}.adoption-bound.{c}.monotone").lower,
             "upper_2020_monotone": get(f"{t}.adoption-bound.{c}.monotone").upper,
             "share_2023": get(f"since-2020.{t}.adoption.{c}").value}
            for t, name in (("ai", "AI"), ("rpa", "RPA")) for c, words in CLASS_LABELS.items()]
    data = pd.DataFrame(rows)
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH, 6.2), sharex=True)
    for axes, (name, group) in zip(panels, data.groupby("technology", sort=False)):
        colour = COLOURS[name]
        for y, row in enumerate(group.itertuples()):
            axes.barh(y, row.upper_2020 - row.lower_2020, left=row.lower_2020, height=0.5,
                      color=colour, alpha=0.18, lw=0)
            axes.barh(y, row.upper_2020_monotone - row.lower_2020_monotone, height=0.5,
                      left=row.lower_2020_monotone, color=colour, alpha=0.35, lw=0)
            axes.plot(row.share_2023, y, "D", ms=7, color=colour, clip_on=False, zorder=3)
            right = row.share_2023 < 0.85
            axes.annotate(f"{row.share_2023:.0%}", (row.share_2023, y), ha="left" if right else
                          "right", xytext=(8 if right else -8, 0), textcoords="offset points",
                          va="center", fontweight="bold", color=colour)
        axes.set_yticks(range(len(group)), group["class"])
        axes.set_ylim(len(group) - 0.5, -0.5)
        axes.set_title(f"{name}, municipalities by population", fontsize=10)
        axes.grid(False)
    panels[1].set_xlim(0, 1.02)
    panels[1].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panels[1].set_xlabel("Share that had adopted\n(diamond: 2023; bar: possible in 2020)")
    ends = data.set_index(["technology", "class"])["share_2023"]
    small, large = list(CLASS_LABELS.values())[0], list(CLASS_LABELS.values())[-1]
    title(panels[0], f"In 2023, {ends['AI', large]:.0%} of the largest municipalities had "
                     f"adopted AI, and {ends['AI', small]:.0%} of the smallest")
    words = "; ".join(
        f"{r.technology}, {r[2]}: 2023 {r.share_2023:.1%}, 2020 between {r.lower_2020:.0%} and "
        f"{r.upper_2020:.0%} (if monotone {r.lower_2020_monotone:.0%} to "
        f"{r.upper_2020_monotone:.0%})" for r in data.itertuples())
    return Picture(figure, "Adoption by size class: diamonds for 2023 over bars of the bounds for "
                   f"2020. {words}.", data)


@picture
def curves_of_both_years(curves: dict, intervals: pd.DataFrame, get) -> Picture:
    """Share adopted by population in 2020 and 2023, and where each curve passes one half.

    curves: technology to the DataFrame of results.curves_of_both_years. intervals: the table of
    results.adoption_2023.
    """
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH, 6.0), sharex=True)
    halves = {}
    for axes, (t, table) in zip(panels, curves.items()):
        name = t.upper()
        colour = COLOURS[name]
        axes.scatter(intervals["mean_size"], intervals[t] / intervals["bodies"], lw=0,
                     s=0.6 * intervals["bodies"], color=colour, alpha=0.45)
        halves[t] = {2020: get(f"{t}.half-adoption-population.municipal").value,
                     2023: get(f"since-2020.{t}.half-adoption-population").value}
        for year, group in table.groupby("year"):
            old = year == 2020
            axes.fill_between(group["population"], group["lower"], group["upper"], lw=0,
                              color=colour, alpha=0.15 if old else 0.3)
            axes.plot(group["population"], group["share"], color=colour, lw=1.8,
                      ls=(0, (4, 2)) if old else "-")
            half = halves[t][year]
            axes.plot([half, half], [0, 0.5], color=colour, lw=1, ls=":")
            axes.plot(half, 0.5, "o", color=colour, ms=6)
            axes.annotate(f"{year}\n{half:,.0f}", (half, 0.5), xytext=(6, -3) if old else (-6, 3),
                          textcoords="offset points", ha="left" if old else "right",
                          va="top" if old else "bottom", fontweight="bold", color=colour,
                          fontsize=9)
        axes.axhline(0.5, color="#8C8C8C", lw=0.8, zorder=0)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(name, fontsize=10)
        population_axis(axes, 500, 4_000_000, (1_000, 10_000, 100_000, 1_000_000))
    panels[-1].set_xlabel("Population in 2015 (logarithmic scale)\n"
                          "Dashed: 2020, estimated; line and dots: 2023, counted")
    title(panels[0], "The size at which half have adopted AI went from about "
                     f"{round(halves['ai'][2020], -3):,.0f} to "
                     f"{round(halves['ai'][2023], -3):,.0f} people")
    words = ". ".join(
        f"{t.upper()}: half had adopted at {halves[t][2020]:,.0f} people in 2020 and "
        f"{halves[t][2023]:,.0f} in 2023; " + "; ".join(
            f"{year}: " + ", ".join(f"{at.share:.0%} at {at.population:,.0f}" for at in
                                    group.iloc[::max(1, len(group) // 6)].itertuples())
            for year, group in table.groupby("year")) for t, table in curves.items())
    return Picture(figure, "Two charts of the share of municipalities that had adopted, by "
                   f"population, for 2020 and 2023. {words}.",
                   pd.concat([table.assign(technology=t.upper(), kind="curve")
                              for t, table in curves.items()]
                             + [pd.DataFrame({"year": 2023, "population": intervals["mean_size"],
                                              "share": intervals[t] / intervals["bodies"],
                                              "technology": t.upper(), "kind": "interval"})
                                for t in curves]))


@picture
def envelope(curves: pd.DataFrame, answers: pd.DataFrame, get) -> Picture:
    """Curves from counts and medians of 2023, with the answers that they were computed without.

    curves: technology, population, share, lower, upper. answers: technology, population, share,
    bodies. get: register.get.
    """
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH, 5.6), sharex=True)
    for axes, (key, name) in zip(panels, (("ai", "AI"), ("rpa", "RPA"))):
        line, dots = (frame[frame["technology"] == name] for frame in (curves, answers))
        axes.fill_between(line["population"], line["lower"], line["upper"], color=COLOURS[name],
                          alpha=0.25, lw=0)
        axes.plot(line["population"], line["share"], color=COLOURS[name], lw=2)
        axes.scatter(dots["population"], dots["share"], s=dots["bodies"] * 0.6, color=INK,
                     alpha=0.75, lw=0, zorder=3)
        axes.annotate(name, (0.03, 0.86), xycoords="axes fraction", fontweight="bold",
                      fontsize=12, color=COLOURS[name])
        axes.set_ylim(-0.03, 1.05)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("Had adopted")
    panels[0].annotate("from counts\nand medians", (300_000, 0.93), xytext=(0, -38),
                       textcoords="offset points", fontsize=9, color=COLOURS["AI"], ha="center")
    panels[0].annotate("dots: the answers,\ncounted afterwards", (1_250, 0.42), fontsize=9)
    population_axis(panels[1], curves["population"].min(), curves["population"].max())
    panels[1].set_xlabel("Population (logarithmic scale)")

    def at(id):
        return register.about(get(id).value)

    half = "half-adoption-population"
    title(panels[0], f"Counts and medians alone put the half-way population at "
                     f"{at(f'envelope.ai.{half}')} for AI and {at(f'envelope.rpa.{half}')} for "
                     f"RPA; all answers, at {at(f'envelope.ai.{half}.opened')} and "
                     f"{at(f'envelope.rpa.{half}.opened')}")
    points = (5_000, 30_000, 100_000, 300_000)
    words = "; ".join(
        f"{name} at {p:,} people: "
        f"{np.interp(np.log(p), np.log(line['population']), line['share']):.0%}"
        for name, line in curves.groupby("technology", sort=False) for p in points)
    data = pd.concat([curves.assign(kind="curve"), answers.assign(kind="answers")])
    return Picture(figure, "Two rising curves, for AI and RPA, of the share of municipalities that "
                   "had adopted by 2023, computed from counts and medians only, with 95 percent "
                   "bands; dots show the share counted in each of "
                   f"{len(answers) // 2} intervals of population. {words}.", data)


ROUTES = {"micro-data": "Every body's\nanswer", "slope": "Counts and\nmedians",
          "invented-together": "Invented for\nthe frame",
          "invented-apart": "Invented stage\nby stage"}


@picture
def routes_to_the_slope(get) -> Picture:
    """Odds ratios that different treatments of simulated surveys give, beside the true one.

    get: register.get.
    """
    truth = get("validation.ordered.odds-ratio.true").value
    rows = [(words, get(f"validation.ordered.{id}.odds-ratio")) for id, words in ROUTES.items()]
    routes = pd.DataFrame([{"route": words, "odds_ratio": row.value, "lower": row.lower,
                            "upper": row.upper} for words, row in rows])
    figure, axes = plt.subplots(figsize=(WIDTH, 2.9))
    colours = [COLOURS["grey"], COLOURS["green"], COLOURS["purple"], COLOURS["purple"]]
    for y, (row, colour) in enumerate(zip(routes.itertuples(), colours)):
        axes.plot([row.lower, row.upper], [y, y], color=colour, lw=5, alpha=0.45,
                  solid_capstyle="butt")
        axes.plot(row.odds_ratio, y, "o", color=colour, ms=7)
        axes.annotate(f"{row.odds_ratio:.2f}", (row.upper, y), xytext=(6, 0), va="center",
                      textcoords="offset points", fontsize=9, fontweight="bold", color=colour)
    axes.axvline(truth, color=INK, lw=1, ls=(0, (4, 3)), zorder=0)
    axes.annotate(f"true: {truth:.2f}", (truth, len(routes) - 0.6), xytext=(5, 0),
                  textcoords="offset points", fontsize=9)
    axes.set_yticks(range(len(routes)), routes["route"])
    axes.set_ylim(len(routes) - 0.3, -0.7)
    axes.set_xlim(1, max(routes["upper"].max(), truth) + 0.25)
    axes.grid(False)
    axes.set_xlabel("Odds ratio per doubling (bar: 95 % of the estimates)")
    made_up = routes["odds_ratio"].iloc[2:]
    title(axes, f"Invented micro-data give an odds ratio of {made_up.max():.1f} or "
                f"{made_up.min():.1f}; the true one is {truth:.1f}")
    words = "; ".join(f"{row.route}: {row.odds_ratio:.2f}, 95 percent of the estimates from "
                      f"{row.lower:.2f} to {row.upper:.2f}".replace("\n", " ")
                      for row in routes.itertuples())
    return Picture(figure, f"Dot plot of estimated odds ratios per doubling beside the true one, "
                   f"{truth:.2f}. {words}.", routes.assign(
                       route=routes["route"].str.replace("\n", " ")))
