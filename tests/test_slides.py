"""A reader of slides 5 to 7 finds what they print in the tables, and every number on the pages.

What is printed is typed here once more, so that a table with new checksums is held against it.
"""

import re
import unicodedata
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from adoption import data

# Numbers of the two slides as printed, in the order of the text, without the slides' own number
# and the numbers of their headings. "5万" is 50,000.
PRINTED = {
    5: "2 100 0 39 8 0 19 1 11 1620 90 11 1678 99 1 0 0 2 1 4 7 20 15 10 21 19",
    7: "8 39 50,000 31 5 24 87,050 31,105 31,691 23,025 33,487 92,308 42,935 32,755 40,991 20,930 "
    "26,317 25,335 2,982 8",
}
PRINTED = {slide: [int(n.replace(",", "")) for n in text.split()] for slide, text in PRINTED.items()}
PAGES = {5: "joint-use", 7: "small-adopters"}

STATUS = [
    ("Prefectures", 0, 39, 8),
    ("Designated cities", 0, 19, 1),
    ("Other municipalities", 11, 1620, 90),
    ("All types", 11, 1678, 99),
]
FORMS = [
    ("Prefectures", 1, 0, 0),
    ("Designated cities", 2, 1, 4),
    ("Other municipalities", 7, 20, 15),
    ("All types", 10, 21, 19),
]
MEMBERS = {
    "大和郡山市": 87050,
    "宇陀市": 31105,
    "田原本町": 31691,
    "王寺町": 23025,
    "広陵町": 33487,
    "射水市": 92308,
    "魚津市": 42935,
    "滑川市": 32755,
    "黒部市": 40991,
    "上市町": 20930,
    "立山町": 26317,
    "入善町": 25335,
    "舟橋村": 2982,
}
ADOPTERS = """
長崎県 小値賀町 2,560 AI 議事録作成 実証中 共同利用
大分県 国東市 28,647 AI チャットボット 本運用 共同利用
北海道 富良野市 22,936 AI OCR 実証中 共同利用
三重県 大台町 9,557 AI OCR 実証中 県による導入推進
奈良県 宇陀市 31,105 AI チャットボット 本運用 県による導入推進
福島県 会津美里町 20,913 RPA - 本運用 国補助活用
富山県 舟橋村 2,982 RPA - 実証中 共同利用
"""
# Numbers in the sentences of each slide, as `numbers` reads them ("1087,174" is a misprint).
STATED = {4: "1 296 1087 174 5 713 8596 2 2 28 27", 5: "2 100", 6: "2 2 28 27", 8: "3", 9: "2", 10: "100"}
TRANSLATED = {4: "2019 296 1 1087 174 713 5 8596 28 2020 2015", 5: "100 2020", 6: "28 2020 2015", 9: "2020", 10: "100"}
# Fewest bodies between a pair whose mean is the median: AI, then RPA, stage by stage.
BETWEEN = [116, 3, 7, 35, 19, 0, 20, 14, 4, 16]
# Adopters of 2023 on the dashboard: AI, RPA, both.
DASHBOARD = {"prefecture": (47, 44, 44), "designated_city": (20, 20, 20), "other_municipality": (859, 700, 567)}
KINDS = {
    "Prefectures": "prefecture",
    "Designated cities": "designated_city",
    "Other municipalities": "other_municipality",
    "All types": "total",
}


def numbers(text):
    """All whole numbers in a text, full-width digits, separators and 万 understood."""
    text = unicodedata.normalize("NFKC", text)
    found = re.findall(r"(\d{1,3}(?:,\d{3})+|\d+)(万?)", text)
    return [int(digits.replace(",", "")) * (10_000 if man else 1) for digits, man in found]


def slide_text(shared, slide):
    """One slide's text after its heading, which starts with the numbers of slide and section."""
    text = (shared / "source" / "mic-2020-ai-rpa-slides.txt").read_text(encoding="utf-8")
    starts = [m.start() for m in re.finditer(r"(?m)^\f?\s*\d+[(（][1-3１-３][)）]", text)]
    pages = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], None])]
    [page] = [page for page in pages if page.startswith(f"{slide}(")]
    return page.split("\n", 1)[1]


@pytest.mark.parametrize("slide", PRINTED)
def test_the_list_of_printed_numbers_is_the_slide(shared, slide):
    found = numbers(slide_text(shared, slide))
    assert Counter(found) == Counter(PRINTED[slide])


def test_reading_of_numbers():
    assert numbers("人口5万人未満が31 87,050人 令和２年 1620 1,2") == [50000, 31, 87050, 2, 1620, 1, 2]


def data_numbers(slide):
    if slide == 5:
        yield from data.load("rpa-joint-use-status").bodies
        yield from data.load("ai-joint-use-form").bodies
        for text in data.load("statements").query("slide == 5").text_ja:
            yield from numbers(text)
    else:
        yield from data.load("consortium-members").population
        yield from data.load("consortium-figures").query("consortium == 'toyama'").value
        for text in data.load("consortium-notes").text_ja:
            yield from numbers(text)


@pytest.mark.parametrize("slide", PRINTED)
def test_tables_hold_each_number_as_often_as_the_slide(slide):
    """Slide 7 prints the eight of Toyama in a heading too: consortium-figures stands for it."""
    assert Counter(int(n) for n in data_numbers(slide)) == Counter(PRINTED[slide])


