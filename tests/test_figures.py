"""adoption.figures: what a table and a figure put on the page."""

import io
import json

import IPython.display
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from adoption import figures, language
from adoption.figures import Link, plt


@pytest.fixture
def shown(monkeypatch):
    """What a function puts on the page, instead of a page."""
    outputs = []
    monkeypatch.setattr(IPython.display, "display", lambda *things, **more: outputs.append((things, more)))
    return outputs


def table(shown, frame, **options):
    figures.table(frame, caption="A caption", **options)
    [((drawn,), _)] = shown
    return BeautifulSoup(drawn.data, "html.parser")


def test_table_escapes_what_it_is_given(shown):
    frame = pd.DataFrame({"A <b>": ["<script>"], "B": ["a & b"]})
    figures.table(frame, caption="x < y")
    [((drawn,), _)] = shown
    assert "<script>" not in drawn.data and "&lt;script&gt;" in drawn.data
    assert "A &lt;b&gt;" in drawn.data and "a &amp; b" in drawn.data
    assert drawn.data.count("x &lt; y") == 2  # caption and name of the region


def test_table_cells_and_heads(shown):
    page = table(
        shown,
        pd.DataFrame(
            {
                "Name": ["a long name of a row", "b"],
                "Bodies": [1788, 3],
                "Share": ["12%", "3 – 4%"],
                "Value": [0.5, None],
                "Words": ["some more words than twelve letters", None],
            }
        ),
    )
    head, first, second = page.find_all("tr")
    assert [cell["scope"] for cell in head.find_all("th")] == ["col"] * 5
    assert [(cell.name, cell.get_text()) for cell in first.find_all(["th", "td"])] == [
        ("th", "a long name of a row"),
        ("td", "1,788"),
        ("td", "12%"),
        ("td", "0.5"),
        ("td", "some more words than twelve letters"),
    ]
    assert first.th["scope"] == "row"
    assert [cell.get_text() for cell in second.find_all("td")] == [
        "3",
        "3\u00a0–\u00a04%",
        "",
        "",
    ]  # a range stays on one line
    assert [cell["class"] for cell in first.find_all(["th", "td"])] == [
        ["text"],
        ["number"],
        ["number"],
        ["number"],
        ["text"],
    ]


def test_numbers_stand_to_the_right_where_some_are_missing(shown):
    page = table(shown, pd.DataFrame({"A": ["a", "b"], "B": ["94%", "–"], "C": ["–", "–"]}))
    assert [cell["class"] for cell in page.select("thead th")] == [["short"], ["number"], ["short"]]


@pytest.mark.parametrize("heads", [0, 1, 2])
def test_table_row_heads(shown, heads):
    page = table(shown, pd.DataFrame({"A": ["a"], "B": ["b"], "C": ["c"]}), row_heads=heads)
    assert len(page.select('tbody th[scope="row"]')) == heads


def test_table_with_links_and_lines(shown):
    page = table(
        shown,
        pd.DataFrame(
            {
                "A": ["plain"],
                "B": [Link("a < b", 'register.html#a."b"')],
                "C": [["first <i>", Link("second", "#c"), 1234]],
            }
        ),
    )
    _, link, lines = page.tbody.tr.find_all(["th", "td"])
    assert link.a.get_text() == "a < b" and link.a["href"] == 'register.html#a."b"'
    assert lines.get_text("|") == "first <i>|second|1,234" and len(lines.find_all("br")) == 2
    assert lines.a["href"] == "#c" and not lines.find("i")


def test_stacked_table_names_the_column_of_each_cell(shown):
    page = table(shown, pd.DataFrame({"A": ["a"], 'B "x"': ["b"]}), stacked=True)
    assert "stacked" in page.div["class"]
    assert [cell["data-column"] for cell in page.tbody.find_all(["th", "td"])] == ["A", 'B "x"']


def test_table_heads_and_formats(shown):
    frame = pd.DataFrame({"a": [0.123, 0.5], "b": ["x", "y"], "c": [1, 2]})
    page = table(shown, frame, heads={"b": "Name", "a": "Share"}, formats={"a": ".0%", "b": str.upper})
    cells = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.find_all("tr")]
    assert cells == [["Name", "Share"], ["X", "12%"], ["Y", "50%"]]
    assert frame["a"].tolist() == [0.123, 0.5], "the caller's table was changed"


def drawing():
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([1, 2], [3, 4])
    return figure


def test_show_gives_the_renderer_all_that_belongs_to_a_figure(shown):
    figures.show(
        drawing(),
        name="fig-x",
        alt="A line from 3 to 4.",
        caption="C",
        source="S",
        data=pd.DataFrame({"x": [1, 2], "y": [3.0, 1 / 3]}),
    )
    [((output,), more)] = shown
    assert more["raw"] and output["text/plain"] == "A line from 3 to 4."
    assert output["image/svg+xml"].lstrip().startswith("<?xml")
    details = more["metadata"]["image/svg+xml"]["figure"]
    assert details == {
        "name": "fig-x",
        "caption": "C",
        "source": "S",
        "alt": "A line from 3 to 4.",
        "csv": "x,y\n1,3\n2,0.3333333333\n",
    }
    json.dumps(details)


