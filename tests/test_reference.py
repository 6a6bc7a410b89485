"""_ext/reference.py: pages that describe the functions, from their docstrings."""

from small_book import Book

import reference


def test_described_names_become_a_list():
    lines = [
        "Two sizes.",
        "",
        "lower, upper: the sizes,",
        "    in order",
        "name: words. other, more: also",
        "",
        "End `x`",
        "with a: b, :func:`f` and `y z`.",
    ]
    reference.definitions(None, "", "", None, None, lines)
    assert lines == [
        "Two sizes.",
        "",
        "``lower``, ``upper``",
        "    the sizes,",
        "    in order",
        "``name``",
        "    words.",
        "``other``, ``more``",
        "    also",
        "",
        "End ``x``",
        "with a: b, :func:`f` and ``y z``.",
    ]


def test_types_of_others_are_linked_and_misprints_are_errors(tmp_path):
    text = (
        "# T\n\n```{eval-rst}\n.. py:function:: f(a: pandas.DataFrame, b: np.ndarray, "
        "c: pathlib.Path, d: Datframe)\n```\n"
    )
    book = Book(tmp_path, {"index.md": text}, rows=[])
    for address in (
        "pandas.pydata.org/docs/reference/api/pandas.DataFrame.html",
        "numpy.org/doc/stable/reference/generated/numpy.ndarray.html",
        "docs.python.org/3/library/pathlib.html#pathlib.Path",
    ):
        assert address in book.html["index.md"]
    assert "py:class reference target not found: Datframe" in book.warnings
    assert book.warnings.count("not found") == 1


def test_a_class_is_shown_without_its_own_affairs():
    shown, _ = reference.without_private(
        None, "class", "", None, None, "(a: int, key: dict = <factory>, _fits: dict = <factory>)", None
    )
    assert shown == "(a: int, key: dict = {})"
