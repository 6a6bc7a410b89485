"""The page "my town" in a browser: the same numbers as Python's, and kind to any input."""

import numpy as np
import pytest

from adoption import my_town

NAME = "chapters/my-town.html"
#: How an answer begins in each edition.
MUNICIPALITY = {"": "A municipality of {} people", "ja/": "人口{}人の市区町村は"}
in_both = pytest.mark.parametrize("edition", ["", "ja/"])


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


@pytest.mark.parametrize(
    "edition, smaller, rank",
    [
        ("", " is smaller than the median", "between rank"),
        ("ja/", "、2020年の導入済み団体の人口の中央値（AI 108,174人、RPA 102,374人）より小さい。", "1,741市区町村中"),
    ],
)
def test_address_with_a_population_is_answered_and_kept(visit, edition, smaller, rank):
    page = visit(f"{edition}{NAME}?population=24622")
    begins = MUNICIPALITY[edition].format
    assert page.inner_text("#town-answer").startswith(begins("24,622") + smaller)
    assert rank in page.inner_text("#town-answer")
    page.fill("#town-population", "9,557")
    page.press("#town-population", "Enter")
    assert page.inner_text("#town-answer").startswith(begins("9,557"))
    assert page.url.endswith("?population=9557")
    page.select_option("#town-example", index=1)
    assert page.inner_text("#town-answer").startswith(begins("2,560")) and "小値賀町" in page.inner_text(
        "#town-example"
    )


@in_both
def test_answer_says_what_the_static_table_says(visit, edition):
    """Percentages are rounded alike: outward for ranges, to the nearest for estimates."""
    for size in (5_000, 40_000, 300_000):
        page = visit(f"{edition}{NAME}?population={size}")
        text = page.inner_text("#town-answer")
        rows = [
            row
            for row in page.eval_on_selector_all(
                ".cell_output table tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
            )
            if row[0] == f"{size:,}"
        ]
        assert [row[1] for row in rows] == ["AI", "RPA"]
        for _, _, _, side, size_class, curve, later in rows:
            for ends in (side, size_class):
                assert ends.replace("\xa0–\xa0", " to ") in text, (size, ends)
            assert curve in text and later in text


@pytest.mark.parametrize(
    "edition, typed, answer",
    [
        ("", "24622", "24,622"),
        ("", " 24,622 ", "24,622"),
        ("", "２４，６２２人", "24,622"),
        ("", "24 622", "24,622"),
        ("", "0", "0"),
        ("", "007", "7"),
        ("", "24,622 people", "24,622"),
        ("", "Odai Town", "9,557"),
        ("", "odai", "9,557"),
        ("", "小値賀町", "2,560"),
        ("ja/", "２４，６２２人", "24,622"),
        ("ja/", "24、622", "24,622"),
        ("ja/", "3万", "30,000"),
        ("ja/", "２万４，６２２人", "24,622"),
        ("ja/", "3.5万人", "35,000"),
        ("ja/", "小値賀町", "2,560"),
        ("ja/", "宇陀", "31,105"),
    ],
)
def test_ways_to_type_a_number(visit, edition, typed, answer):
    page = visit(edition + NAME)
    page.fill("#town-population", typed)
    page.click("#my-town button")
    assert page.inner_text("#town-answer").startswith(MUNICIPALITY[edition].format(answer))
    assert page.inner_text("#town-problem") == ""


@pytest.mark.parametrize(
    "edition, typed, words",
    [
        ("ja/", "", "人口を入力してください。"),
        ("ja/", "－5", "負の数は入力できません"),
        ("ja/", "２４６２２．５", "整数を入力してください"),
        ("ja/", "大阪市", "「大阪市」は人口の数値ではなく"),
        ("ja/", "町", "1つに決まりません"),
        ("ja/", "9999万人", "を超える市区町村はありません"),
        ("", "", "Please type a population"),
        ("", "   ", "Please type a population"),
        ("", "-5", "cannot be negative"),
        ("", "−5", "cannot be negative"),
        ("", "24622.5", "whole number"),
        ("", "24.622", "whole number"),
        ("", "1,2,3", "is not a number"),
        ("", "Osaka", "“Osaka” is not a number of people, and not the name"),
        ("", "1e5", "is not a number"),
        ("", "<b>x</b>", "“<b>x</b>” is not a number"),
        ("", "99999999999999999999", "No municipality had"),
    ],
)
def test_nonsense_is_answered_kindly(visit, edition, typed, words):
    page = visit(edition + NAME)
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
    assert page.locator(".cell_output table tbody tr").count() == 12


@pytest.mark.parametrize(
    "edition, population, words",
    [
        # 13 in all, 12 more: 8,500 of 108,174 people.
        (
            "",
            8_500,
            "13 municipalities of this size, 12 more than one, are together as large as the median adopter of 2020 (one lacks 99,674 people)",
        ),
        ("", 0, "nobody lives here"),
        ("", 200_000, "not needed"),
        ("", 105_000, "is about as large as the median adopters of 2020 (AI 108,174, RPA 102,374)"),
        ("", 108_174, "this is the very median population of the adopters of AI"),
        ("", 500_000, "A municipality of 500,000 people is larger than the median adopters of 2020"),
        ("ja/", 8_500, "この規模の市区町村が13団体（あと12団体）集まれば"),
        ("ja/", 0, "人口がないため"),
        ("ja/", 105_000, "とほぼ同じ規模である"),
        ("ja/", 108_174, "2020年（確定）：AIの導入済み団体の人口の中央値そのものである。"),
        ("ja/", 500_000, "より大きい。2023年末には"),
    ],
)
def test_answers_in_words(visit, edition, population, words):
    page = visit(f"{edition}{NAME}?population={population}")
    assert words in page.inner_text("#town-answer") and page.messages == []


@in_both
def test_the_form_stands_above_everything(visit, edition):
    page = visit(edition + NAME, width=360)
    assert page.evaluate("document.querySelector('#town-population').getBoundingClientRect().bottom") < 600
