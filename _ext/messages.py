"""The messages that Sphinx's gettext builder does not find by itself (tools/translations.py asks for them).

* What code says: the texts given to ``tr`` and ``mark``, and in chapters those that figures and
  tables translate themselves. A text that is put together from pieces there is said to be one,
  since no catalogue can hold it.
* What tables say: the register's families and words, the codebook, columns NAME_en without NAME_ja.
* What settings say: titles in _config.yml, _toc.yml and CITATION.cff.

A chapter's own go into its catalogue, the register's into register.po, those of tables into
data.po, all others into adoption.po.
"""

import ast
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

#: Arguments that figures and tables translate: by name, and by the function and their place.
BY_NAME = {"caption", "source", "alt", "heads", "xlabel", "ylabel", "label"}
BY_PLACE = {"title": 1, "note": 1, "Link": 0, "set_xticks": 1, "set_yticks": 1, "set_xlabel": 0, "set_ylabel": 0}
WORD = re.compile(r"[A-Za-z]*[a-z]{2}")


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def spoken(source: str, shown=False) -> Iterator[tuple[str, bool]]:
    """Messages of Python code, and whether they are pieces of a longer text.

    shown: the code of a chapter, whose figures and tables translate what they are given.
    """
    for node in ast.walk(ast.parse(source)):
        if shown and isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").isupper():
            # Constants with words to be shown: their values have a space, codes have none.
            yield from ((text, False) for text, piece in constants(node.value) if " " in text and WORD.search(text))
        if not isinstance(node, ast.Call):
            continue
        given = []
        if called(node) in ("tr", "mark"):
            given = node.args[:1]
        elif shown:
            given = [word.value for word in node.keywords if word.arg in BY_NAME]
            given += node.args[place : place + 1] if (place := BY_PLACE.get(called(node), -1)) >= 0 else []
            given += headings(node)
        for argument in given:
            yield from ((text, piece) for text, piece in plain(argument) if WORD.search(text))


def headings(call: ast.Call) -> Iterator[ast.expr]:
    """Names that columns of a DataFrame get to be read: those that begin with a capital."""
    named = [word.value for word in call.keywords if word.arg == "columns"]
    for made in [*named, *call.args] if called(call) in ("DataFrame", "rename", "set_axis") else []:
        parts = list(getattr(made, "elts", []))
        for part in ast.walk(made):
            if isinstance(part, ast.Dict):
                parts += part.values if called(call) == "rename" else part.keys
        yield from (part for part in parts if isinstance(part, ast.Constant) and str(part.value)[:1].isupper())


def constants(node) -> Iterator[tuple[str, bool]]:
    """The texts of a constant: a list, a mapping's values, and lists of these."""
    for part in getattr(node, "elts", None) or getattr(node, "values", None) or []:
        yield from plain(part) if not isinstance(part, ast.List | ast.Dict) else constants(part)


def plain(node, piece=False) -> Iterator[tuple[str, bool]]:
    """The texts of an expression, but for those in calls, which have their own."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, piece
    elif isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.IfExp | ast.JoinedStr | ast.BinOp):
        inside = {
            ast.Dict: lambda: node.values,
            ast.IfExp: lambda: [node.body, node.orelse],
            ast.JoinedStr: lambda: node.values,
            ast.BinOp: lambda: [node.left, node.right],
        }.get(type(node), lambda: node.elts)()
        for part in inside:
            yield from plain(part, piece or isinstance(node, ast.JoinedStr | ast.BinOp))


def rows(path: Path, *columns: str) -> Iterator[str]:
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield from (row[name] for name in columns if row[name])


def descriptions(described) -> Iterator[str]:
    """What the codebook says of tables and fields."""
    if isinstance(described, dict):
        for key, value in described.items():
            if key in ("title", "description", "unit", "expected") and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(described, list):
        for value in described:
            yield from descriptions(value)


def messages(root: Path) -> Iterator[tuple[str, str, bool]]:
    """Catalogue, message, and whether it is only a piece of a text."""
    for path in sorted([*root.glob("adoption/*.py"), *root.glob("_ext/*.py"), root / "tools/pdf.py"]):
        for text, piece in spoken(path.read_text(encoding="utf-8")):
            yield "adoption", text, piece
    for path in sorted(root.glob("chapters/*.ipynb")):
        page = f"chapters/{path.stem}"
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                for text, piece in spoken("".join(cell["source"]), shown=True):
                    yield page, text, piece
    config, toc, cited = (
        yaml.safe_load((root / name).read_text(encoding="utf-8"))
        for name in ("_config.yml", "_toc.yml", "CITATION.cff")
    )
    titles = [config["title"], config["html"]["extra_footer"].strip(), cited["title"]]
    titles += [author["name"] for author in cited["authors"] if "name" in author]
    for part in toc["parts"]:
        titles += [part["caption"], *(page["title"] for page in part["chapters"] if "title" in page)]
    told = [("adoption", text) for text in titles]
    told += [
        ("register", text) for text in rows(root / "results/families.csv", *"unit label evidence base source".split())
    ]
    # What follows the name of a public page stands alone on the pages: the name is a link.
    sources = (text.split("; ") for text in rows(root / "results/families.csv", "source"))
    told += [("register", part) for first, *parts in sources if first == "{source}" for part in parts]
    told += [("register", text) for text in rows(root / "results/words.csv", "words")]
    told += [("register", text) for text in rows(root / "results/p-values.csv", "question", "correction")]
    told += [("register", text) for text in rows(root / "results/changes.csv", "reason")]
    told += [("data", text) for text in descriptions(json.loads((root / "data/datapackage.json").read_text("utf-8")))]
    told += [("data", text) for text in rows(root / "data/later-surveys.csv", "source", "source_kind")]
    told += [("data", text) for text in rows(root / "data/quoted-figures.csv", "meaning", "source")]
    told += [("data", text) for text in rows(root / "data/claims.csv", "evidence", "verdict")]
    told += [("data", text) for text in rows(root / "data/errata.csv", "reason")]
    for path in sorted(root.glob("data/*.csv")):
        names = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
        english = [name for name in names if name.endswith("_en") and f"{name[:-3]}_ja" not in names]
        told += [("data", text) for text in rows(path, *english)]
    for catalogue, text in told:
        if WORD.search(text):
            yield catalogue, text, False
