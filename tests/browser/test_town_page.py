"""The page "my town" in a browser: the same numbers as Python's, and kind to any input."""

import numpy as np
import pytest

from adoption import my_town

NAME = "chapters/my-town.html"


def flat(answer):
    """Numbers and words of an answer, from Python or from the browser, in one order."""
    if isinstance(answer, my_town.Answer):
        answer = answer._asdict()
    found = [*answer["rank"], answer["size_class"]]
    for t in ("ai", "rpa"):
        town = answer[t] if isinstance(answer[t], dict) else answer[t]._asdict()
        for key in my_town.Technology._fields:
            value = town[key]
            found += list(value) if isinstance(value, list | tuple) else [value]
    return found


def test_numbers_are_those_of_python(visit):
    page = visit(NAME)
    edges = [
        0,
        1,
        99,
        100,
        101,
        102_373,
        102_374,
        102_375,
        108_173,
        108_174,
        108_175,
        *(limit + step for limit in (10_000, 30_000, 50_000, 100_000, 200_000) for step in (-1, 0, 1)),
        my_town.payload()["largest"],
    ]
    sizes = sorted(
        {
            *edges,
            *(int(s) for s in np.geomspace(2, 3_500_000, 150)),
            *(population for _, population in my_town.examples()),
        }
    )
    found = page.evaluate(
        "sizes => { const data = JSON.parse(document.getElementById('town-data').textContent);"
        " return sizes.map(size => myTown.answer(data, size)); }",
        sizes,
    )
    for size, theirs in zip(sizes, found, strict=True):
        for ours, value in zip(flat(my_town.answer(size)), flat(theirs), strict=True):
            if isinstance(ours, float):
                assert value == pytest.approx(ours, rel=1e-9, abs=1e-12), size
            else:
                assert value == ours, size


def test_address_with_a_population_is_answered_and_kept(visit):
    page = visit(f"{NAME}?population=24622")
    assert page.inner_text("#town-answer").startswith("A municipality of 24,622 people is smaller than the median")
    assert "between rank" in page.inner_text("#town-answer")
    page.fill("#town-population", "9,557")
    page.press("#town-population", "Enter")
    assert page.inner_text("#town-answer").startswith("A municipality of 9,557 people")
    assert page.url.endswith("?population=9557")
    page.select_option("#town-example", label=[f"{name}: {population:,}" for name, population in my_town.examples()][0])
    assert page.inner_text("#town-answer").startswith(f"A municipality of {my_town.examples()[0][1]:,} people")


def test_answer_says_what_the_static_table_says(visit):
    """Percentages are rounded alike: outward for ranges, to the nearest for estimates."""
    for size in (1_000, 30_000, 200_000):
        page = visit(f"{NAME}?population={size}")
        text = page.inner_text("#town-answer")
        rows = [
            row
            for row in page.eval_on_selector_all(
                ".cell_output table tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
            )
            if row[0] == f"{size:,}"
        ]
        assert [row[1] for row in rows] == ["AI", "RPA"]
        for _, _, _, side, size_class, curve, later, _ in rows:
            for ends in (side, size_class):
                assert ends.replace(" – ", " to ") in text, (size, ends)
            assert curve in text and later in text


@pytest.mark.parametrize(
    "typed, answer",
    [
        ("24622", "24,622"),
        (" 24,622 ", "24,622"),
        ("２４，６２２人", "24,622"),
        ("24 622", "24,622"),
        ("0", "0"),
        ("007", "7"),
        ("24,622 people", "24,622"),
        ("Odai Town", "9,557"),
        ("odai", "9,557"),
        ("小値賀町", "2,560"),
    ],
)
def test_ways_to_type_a_number(visit, typed, answer):
    page = visit(NAME)
    page.fill("#town-population", typed)
    page.click("#my-town button")
    assert page.inner_text("#town-answer").startswith(f"A municipality of {answer} people")
    assert page.inner_text("#town-problem") == ""


@pytest.mark.parametrize(
    "typed, words",
    [
        ("", "Please type a population"),
        ("   ", "Please type a population"),
        ("-5", "cannot be negative"),
        ("−5", "cannot be negative"),
        ("24622.5", "whole number"),
        ("24.622", "whole number"),
        ("1,2,3", "is not a number"),
        ("Osaka", "“Osaka” is not a number of people, and not the name"),
        ("1e5", "is not a number"),
        ("<b>x</b>", "“<b>x</b>” is not a number"),
        ("99999999999999999999", "No municipality had"),
    ],
)
def test_nonsense_is_answered_kindly(visit, typed, words):
    page = visit(NAME)
    page.fill("#town-population", typed)
    page.click("#my-town button")
    assert words in page.inner_text("#town-problem")
    assert page.get_attribute("#town-population", "aria-invalid") == "true"
    assert not page.is_visible("#town-answer") and page.messages == []


def test_keyboard_alone_is_enough(visit):
    page = visit(NAME)
    page.focus("#town-population")
    page.keyboard.type("5000")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.inner_text("#town-answer").startswith("A municipality of 5,000 people")


def test_without_scripts_a_table_answers(visit):
    page = visit(NAME, java_script_enabled=False)
    assert not page.is_visible("#my-town")
    assert "needs JavaScript" in page.inner_text("article noscript")
    assert page.locator(".cell_output table tbody tr").count() == 20


@pytest.mark.parametrize(
    "population, words",
    [
        # 13 in all, 12 more: 8,500 of 108,174 people.
        (
            8_500,
            "13 municipalities of this size, 12 more than one, are together as large as the median adopter of 2020 (one lacks 99,674 people)",
        ),
        (0, "nobody lives here"),
        (200_000, "not needed"),
        (105_000, "is about as large as the median adopters of 2020 (AI 108,174, RPA 102,374)"),
        (108_174, "this is the very median population of the adopters of AI"),
        (500_000, "A municipality of 500,000 people is larger than the median adopters of 2020"),
    ],
)
def test_answers_in_words(visit, population, words):
    page = visit(f"{NAME}?population={population}")
    assert words in page.inner_text("#town-answer") and page.messages == []


def test_the_form_stands_above_everything(visit):
    page = visit(NAME, width=360)
    assert page.evaluate("document.querySelector('#town-population').getBoundingClientRect().bottom") < 600
