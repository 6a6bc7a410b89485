"""adoption.html_table: the width below which a table becomes cards."""

import pytest

from adoption import html_table


@pytest.mark.parametrize(
    "heads, row, kinds, needed",
    [
        (["A", "B"], ["a", "1"], ["text", "number"], 24),  # little: the first step
        (["A", "B"], ["x" * 14 + " y", "1" * 10], ["text", "number"], 28),
        (["A", "B"], ["<b>x</b>" * 20, "1" * 10], ["text", "number"], 34),  # one word, markup aside
        (["A"] * 4, ["1,234 – 5,678"] * 4, ["number"] * 4, 60),
        (["A"], ["人口" * 20], ["text"], 16),  # breaks anywhere
        (["スライドの"] * 4, ["1"] * 4, ["number"] * 4, 48),  # one phrase
        (["A"], ["人口" * 9], ["short"], 38),  # twice as wide as Latin letters
        (["A"], ["&lt;" * 30], ["number"], 32),
        (["A"] * 9, ["1" * 18] * 9, ["number"] * 9, 180),  # more than the last step
    ],
)
def test_cards_begin_where_the_table_does_not_fit(heads, row, kinds, needed):
    step = next((step for step in html_table.STEPS if step >= needed), html_table.STEPS[-1])
    assert html_table.cards_below(heads, [row], kinds) == step
    assert f'class="table-scroll cards-{step}"' in html_table.draw("C", heads, [row], kinds)


def test_rows_have_the_addresses_given():
    drawn = html_table.draw("C", ["A"], [["1"], ["2"]], ["number"], ids=["x.y", 'a"b'])
    assert '<tr id="x.y"><th scope="row" class="number" data-column="A">1</th></tr>' in drawn
    assert '<tr id="a&quot;b">' in drawn


@pytest.mark.parametrize(
    "cells, kind",
    [
        (["専門メディア", "a blog"], "short"),
        (["<a href='https://example.org'>short</a>", "a<br>b"], "short"),
        (["確定事実、検定による"], "text"),
        (["a sentence of words"], "text"),
    ],
)
def test_columns_of_few_letters_stay_on_one_line(cells, kind):
    assert html_table.kind_of(cells) == kind


def test_heads_break_between_phrases():
    drawn = html_table.draw("C", ["上回る側の割合", "A share"], [["1", "2"]], ["number"] * 2)
    assert "上回る<wbr>側の<wbr>割合</th>" in drawn and "A share</th>" in drawn
    assert 'data-column="上回る側の割合"' in drawn


def test_every_step_has_its_style():
    from pathlib import Path

    style = (Path(html_table.__file__).parents[1] / "_static/book.css").read_text(encoding="utf-8")
    assert all(
        f".cards-{step} {{ font-size: {step * (0.05 if step < 64 else 0.045):.2f}rem; }}" in style
        for step in html_table.STEPS
    )