def test_figures_of_the_consortia_are_those_of_the_text():
    stated = data.load("consortium-figures").set_index(["consortium", "figure"]).value.to_dict()
    assert stated == {
        ("nara", "municipalities_in_prefecture"): 39,
        ("nara", "municipalities_under_50000"): 31,
        ("nara", "member_municipalities"): 5,
        ("toyama", "member_municipalities"): 8,
    }


@pytest.mark.parametrize(
    "name, column, answers, printed",
    [
        ("rpa-joint-use-status", "status", ("implementing", "no_plan", "considering"), STATUS),
        ("ai-joint-use-form", "form", ("jointly_built_system", "jointly_contracted_service", "other"), FORMS),
    ],
)
def test_data_tables_hold_each_printed_cell(name, column, answers, printed):
    cells = data.load(name).set_index(["body_type", column]).bodies
    for kind, *row in printed:
        assert [cells[KINDS[kind], answer] for answer in answers] == row


def test_members_have_their_printed_population():
    assert data.load("consortium-members").set_index("member_ja").population.to_dict() == MEMBERS


def test_small_adopters_are_the_printed_rows():
    table = data.load("small-adopters").fillna({"application_ja": "-"})
    shown = table.assign(population=table.population.map("{:,}".format))[
        ["prefecture_ja", "body_ja", "population", "technology", "application_ja", "phase_ja", "driver_ja"]
    ]
    assert [" ".join(row) for row in shown.itertuples(index=False)] == ADOPTERS.split("\n")[1:-1]


def test_small_adopters_are_the_slide(shared):
    """The dump has the same rows, without space between prefecture and body, in its own order."""
    text = "".join(slide_text(shared, 6).split()).replace("(", "").replace(")", "")
    for row in ADOPTERS.split("\n")[1:-1]:
        assert row.replace(" ", "").replace("-", "") in text


@pytest.mark.parametrize("column, stated", [("text_ja", STATED), ("text_en", TRANSLATED)])
def test_sentences_hold_the_printed_numbers(column, stated):
    sentences = data.load("statements").groupby("slide")[column].agg(" ".join)
    assert {slide: " ".join(map(str, numbers(text))) for slide, text in sentences.items() if numbers(text)} == stated


def test_derived_tables_hold_what_their_sources_gave():
    assert data.load("median-neighbours").bodies_between.tolist() == BETWEEN
    adopters = data.load("adoption-2023-by-size").groupby("kind")[["ai", "rpa", "both"]].sum()
    assert dict(zip(adopters.index, map(tuple, adopters.to_numpy()), strict=True)) == DASHBOARD


@pytest.fixture(scope="session")
def article(html):
    def parse(slide):
        text = (html / "chapters" / f"{PAGES[slide]}.html").read_text(encoding="utf-8")
        return BeautifulSoup(text, "html.parser").find("article", class_="bd-article")

    return parse


def table_of(article, caption):
    """Header and rows of the only table whose caption starts so."""
    [table] = [t for t in article.select("table") if t.caption and t.caption.get_text().startswith(caption)]
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]


@pytest.mark.parametrize("slide", PRINTED)
def test_page_shows_every_number(article, slide):
    shown = set()
    for text in article(slide).stripped_strings:
        shown.update(numbers(text))
    assert set(PRINTED[slide]) <= shown


@pytest.mark.parametrize(
    "caption, heads, printed",
    [
        ("Joint use of RPA: status", ("実施中", "実施予定なし", "検討中"), STATUS),
        ("Joint use of AI: answers", ("built", "contracted", "Other"), FORMS),
    ],
)
def test_page_shows_the_tables_of_slide_5(article, caption, heads, printed):
    header, *rows = table_of(article(5), caption)
    places = [next(i for i, text in enumerate(header) if head in text) for head in heads]
    shown = [(row[0], *(int(row[i].replace(",", "")) for i in places)) for row in rows]
    assert shown == printed


def test_page_shows_the_members_of_slide_7(article):
    _, *rows = table_of(article(7), "Members of the two consortia")
    shown = {re.search(r"\((.*)\)", member)[1]: int(people.replace(",", "")) for _, member, people, *_ in rows}
    assert shown == MEMBERS


def test_page_shows_tasks_and_notes_as_printed(article):
    prose = article(7).get_text()
    for name, columns in (("consortium-tasks", ("area_ja", "task_ja")), ("consortium-notes", ("text_ja", "text_en"))):
        for column in columns:
            for text in data.load(name)[column]:
                assert text in prose, text


def test_every_barrier_and_direction_is_discussed(html):
    """The page quotes each barrier and says for each what the evidence adds."""
    text = (html / "chapters" / "barriers-and-guidebooks.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser").find("article", class_="bd-article")
    headings = [strong.get_text().lower() for strong in page.find_all("strong")]
    for row in data.load("barriers").itertuples():
        wording = re.sub(r"^(the|a|it is) ", "", row.text_en).lower()
        assert sum(wording in heading and f"slide {row.slide}" in heading for heading in headings) == 1, row.text_en
    for name, column in (
        ("directions", "text_ja"),
        ("guidebook-problems", "problem_ja"),
        ("guidebook-contents", "item_ja"),
        ("guidebook-readers", "text_ja"),
    ):
        for printed in data.load(name)[column]:
            assert printed in page.get_text(), printed
