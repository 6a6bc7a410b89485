"""adoption.register: recording in a chapter, collecting afterwards, comparing and reading."""

import json

import numpy as np
import pandas as pd
import pytest

from adoption import register
from adoption.csvfile import DataError

HEADER = ",".join(register.COLUMNS) + "\n"
FAMILIES = """template,unit,label,evidence,base,source
{t}.bodies.{base},bodies,bodies of {t} by {how},fact,{base},S
{t}.rate,fraction,{t}: rate,fact or range,B,S
{t}.ends,people,{t}: ends,interval,B,S
{t}.bound,fraction,{t}: bound,bound,B,S
{t}.test,p-value,{t}: test,test,B,S
{t}.told,fraction,{t}: told,quoted,B,S
total,bodies,Total,fact,B,S
"""
WORDS = "place,value,words\nt,ai,AI\nbase,all,all bodies\n"


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """Families and words of a small book, and no register yet."""
    for name, file, text in (
        ("FAMILIES", "families.csv", FAMILIES),
        ("WORDS", "words.csv", WORDS),
        ("PATH", "results.csv", None),
    ):
        monkeypatch.setattr(register, name, tmp_path / file)
        if text:
            (tmp_path / file).write_text(text, encoding="utf-8")
    caches = register.families, register._words
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()


# --- recording ------------------------------------------------------------------------------------


def numbers(rows):
    return {row["id"]: tuple(row[name] for name in register.NUMBERS) for row in rows}


def test_a_row_for_each_row_of_the_table():
    table = pd.DataFrame({"t": ["ai", "rpa"], "lower": [0.25, 1e-9], "upper": [0.5, 1], "note": "N"})
    rows = register.rows_of("{t}.ends", table)
    assert numbers(rows) == {"ai.ends": ("", "0.25", "0.5", ""), "rpa.ends": ("", "1e-09", "1", "")}
    assert rows[0]["codes"] == {"t": "ai", "note": "N"}


def test_the_only_numeric_column_is_the_value_and_index_levels_are_columns():
    index = pd.MultiIndex.from_tuples([("ai", "all"), ("ai", "no_plan")], names=["t", "base"])
    rows = register.rows_of("{t}.bodies.{base}", pd.DataFrame({"bodies": [3, 4]}, index))
    # An underscore in a place is a hyphen in the id.
    assert numbers(rows) == {"ai.bodies.all": ("3", "", "", ""), "ai.bodies.no-plan": ("4", "", "", "")}
    assert rows[1]["codes"] == {"t": "ai", "base": "no_plan"}


def test_a_numeric_place_is_not_the_value():
    rows = register.rows_of("{t}.bodies.{base}", pd.DataFrame({"t": ["ai"], "base": [2], "rate": [0.123456789012]}))
    assert numbers(rows) == {"ai.bodies.2": ("0.123456789", "", "", "")}


def test_a_dict_is_a_single_row():
    assert numbers(register.rows_of("total", {"value": np.int64(1788)})) == {"total": ("1788", "", "", "")}
    assert numbers(register.rows_of("{t}.ends", {"t": "ai", "value": None, "lower": 1, "upper": 2})) == {
        "ai.ends": ("", "1", "2", "")
    }


def test_a_cell_left_empty_on_purpose_is_none_or_na():
    table = pd.DataFrame({"t": ["ai", "rpa"], "value": pd.array([1, None], dtype="Int64")})
    assert numbers(register.rows_of("{t}.rate", table))["rpa.rate"] == ("", "", "", "")