def test_svg_is_the_same_each_time_and_without_date():
    figure, again = drawing(), drawing()
    first, second = (figures.drawn(each, "svg") for each in (figure, again))
    assert first == second and b"<dc:date>" not in first
    plt.close(figure), plt.close(again)


@pytest.mark.parametrize(
    "low, high, ticks, labels",
    [
        (900, 2_000_000, None, ["1,000", "10,000", "100,000", "1 million"]),
        (900, 40_000, None, ["1,000", "3,000", "10,000", "30,000"]),
        (900, 2_000_000, (100, 5_000, 2_000_000), ["5,000", "2 million"]),
    ],
)
def test_population_axis_is_logarithmic_with_plain_labels(low, high, ticks, labels):
    figure, axes = plt.subplots()
    figures.population_axis(axes, low, high, ticks)
    assert [axes.xaxis.get_major_formatter()(tick) for tick in axes.get_xticks()] == labels
    assert axes.get_xscale() == "log"
    plt.close(figure)


def test_a_note_stands_beside_its_point():
    figure, axes = plt.subplots()
    figures.note(axes, "right", (1, 2)), figures.note(axes, "left", (1, 2), -6, 3)
    right, left = axes.texts
    assert (right.get_ha(), left.get_ha()) == ("left", "right")
    assert right.xyann == (6, 0) and left.xyann == (-6, 3)
    # No line strikes through it.
    assert [effect._gc["foreground"] for effect in right.get_path_effects()] == ["white"]
    plt.close(figure)


@pytest.mark.parametrize(
    "drawn, problem",
    [
        ({"fontsize": 8.5}, "found 8.5 points, expected at least 9.0"),
        ({"x": 1.5}, r"found it from \d+ to \d+ pixels, expected it between 0 and 400"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(drawn, problem):
    figure, axes = plt.subplots(figsize=(figures.WIDTH, 2))
    axes.text(**{"x": 0.1, "y": 0.5, "s": "a label", **drawn}, transform=axes.transAxes)
    with pytest.raises(ValueError, match=f"fig-x, text 'a label': {problem}"):
        figures.show(figure, name="fig-x", alt="", caption="", source="", data=pd.DataFrame())
    plt.close(figure)


def test_plain_texts_are_drawn_in_the_language_that_is_spoken(monkeypatch):
    """Axes, ticks, notes and the title; lines of a Japanese title are as wide as the figure."""
    said = {"Population": "人口", "few": "少", "a note": "注記", "A title": "人口" * 30}
    monkeypatch.setattr(language, "catalogue", lambda *edition: said)
    language.use("ja")
    try:
        figure, axes = plt.subplots(figsize=(figures.WIDTH, 3))
        axes.set_yticks([0, 1], ["few", "unknown"])
        axes.set_xlabel("Population")
        figures.note(axes, "a note", (0.5, 0.5))
        figures.title(axes, "A title")
        figures.translate(figure)
        figure.canvas.draw()
        assert [text.get_text() for text in axes.get_yticklabels()] == ["少", "unknown"]
        assert axes.get_xlabel() == "人口" and axes.texts[0].get_text() == "注記"
        lines = figure.get_suptitle().split("\n")
        assert "".join(lines) == "人口" * 30 and len(lines) == 3
        assert b"stroke-width: 200" in figures.drawn(figure, "svg")
        axes.set_axis_off()
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=300)
        thin, bold = (
            1 - plt.imread(io.BytesIO(png))[..., :3].mean() for png in (out.getvalue(), figures.drawn(figure, "png"))
        )
        assert bold > 1.1 * thin
        said["bold"] = "太字"
        note = axes.text(0, 0, "bold", fontweight="bold", path_effects=[figures.withStroke(linewidth=2)])
        figures.translate(figure)
        assert (note.get_fontweight(), len(note.get_path_effects())) == ("normal", 2)
        assert figures.wrap("「ある」、また。", 4).split("\n") == ["「あ", "る」、", "ま", "た。"]
        long = (
            "人口108,174人を上回る市区町村のAI導入率は2020年の46%～50%から2023年の95%～96%へ、下回る市区町村では42%へ"
        )
        lines = figures.wrap(long, 48).split("\n")
        assert "".join(lines) == long and lines[0].endswith("導入率は") and lines[1].endswith("へ、")
        assert figures.wrap("導入率の差は−24～+32", 16).split("\n") == ["導入率の差は", "−24～+32"]
        assert figures.wrap("差−24～+32", 8).split("\n") == ["差−24～", "+32"]
    finally:
        language.use("en")
        plt.close(figure)
