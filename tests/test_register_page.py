"""_ext/report_pages.py: the pages that only report, as tables that work without JavaScript."""

import changes
import citation
import pytest
import report_pages
from bs4 import BeautifulSoup
from small_book import ROWS, Book, notebook

from adoption import data, register

FACT, RANGE, TEST = ROWS


def page(tmp_path, text, **more):
    book = Book(tmp_path, {"index.md": f"# Title\n\n{text}\n"}, **more)
    warnings = [line for line in book.warnings.splitlines() if "found no cell" not in line]
    return BeautifulSoup(book.html["index.md"], "html.parser"), "\n".join(warnings)


@pytest.mark.parametrize(
    "result, text",
    [
        (FACT, "Result a.ratio: 5.516853933"),
        (RANGE, "Result a.share: 0.4655870445 – 0.5951417004"),
        (TEST, "Result a.test: 1, p = 0.0016"),
        (RANGE._replace(value=0.5), "Result a.share: 0.5 (0.4655870445 – 0.5951417004)"),
    ],
)
def test_what_is_cited_says_the_value(result, text):
    assert report_pages.cited(result) == text


def test_row_is_escaped_and_has_its_id():
    cells = [BeautifulSoup(cell, "html.parser") for cell in report_pages.register_row(FACT)]
    assert len(cells) == len(report_pages.REGISTER)
    assert [cell.get_text() for cell in cells[:5]] == ["A < b (ratio; all)", "5.52", "", "", "fact"]
    more = cells[5]
    assert more.details.summary and more.select_one("a.id")["href"] == "#a.ratio"
    assert more.select_one(".exact").get_text() == "5.516853933"
    assert "Source: S & T." in more.get_text()
    assert [a["href"] for a in more.find_all("a")][-1] == "chapter.html#cell-rates"


def test_register_has_every_result_once_in_order(tmp_path):
    chapter = notebook(("markdown", "title", "# What?"), ("code", "rates", "1"), ("code", "tests", "2"))
    pages = {"chapters/register.md": "# Register\n\n```{register}\n```\n", "chapters/chapter.ipynb": chapter}
    book = Book(tmp_path, pages)
    assert book.warnings == ""
    shown = BeautifulSoup(book.html["chapters/register.md"], "html.parser")
    assert [row["id"] for row in shown.tbody.find_all("tr")] == [row.id for row in ROWS]
    assert shown.caption.get_text() == "What? (3 results)" and shown.h2.get_text().startswith("What?")
    bar = shown.find(id="register-bar")
    assert bar["data-citation"] == citation.text(citation.book()._replace(url=""), "{part}")
    assert [a["href"] for a in shown.select("section > p > a")] == ["../results/results.csv", "../results/results.json"]


def test_changes_are_a_table_or_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(changes, "history", lambda version: [])
    shown, _ = page(tmp_path / "none", "```{changes}\n```")
    assert "no released number has changed" in shown.find("section").get_text()
    monkeypatch.setattr(changes, "history", lambda version: [("0.2.0", "a", "1", "2", "Why")])
    shown, _ = page(tmp_path / "some", "```{changes}\n```")
    assert [cell.get_text() for cell in shown.tbody.tr.find_all(["th", "td"])] == ["0.2.0", "a", "1", "2", "Why"]
    assert [head["scope"] for head in shown.find_all("th")] == ["col"] * 5 + ["row"] * 2


def test_a_change_without_a_reason_is_an_error(tmp_path, monkeypatch):
    def fail(version):
        raise data.DataError("changes.csv: found no row")

    monkeypatch.setattr(changes, "history", fail)
    assert "ERROR: changes.csv: found no row" in page(tmp_path, "```{changes}\n```")[1]


def test_codebook_describes_every_table(tmp_path):
    shown, warnings = page(tmp_path, "```{codebook}\n```")
    assert warnings == ""
    headings = [heading.contents[0] for heading in shown.find_all("h2")]
    assert headings == [data.describe(name)["title"] for name in data.names()]
    for section, name in zip(shown.select("section > section"), data.names(), strict=True):
        assert f"data/{name}.csv" in section.p.get_text() and "Licence:" in section.ul.get_text()
        fields = [row.th.get_text() for row in section.tbody.find_all("tr")]
        assert fields == list(data.load(name).columns)


