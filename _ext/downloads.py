"""Files to take away, under addresses that stay.

* data/NAME.csv and results/results.csv as they are committed, results/results.json the same rows;
* figures/NAME.svg, .png (300 dots per inch), .csv, and .json: what the figure says, its source, the
  results that its data show, and how to cite it;
* data/everything.zip and data/everything.xlsx: all tables, codebook, register and licences.

Equal sources give equal bytes: names are sorted, and dates are fixed.
"""

import base64
import datetime
import json
import shutil
import zipfile
from functools import lru_cache
from pathlib import Path

import citation
import pandas as pd
import xlsxwriter

from adoption import data, register
from adoption.language import tr
from adoption.phrases import listed

ROOT = citation.PATH.parent
TABLES = ("data", "results", "results/stored")
KINDS = ("csv", "svg", "png", "json")  # of a figure
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest date of a ZIP archive


def copy(app, exception):
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    # Not in _static: Sphinx would add it to every page.
    for script in ("register.js", "my-town.js"):
        shutil.copyfile(Path(__file__).with_name(script), out / "_static" / script)
    # Tables stand once, beside the pages of the first edition.
    for folder in (*TABLES, "figures") if app.config.language == "en" else ("figures",):
        shutil.rmtree(out / folder, ignore_errors=True)
        (out / folder).mkdir()
        for path in sorted((ROOT / folder).glob("*.csv")):
            shutil.copyfile(path, out / folder / path.name)
    for page in sorted(app.env.found_docs):
        path = Path(app.env.mystnb_config.output_folder) / f"{page}.ipynb"  # as MyST-NB executed or read it
        if path.exists():
            write_figures(json.loads(path.read_text(encoding="utf-8")), page, out / "figures")
    if app.config.language != "en":
        return
    shutil.copyfile(ROOT / "data/datapackage.json", out / "data/datapackage.json")
    (out / "results/results.json").write_text(register_json(), encoding="utf-8", newline="\n")
    archive(out / "data/everything.zip")
    workbook(out / "data/everything.xlsx")


def register_json() -> str:
    """The register as JSON, one row a line, numbers as results.csv has them."""
    rows = [json.dumps(row._asdict(), ensure_ascii=False) for row in register.read_file(register.PATH).values()]
    return "[\n" + ",\n".join(rows) + "\n]\n"


# --- figures --------------------------------------------------------------------------------------


def write_figures(notebook: dict, page: str, folder: Path) -> None:
    """The four files of each figure of an executed notebook."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            figure = output.get("metadata", {}).get("image/svg+xml", {}).get("figure")
            if not figure:
                continue
            name, work = figure["name"], citation.book()
            address = f"{page}.html#{name}"
            said = {
                **{key: figure[key] for key in ("name", "caption", "alt", "source")},
                "results": shown(figure["csv"], page.removeprefix("chapters/")),
                "address": citation.address(work, address),
                "cell": citation.address(work, f"{page}.html#cell-{cell['id']}"),
                "citation": citation.text(work, tr("Figure {name}").format(name=name), address),
                "license": "https://creativecommons.org/licenses/by/4.0/",
            }
            drawn = {kind: "".join(output["data"].get(f"image/{kind}", "")) for kind in ("svg+xml", "png")}
            for kind, content in {
                "csv": figure["csv"].encode(),
                "svg": drawn["svg+xml"].encode(),
                "png": base64.b64decode(drawn["png"]),
                "json": (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode(),
            }.items():
                (folder / f"{name}.{kind}").write_bytes(content)


def shown(csv: str, chapter: str) -> list[str]:
    """Ids of a chapter's results all of whose numbers stand in the data of a figure."""
    cells = set(csv.replace("\n", ",").split(","))
    ids = []
    for row in register.read_file(register.PATH).values():
        numbers = {f"{number:.10g}" for number in (row.value, row.lower, row.upper) if number is not None}
        # Nought and one stand in many tables, for many things.
        if row.chapter == chapter and numbers - {"0", "1"} and numbers <= cells:
            ids.append(row.id)
    return ids


# --- everything -----------------------------------------------------------------------------------


table = lru_cache(data.load)


def about(name: str) -> list[str]:
    """What the codebook says of a table, as lines of Markdown."""
    described = data.describe(name)
    file, rows = f"`data/{described['path']}`", f"{len(table(name)):,}"
    lines = [tr("{file}, {rows} rows.").format(file=file, rows=rows) + f" {tr(described['description'])}", ""]
    for source in described["sources"]:
        named = [tr(source["title"]), *([f"<{source['path']}>"] if "path" in source else [])]
        lines.append("- " + tr("Source: {source}").format(source=listed(named, ", ")))
    return lines + [
        "- " + tr("Licence: {licence}").format(licence=tr(licence["title"])) for licence in described["licenses"]
    ]


def codebook() -> str:
    """The codebook as Markdown."""
    work, parts = citation.book()._replace(build=""), []  # no stamp reaches into an archive
    for name in data.names():
        parts += [f"## {data.describe(name)['title']}", "", *about(name), ""]
        for field in data.field_table(name).to_dict("records"):
            parts.append(
                f"- `{field.pop('Field')}`: " + "; ".join(f"{key}: {value}" for key, value in field.items() if value)
            )
        parts.append("")
    return f"# Codebook\n\n{citation.text(work)}\n\n" + "\n".join(parts)


def archive(path: Path) -> None:
    """All tables with their descriptions, the register and the licences."""
    files = {f"{folder}/{file.name}": file.read_bytes() for folder in TABLES for file in (ROOT / folder).glob("*.csv")}
    for name in ("data/datapackage.json", "CITATION.cff", "LICENSE", "LICENSE-text"):
        files[name] = (ROOT / name).read_bytes()
    files["codebook.md"] = codebook().encode()
    with zipfile.ZipFile(path, "w") as archived:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, BEGINNING)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archived.writestr(info, content)


def workbook(path: Path) -> None:
    """A sheet for each table, before them the list of sheets and the codebook, after them the register."""
    names = data.names()
    sheet_of = {name: name[:31] for name in names}  # the format has no longer names
    listed = [
        {
            "Sheet": sheet_of[name],
            "File": f"{name}.csv",
            "Title": data.describe(name)["title"],
            "Rows": len(table(name)),
        }
        for name in names
    ]
    fields = [
        {"Sheet": sheet_of[name], **field} for name in names for field in data.field_table(name).to_dict("records")
    ]
    results = pd.DataFrame(register.read_file(register.PATH).values())
    last = {"Sheet": "register", "File": "results.csv", "Title": "All results", "Rows": len(results)}
    sheets = [
        ("contents", pd.DataFrame([*listed, last])),
        ("codebook", pd.DataFrame(fields)),
        *((sheet_of[name], table(name)) for name in names),
        ("register", results),
    ]
    book = xlsxwriter.Workbook(path, {"nan_inf_to_errors": False, "strings_to_urls": False})
    book.set_properties(
        {"title": citation.book().title, "created": datetime.datetime.fromisoformat(citation.book().released)}
    )
    bold = book.add_format({"bold": True})
    for name, content in sheets:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, head in enumerate(content):
            sheet.write_string(0, column, head, bold)
            for row, value in enumerate(content[head].tolist(), start=1):
                write(sheet, row, column, value)
    book.close()


def write(sheet, row: int, column: int, value) -> None:
    """One cell: a number, a text, or nothing where there is nothing."""
    if value is None or pd.isna(value):
        return
    if isinstance(value, int | float) and abs(value) != float("inf"):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value))


def setup(app):
    app.connect("build-finished", copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