@pytest.mark.parametrize(
    "template, table, words",
    [
        (
            "{t}.rates",
            {"t": "ai", "value": 1},
            "template '{t}.rates': found no such line in families.csv, expected one (nearest: {t}.rate",
        ),
        ("{t}.rate", {"value": 1}, "{t}.rate: found no column t, expected one for each place"),
        (
            "{t}.rate",
            {"t": "ai", "a": 1, "b": 2},
            "{t}.rate: found the numeric columns ['a', 'b'], expected one, or columns named value, lower",
        ),
        ("{t}.rate", {"t": "ai"}, "{t}.rate: found the numeric columns [], expected one"),
        ("{t}.rate", pd.DataFrame({"t": [], "value": []}), "found a table without rows"),
        ("{t}.rate", {"t": "ai", "value": float("nan")}, "result ai.rate, value: found nan, expected"),
        ("{t}.ends", {"t": "ai", "lower": 1, "upper": np.inf}, "ai.ends, upper: found inf, expected"),
        ("{t}.rate", {"t": "ai", "value": "half"}, "result ai.rate, value: found half, expected a num"),
        (
            "{t}.rate",
            pd.DataFrame({"t": ["ai", None], "value": 1}),
            "{t}.rate: found an empty cell in column t, expected a word in each place",
        ),
        ("{t}.rate", {"t": "A I", "value": 1}, "found the id 'A I.rate', expected lower-case letters"),
        (
            "{t}.ends",
            {"t": "ai", "lower": None, "upper": None},
            "result ai.ends: found no number, expected at least one",
        ),
    ],
)
def test_what_is_no_result_is_refused(template, table, words):
    with pytest.raises(ValueError) as error:
        register.rows_of(template, table)
    assert words in str(error.value)


def test_record_says_what_it_recorded_and_attaches_it(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw, metadata: shown.append((data, metadata)))
    register.record("{t}.rate", pd.DataFrame({"t": list("abcdefghijklmn"), "value": 1.0}))
    [(data, metadata)] = shown
    lines = data["text/plain"].splitlines()
    assert lines[:2] == ["14 results", "a.rate  1"]
    assert lines[-2:] == ["l.rate  1", "… and 2 more"]
    assert metadata["adoption"]["template"] == "{t}.rate"
    assert len(metadata["adoption"]["rows"]) == 14
    json.dumps(metadata)


def test_a_statistic_beside_its_p_value_is_not_lost():
    with pytest.raises(ValueError, match="found a p-value beside rho, expected the test's stat"):
        register.rows_of("{t}.test", {"t": "ai", "rho": -1.0, "p_value": 0.01})


def test_a_recorded_row_in_words():
    row = {"id": "x", "value": "1", "lower": "0.5", "upper": "2", "p_value": "0.01"}
    assert register._in_words(row) == "x  1  0.5 – 2  p = 0.01"


def test_words_of_a_place():
    assert register.words("t") == {"ai": "AI"}


# --- collecting -----------------------------------------------------------------------------------

BASIC = [
    ("{t}.bodies.{base}", {"t": "ai", "base": "all", "how": "count", "value": 3}),
    ("{t}.rate", {"t": "ai", "value": 0.5}),
    ("{t}.ends", {"t": "ai", "value": 2, "lower": 1, "upper": 3}),
    ("{t}.bound", {"t": "ai", "lower": 0, "upper": 1}),
    ("{t}.test", {"t": "ai", "p_value": 0.01}),
    ("{t}.told", {"t": "ai", "lower": 0.5, "upper": 0.5}),
    ("total", {"value": 4}),
]


def output(template, table):
    rows = register.rows_of(template, table)
    return {"output_type": "display_data", "data": {}, "metadata": {"adoption": {"template": template, "rows": rows}}}


def notebook(folder, name, outputs, count=1):
    """An executed notebook with an empty cell, a text, and one cell named `cell`."""
    cells = [
        {"cell_type": "markdown", "id": "text", "source": ["Text"]},
        {"cell_type": "code", "id": "empty", "source": [], "execution_count": None, "outputs": []},
        {"cell_type": "code", "id": "cell", "source": ["1"], "execution_count": count, "outputs": list(outputs)},
    ]
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")


def collected(folder, *recorded, name="one"):
    notebook(folder, name, [output(*each) for each in recorded])
    return {result.id: result for result in register.collect(folder)}


def test_collected_rows_have_the_words_of_their_family(tmp_path):
    results = collected(tmp_path, *BASIC)
    assert list(results) == sorted(results)
    assert results["ai.bodies.all"] == register.Result(
        "ai.bodies.all",
        3,
        None,
        None,
        None,
        "bodies",
        "Bodies of AI by count",
        "fact",
        "all bodies",
        "S",
        "one",
        "cell",
    )
    assert results["ai.test"].p_value == 0.01 and results["ai.rate"].evidence == "fact"


