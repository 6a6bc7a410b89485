"""adoption.csvfile: one strict form of CSV, and what is said of any other."""

from pathlib import Path

import pytest

from adoption import csvfile

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ("a", "b")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.csv"


@pytest.mark.parametrize("text, rows", [("a,b\n1,2\n", [["1", "2"]]), ("a,b\n", []), ('a,b\n"1,5",\n', [["1,5", ""]])])
def test_the_form_is_read(file, text, rows):
    file.write_text(text, encoding="utf-8", newline="")
    assert csvfile.read(file, COLUMNS) == rows


@pytest.mark.parametrize(
    "text, place, words",
    [
        ("a,b\r\n1,2\r\n", "line 1, character 4", r"'\r\n1,2\r\n', expected '\n1,2\n'"),
        ("a,b\n1,2\r\n", "line 2, character 4", r"'\r\n', expected '\n'"),
        ("a,b\r1,2\r", "line 1, character 4", r"'\r1,2\r', expected '\n1,2\n'"),
        ("\ufeffa,b\n1,2\n", "header (line 1)", r"'\ufeffa,b', expected a,b; missing: a"),
        ("a,b\n1,2", "line 2, character 4", r"the end of the file, expected '\n'"),
        ('a,b\n"1",2\n', "line 2, character 1", """'"1",2\\n', expected '1,2\\n'"""),
        ("a,b\n1,2\n\n", "row 2 (line 3)", "an empty line, expected 2 cells"),
        ("a,b\n1,2\n\n\n", "row 2 (line 3)", "an empty line, expected 2 cells"),
        ("a,b\n\n1,2\n", "row 1 (line 2)", "an empty line, expected 2 cells"),
        ("\na,b\n1,2\n", "header (line 1)", "'', expected a,b"),
        ("", "header (line 1)", "'', expected a,b"),
        ("b,a\n1,2\n", "header (line 1)", "'b,a', expected a,b"),
        ("a\n1\n", "header (line 1)", "'a', expected a,b; missing: b"),
        ("a,b,c\n1,2,3\n", "header (line 1)", "'a,b,c', expected a,b; not expected: 'c'"),
        ("a;b\n1;2\n", "header (line 1)", "'a;b', expected a,b; missing: a, b"),
        ("a,b\n1\n", "row 1 (line 2)", "1 cells, expected 2 cells"),
        ('a,b\n1,"2\n', "line 2", "broken CSV"),
    ],
)
def test_any_other_form_is_refused_with_its_place(file, text, place, words):
    file.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(csvfile.DataError) as error:
        csvfile.read(file, COLUMNS)
    assert str(error.value).startswith(f"{file.parent.name}/x.csv, {place}: found {words}")
    assert "expected" in str(error.value)


def test_bytes_that_are_no_text(file):
    file.write_bytes("a,b\n市,2\n".encode("cp932"))
    with pytest.raises(csvfile.DataError, match=r"x.csv, line 2: found bytes b'\\x8e', expected"):
        csvfile.read(file, COLUMNS)


@pytest.mark.parametrize("text", ["", " 1", "1\u3000", "a\nb", "a\u200bb", "e\u0301", "\ue000"])
def test_words_are_legible(file, text):
    assert csvfile.words("住民 and residents", file, "here") == "住民 and residents"
    with pytest.raises(csvfile.DataError, match="x.csv, here: found .*, expected text of visible"):
        csvfile.words(text, file, "here")


def test_a_folder_in_place_of_a_file(file):
    file.mkdir()
    with pytest.raises(csvfile.DataError, match="x.csv: found Is a directory, expected a table"):
        csvfile.read(file, COLUMNS)


def test_numbers_are_finite_and_plain(file):
    for text in ("0", "-1.5", "12", "4.015e-47", "1e+300"):
        assert csvfile.number(text, file, "here") == float(text)
    for text in (
        "",
        "1e999",
        "-1e999",
        "nan",
        "inf",
        "1,5",
        " 1",
        "1 ",
        "+1",
        "01",
        "1.",
        ".5",
        "5E3",
        "5e3",
        "40.0",
        "１",
        "1_0",
    ):
        with pytest.raises(csvfile.DataError, match="x.csv, here: found .*, expected a number"):
            csvfile.number(text, file, "here")


def test_git_keeps_the_line_ends_everywhere(git):
    """A checkout on another system must not rewrite what is compared byte for byte."""
    names = ["data/errata.csv", "data/datapackage.json", "results/results.csv", "adoption/data.py"]
    assert git("check-attr", "eol", *names) == [f"{name}: eol: lf" for name in names]
