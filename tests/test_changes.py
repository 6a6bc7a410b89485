"""_ext/changes.py: which released numbers changed, and that each change has a reason."""

import changes
import citation
import pytest

from adoption.register import COLUMNS, Result

ROW = Result("a.b", 1.0, None, None, None, "u", "L", "fact", "B", "S", "chapter", "cell")


def write(path, *results):
    lines = [",".join(COLUMNS)]
    for result in results:
        lines.append(",".join(f"{cell:.10g}" if isinstance(cell, float) else cell or "" for cell in result))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def history(tmp_path):
    """A history from registers by version; the last one is the current register."""

    def build(registers, reasons=()):
        folder = tmp_path / "released"
        folder.mkdir()
        *released, (current, rows) = registers.items()
        for version, results in released:
            write(folder / f"{version}.csv", *results)
        write(tmp_path / "results.csv", *rows)
        (tmp_path / "changes.csv").write_text(
            "version,id,reason\n" + "".join(f"{','.join(r)}\n" for r in reasons), "utf-8"
        )
        return changes.history(current, folder, tmp_path / "changes.csv", tmp_path / "results.csv")

    return build


def test_first_version_has_no_history(history):
    assert history({"0.1.0": [ROW]}) == []


def test_same_numbers_are_no_change(history):
    relabelled = ROW._replace(label="Another", value=1.0 + 1e-9)
    new = ROW._replace(id="a.c")
    assert history({"0.1.0": [ROW], "0.2.0": [relabelled, new]}) == []


def test_change_with_its_reason(history):
    assert history(
        {"0.1.0": [ROW], "0.2.0": [ROW._replace(value=2.0)]}, [("0.2.0", "a.b", "A source was corrected")]
    ) == [("0.2.0", "a.b", "1", "2", "A source was corrected")]


def test_change_without_a_reason(history):
    """Whoever tries something sees what it changes; for the committed register there is a test."""
    [row] = history({"0.1.0": [ROW], "0.2.0": [ROW._replace(value=2.0)]}, [("0.1.0", "a.b", "Why of another version")])
    assert row == ("0.2.0", "a.b", "1", "2", changes.UNEXPLAINED)


def test_withdrawn_id(history):
    assert (
        history({"0.1.0": [ROW, ROW._replace(id="a.c")], "0.2.0": [ROW]}, [("0.2.0", "a.c", "Not computed any more")])[
            0
        ][3]
        == "withdrawn"
    )


@pytest.mark.parametrize(
    "column, before, after", [("lower", 1.0, 2.0), ("upper", 1.0, None), ("p_value", None, 0.5), ("value", 1.0, None)]
)
def test_every_number_of_a_result_counts(history, column, before, after):
    old, new = (ROW._replace(**{column: number}) for number in (before, after))
    assert [row[1] for row in history({"0.1.0": [old], "0.2.0": [new]})] == ["a.b"]


def test_versions_are_ordered_as_numbers(history, tmp_path):
    registers = {"0.9.0": [ROW], "0.10.0": [ROW._replace(value=2.0)], "1.0.0": [ROW._replace(value=3.0)]}
    found = history(registers, [("0.10.0", "a.b", "First"), ("1.0.0", "a.b", "Second")])
    assert [(version, before, after) for version, _, before, after, _ in found] == [
        ("1.0.0", "2", "3"),
        ("0.10.0", "1", "2"),
    ]
    assert [p.stem for p in changes.versions(tmp_path / "released")] == ["0.9.0", "0.10.0"]


def test_current_version_may_be_released_already(tmp_path):
    """Building a released version compares it with the one before, not with itself."""
    folder = tmp_path / "released"
    folder.mkdir()
    write(folder / "0.1.0.csv", ROW)
    write(folder / "0.2.0.csv", ROW._replace(value=2.0))
    write(tmp_path / "results.csv", ROW._replace(value=2.0))
    (tmp_path / "changes.csv").write_text("version,id,reason\n0.2.0,a.b,Why\n", "utf-8")
    [row] = changes.history("0.2.0", folder, tmp_path / "changes.csv", tmp_path / "results.csv")
    assert row[2:4] == ("1", "2")


@pytest.mark.parametrize(
    "text, words",
    [
        ("version,id\n0.1.0,a\n", r"header \(line 1\): found 'version,id', expected version,id,reason"),
        ("version,id,reason\n0.1.0,a,\n", r"row 1 \(line 2\), column reason: found an empty cell"),
        ("version,id,reason\n0.1.0,a,x\n0.1.0,a,y\n", r"row 2 \(line 3\), .*: found 0.1.0, a again"),
    ],
)
def test_bad_list_of_reasons(tmp_path, text, words):
    path = tmp_path / "changes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        changes.explained(path)


@pytest.mark.parametrize(
    "result, words",
    [
        (ROW, "1"),
        (ROW._replace(value=None, lower=0.25, upper=0.5), "0.25 – 0.5"),
        (ROW._replace(lower=0.5, upper=2.0, p_value=0.03), "1 (0.5 – 2), p = 0.03"),
    ],
)
def test_numbers_in_words(result, words):
    assert changes.in_words(result) == words


def test_first_version_named_functions(tmp_path):
    """Its register had other columns beside the numbers."""
    path = tmp_path / "0.1.0.csv"
    path.write_text(",".join(changes.FORMER_COLUMNS) + "\na.b,1,,2,,u,L,fact,B,S,f,c\n", "utf-8")
    assert changes.read(path) == {"a.b": (1.0, None, 2.0, None)}
    assert len(changes.read(changes.RELEASED / "0.1.0.csv")) == 878


def test_every_change_has_its_reason_and_every_reason_its_change():
    assert {row[:2] for row in changes.history(citation.book().version)} == {*changes.explained()}


def test_version_is_the_same_everywhere():
    root = citation.PATH.parent
    version = citation.book().version
    assert f'version = "{version}"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## {version} " in (root / "CHANGELOG.md").read_text(encoding="utf-8")