def test_a_range_of_no_width_is_a_fact(tmp_path):
    def rate(**ends):
        rows = [each for each in BASIC if each[0] != "{t}.rate"]
        row = collected(tmp_path, *rows, ("{t}.rate", {"t": "ai", **ends}))["ai.rate"]
        return row.evidence, row.value, row.lower, row.upper

    assert rate(lower=0.5, upper=0.5) == ("fact", 0.5, None, None)
    assert rate(lower=0.4, upper=0.5) == ("range", None, 0.4, 0.5)
    assert rate(value=0.5) == ("fact", 0.5, None, None)


def test_what_pages_quote_is_a_value_or_two_ends_where_they_disagree(tmp_path):
    def told(**ends):
        rows = [each for each in BASIC if each[0] != "{t}.told"]
        row = collected(tmp_path, *rows, ("{t}.told", {"t": "ai", **ends}))["ai.told"]
        return row.evidence, row.value, row.lower, row.upper

    assert told(lower=0.5, upper=0.5) == told(value=0.5) == ("quoted", 0.5, None, None)
    assert told(lower=0.4, upper=0.5) == ("quoted", None, 0.4, 0.5)


@pytest.mark.parametrize(
    "template, row, words",
    [
        ("{t}.told", {"t": "ai", "value": 1, "p_value": 0.5}, "expected a value, or two ends for evidence quoted"),
        ("{t}.told", {"t": "ai", "value": 1, "lower": 1, "upper": 2}, "expected a value, or two ends for evidence"),
        ("{t}.told", {"t": "ai", "lower": 1}, "expected a value, or two ends for evidence quoted"),
        ("total", {"value": 1, "p_value": 0.5}, "expected a value alone for evidence fact"),
        (
            "{t}.rate",
            {"t": "ai", "value": 1, "lower": 1, "upper": 2},
            "result ai.rate: found value 1.0, lower 1.0, upper 2.0, p_value None, expected two ends for",
        ),
        ("{t}.bound", {"t": "ai", "lower": 1}, "expected two ends for evidence bound"),
        ("{t}.ends", {"t": "ai", "value": 1, "lower": 1}, "expected two ends for evidence interval"),
        ("{t}.test", {"t": "ai", "value": 1}, "expected a p-value for evidence test"),
        ("{t}.test", {"t": "ai", "p_value": 1.5}, "column p_value: found 1.5, expected a number from"),
        ("{t}.bound", {"t": "ai", "lower": 1, "upper": 0}, "lower and upper: found 1 and 0, expected"),
        (
            "{t}.bodies.{base}",
            {"t": "ai", "base": "all", "value": 3},
            "{how} in 'bodies of {t} by {how}', expected a column that was recorded",
        ),
    ],
)
def test_numbers_that_are_not_what_the_family_says(tmp_path, template, row, words):
    others = [each for each in BASIC if each[0] != template]
    with pytest.raises(DataError) as error:
        collected(tmp_path, *others, (template, row))
    assert words in str(error.value)
    assert "chapters/one.ipynb" in str(error.value) and "cell" in str(error.value)


def test_an_id_recorded_twice(tmp_path):
    notebook(tmp_path, "two", [output("total", {"value": 4})])
    with pytest.raises(
        DataError,
        match="chapters/two.ipynb, cell cell: found result total again, "
        "first recorded in chapters/one.ipynb, cell cell",
    ):
        collected(tmp_path, *BASIC)


def test_a_template_that_no_chapter_uses(tmp_path):
    with pytest.raises(DataError, match=r"column template: found total, \{t\}.told, which no chap"):
        collected(tmp_path, *BASIC[:-2])


@pytest.mark.parametrize(
    "outputs, count, words",
    [
        (
            [{"output_type": "stream", "name": "stderr", "text": ["UserWarning: x"]}],
            1,
            "cell cell: found this on stderr, expected nothing:\nUserWarning: x",
        ),
        ([{"output_type": "error", "traceback": ["ValueError: y"]}], 1, "ValueError: y"),
        ([], None, "cell cell: found it not executed, expected a notebook that ran to its end"),
    ],
)
def test_a_chapter_that_did_not_run_cleanly(tmp_path, outputs, count, words):
    notebook(tmp_path, "one", outputs, count)
    with pytest.raises(DataError) as error:
        register.collect(tmp_path)
    assert str(error.value).startswith("chapters/one.ipynb") and words in str(error.value)