def test_citation_of_a_part_and_of_a_number(tmp_path):
    shown, warnings = page(
        tmp_path, "```{citation} k-figure\n:figure: one#fig-a\n```\n\n```{citation} k-number\n:result: a.ratio\n```"
    )
    assert warnings == ""
    entries = [entry.get_text() for entry in shown.select(".citation pre")]
    assert len(entries) == 6 and "Figure fig-a" in entries[0]
    assert entries[1].startswith("@misc{k-figure,") and "N1  - Figure fig-a" in entries[2]
    assert all("Result a.ratio: 5.516853933" in entry for entry in entries[3:])
    shown, warnings = page(tmp_path / "wrong", "```{citation} k\n:result: a.rato\n```")
    assert "no result 'a.rato'" in warnings


def test_a_cited_number_makes_its_page_outdated(tmp_path):
    pages = {"index.md": "# T\n\n```{citation} k\n:result: a.ratio\n```\n"}
    assert Book(tmp_path, pages).read == ["index"] and Book(tmp_path, pages).read == []
    assert Book(tmp_path, pages, [FACT._replace(value=6.0), RANGE]).read == ["index"]


# --- p-values -------------------------------------------------------------------------------------


def test_every_p_value_of_the_register_is_under_one_question():
    """A new p-value needs a line in results/p-values.csv: what it bears on, and what corrects it."""
    results = list(register.read_file(register.PATH).values())
    questions = {question: under for question, _, under in report_pages.by_question(results)}
    assert [result.id for result in questions.pop(report_pages.UNSORTED, [])] == []
    listed = sorted(result.id for under in questions.values() for result in under)
    assert listed == sorted(result.id for result in results if result.p_value is not None)


LINES = "question,ids,correction\nHow?,a.t*,Holm.\n"


@pytest.mark.parametrize(
    "lines, under",
    [
        (LINES, "How?"),
        (LINES.replace("a.t*", "b.*"), report_pages.UNSORTED),
        (LINES.replace("a.t*", "b.* *.test"), "How?"),
        (LINES + "Again?,*.test,None.\n", report_pages.UNSORTED),
        (LINES + "Else?,z.*,None.\n", "How?"),
    ],
)
def test_a_p_value_under_no_question_or_two_is_unsorted(tmp_path, lines, under):
    (tmp_path / "p-values.csv").write_text(lines, encoding="utf-8")
    [(question, _, results)] = report_pages.by_question(ROWS, tmp_path / "p-values.csv")
    assert (question, [result.id for result in results]) == (under, ["a.test"])


def test_the_page_says_what_corrects_a_p_value(tmp_path, monkeypatch):
    (tmp_path / "p-values.csv").write_text(LINES, encoding="utf-8")
    monkeypatch.setattr(report_pages, "P_VALUES", tmp_path / "p-values.csv")
    monkeypatch.setattr(report_pages.by_question, "__defaults__", (tmp_path / "p-values.csv",))
    shown, warnings = page(tmp_path / "book", "```{p-values}\n```")
    assert not warnings and "What corrects them: Holm." in shown.get_text()
    [row] = shown.select("tbody tr")
    assert row.a["href"] == "register.html#a.test" and row.select("td")[0].get_text() == "0.0016"


def test_public_pages_that_a_source_names_are_links():
    pages = data.load("later-surveys")[["source", "source_url"]].drop_duplicates()
    (first, address), (second, other) = pages.iloc[[0, 5]].itertuples(index=False)
    row = FACT._replace(evidence="quoted", source=f"{first}; {second}; 2015 census")
    links = BeautifulSoup(report_pages.register_row(row)[5], "html.parser").find_all("a")[1:-1]
    assert [(link.get_text(), link["href"]) for link in links] == [(first, address), (second, other)]