def test_rows_of_a_chapter_that_waits_stay(tmp_path):
    """As far as no other records them; and those of one that has run are what it recorded."""
    before = collected(tmp_path, *BASIC)
    old = {id: row._replace(chapter="waits", label="old") for id, row in before.items()}
    old["gone"] = before["total"]._replace(id="gone", chapter="deleted")
    (tmp_path / "chapters").mkdir()
    notebook(tmp_path / "chapters", "waits", [], count=None)
    notebook(tmp_path, "one", [output("total", {"value": 5})])
    found = {row.id: row for row in register.collect(tmp_path, old, ["chapters/waits.ipynb"])}
    del old["gone"]
    assert found == old | {"total": before["total"]._replace(value=5.0)}
    with pytest.raises(DataError, match="chapters/waits.ipynb, cell cell: found it not executed"):
        register.collect(tmp_path, old)
    notebook(tmp_path / "chapters", "waits", [])
    with pytest.raises(DataError, match="which no chapter records"):
        register.collect(tmp_path, old, ["chapters/waits.ipynb"])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"metadata": {}}'])
def test_a_file_that_is_no_notebook(tmp_path, text):
    (tmp_path / "one.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="chapters/one.ipynb: found no whole notebook, expected an"):
        register.collect(tmp_path)


def test_a_template_without_its_line_any_more(tmp_path, small):
    recorded = output("total", {"value": 4})
    (small / "families.csv").write_text(FAMILIES.replace("total,", "sum,"), encoding="utf-8")
    register.families.cache_clear()
    notebook(tmp_path, "one", [recorded])
    with pytest.raises(DataError, match="result total: found no line for total, expected one"):
        register.collect(tmp_path)


@pytest.mark.parametrize(
    "name, old, new, words",
    [
        ("families.csv", "total,", "{t}.rate,", "row 7 (line 8), column template: found {t}.rate a"),
        ("families.csv", "fact or range", "facts", "column evidence: found 'facts', expected one of"),
        ("families.csv", "people", "", "row 3 (line 4), column unit: found an empty cell"),
        ("words.csv", "base,all,", "t,ai,", "row 2 (line 3): found t ai again, expected each once"),
    ],
)
def test_families_and_words_are_read_strictly(tmp_path, small, name, old, new, words):
    text = (small / name).read_text(encoding="utf-8").replace(old, new, 1)
    (small / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        register.families(), register.words("t")
    assert f"{name}, " in str(error.value) and words in str(error.value)


# --- comparing, writing, reading ------------------------------------------------------------------


def result(id="a", **more):
    return register.Result(
        **{name: None for name in register.NUMBERS}
        | {
            "id": id,
            "unit": "U",
            "label": "L",
            "evidence": "fact",
            "base": "B",
            "source": "S",
            "chapter": "c",
            "cell": "k",
            "value": 1.0,
        }
        | more
    )


def test_differences_are_named_with_id_old_new_chapter_and_cell():
    old = {row.id: row for row in (result("a"), result("b"), result("c"), result("d", lower=0.0))}
    new = {row.id: row for row in (result("a", value=1 + 1e-7), result("b", value=1 + 1e-5), result("d"), result("e"))}
    assert register.compare(old, new) == [
        "b: value was 1.0, is 1.00001 (chapters/c.ipynb, cell k)",
        "c: gone; it was recorded by chapters/c.ipynb, cell k",
        "d: lower was 0.0, is None (chapters/c.ipynb, cell k)",
        "e: new, recorded by chapters/c.ipynb, cell k",
    ]
    assert register.compare({"a": result()}, {"a": result(label="M", cell="j")}) == [
        "a: label was 'L', is 'M' (chapters/c.ipynb, cell j)",
        "a: cell was 'k', is 'j' (chapters/c.ipynb, cell j)",
    ]


def test_what_is_written_is_read_again(small):
    rows = [result("a", value=1 / 3, p_value=1e-300), result("b", value=None, lower=-1.0, upper=2e9)]
    register.PATH.write_text(register.to_csv(rows), encoding="utf-8")
    read = register.read_file(register.PATH)
    assert read["a"] == rows[0]._replace(value=0.3333333333)
    assert read["b"] == rows[1]
    assert register.to_csv(read.values()) == register.to_csv(rows)


ROWS = "a.b,0.5,,,0.01,fraction,A b,test,all,S,f,c\na.c,,1,2,,bodies,A c,range,all,S,f,c\n"


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("label,", "title,", "missing: label; not expected: 'title'"),
        (",c\na.c", "\na.c", "row 1 (line 2): found 11 cells, expected 12 cells"),
        (",0.5,", ",0.5%,", "row 1 (line 2), column value: found '0.5%', expected a number"),
        (",0.5,", ",1e999,", "column value: found '1e999'"),
        (",0.01,", ",1.01,", "row 1 (line 2), column p_value: found 1.01, expected a number from 0 to"),
        (",1,2,", ",2,1,", "row 2 (line 3), columns lower and upper: found 2 and 1, expected a lower"),
        (",range,", ",ranges,", "row 2 (line 3), column evidence: found 'ranges', expected one of"),
        (",fraction,", ",,", "row 1 (line 2), column unit: found an empty cell, expected text"),
        ("a.c,", "a.a,", "row 2 (line 3), column id: found a.a, expected an id after a.b"),
        ("a.c,", "a.b,", "row 2 (line 3), column id: found a.b, expected an id after a.b"),
        (ROWS, "", "rows: found 0 rows, expected at least one"),
    ],
)
def test_a_damaged_register_is_refused_with_its_place(tmp_path, old, new, words):
    path = tmp_path / "register.csv"
    assert old in HEADER + ROWS
    path.write_text((HEADER + ROWS).replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as error:
        register.read_file(path)
    assert "register.csv, " in str(error.value) and words in str(error.value)


def test_a_missing_register_is_named(tmp_path):
    with pytest.raises(DataError, match="results.csv: found no such file, expected a table"):
        register.read_file(tmp_path / "results.csv")


@pytest.fixture
def known(monkeypatch):
    register.PATH.write_text(HEADER + ROWS, encoding="utf-8")
    read = register.read_file.__wrapped__  # without its memory
    monkeypatch.setattr(register, "read_file", lambda: read(register.PATH))


def test_a_result_by_its_id(known):
    assert register.get("a.b")[:5] == ("a.b", 0.5, None, None, 0.01)
    assert register.get("a.c")[:5] == ("a.c", None, 1.0, 2.0, None)
    with pytest.raises(KeyError, match=r"no result 'a.d' in results.csv; nearest: a\.[bc], a"):
        register.get("a.d")


def test_the_whole_register_as_a_table(known):
    table = register.read()
    assert table.index.tolist() == ["a.b", "a.c"]
    assert table.loc["a.c", "lower"] == 1 and table["value"].isna().tolist() == [False, True]


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch, tmp_path, known):
    """`python -m adoption.register FOLDER` on the executed notebooks of `chapters`."""
    (tmp_path / "chapters").mkdir()
    notebook(tmp_path / "chapters", "one", [output(*each) for each in BASIC])

    def run(*options):
        monkeypatch.setattr("sys.argv", ["register", str(tmp_path / "chapters"), *options])
        register.main()

    return run


def test_collecting_writes_the_register_and_says_what_changed(command, capsys):
    command()
    said = capsys.readouterr().out.splitlines()
    assert "register: a.b: gone; it was recorded by chapters/f.ipynb, cell c" in said
    assert "register: total: new, recorded by chapters/one.ipynb, cell cell" in said
    assert said[-1] == "register: 7 results written to results/results.csv"
    assert register.PATH.read_text(encoding="utf-8").count("\n") == 8


def test_checking_writes_nothing_and_fails_on_any_difference(command, capsys):
    before = register.PATH.read_bytes()
    with pytest.raises(SystemExit, match="results.csv is not what the chapters record"):
        command("--check")
    assert register.PATH.read_bytes() == before
    command()
    capsys.readouterr()
    command("--check")
    assert capsys.readouterr().out == ""


def test_what_cannot_be_collected_is_one_line(command, tmp_path):
    (tmp_path / "chapters" / "one.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit, match="^register: chapters/one.ipynb: found no whole notebook"):
        command()
