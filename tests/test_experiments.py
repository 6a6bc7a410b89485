"""Changing a cell and running all gives the changed answer: the experiments of how-to-rerun."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from adoption import census, register

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "chapters" / "how-to-rerun.md").read_text(encoding="utf-8")
# Chapter and cell stand in the sentence before a block of two lines, "- before" and "+ after".
EXPERIMENT = re.compile(r"`([\w-]+)\.ipynb`, cell `([\w-]+)`:\n\n```diff\n- (.*)\n\+ (.*)\n```")
EXPERIMENTS = EXPERIMENT.findall(PAGE)


def changed(chapter: str, cell: str, before: str, after: str):
    """The chapter with one line changed."""
    notebook = nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", 4)
    [source] = [one for one in notebook.cells if one.id == cell]
    assert source.source.count(before) == 1, f"{chapter}, cell {cell}: {before}"
    source.source = source.source.replace(before, after)
    return notebook


def run_all(notebook) -> dict[str, dict]:
    """What a kernel records that runs all cells in the chapter's folder."""
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT / "chapters")}}
    )
    return {
        row["id"]: row
        for cell in client.execute().cells
        for output in cell.get("outputs", ())
        for row in output["metadata"].get("adoption", {}).get("rows", ())
    }


def run_here(notebook, monkeypatch) -> dict[str, dict]:
    """What the cells record in this process, which needs no kernel; nothing is displayed."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *data, metadata=(), **how: shown.append(dict(metadata)))
    monkeypatch.chdir(ROOT / "chapters")
    names = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, cell.id, "exec"), names)
    return {row["id"]: row for metadata in shown for row in metadata.get("adoption", {}).get("rows", ())}


def test_the_page_has_three():
    assert len(EXPERIMENTS) == 3


@pytest.mark.parametrize("chapter, cell, before, after", EXPERIMENTS, ids=[experiment[1] for experiment in EXPERIMENTS])
def test_the_line_to_change_is_there_once(chapter, cell, before, after):
    cells = json.loads((ROOT / "chapters" / f"{chapter}.ipynb").read_text("utf-8"))["cells"]
    [source] = ["".join(one["source"]) for one in cells if one["id"] == cell]
    assert source.count(before) == 1


def test_one_reading_only_gives_another_range():
    """With one reading only, the ratio is that of the municipalities: 1,473 / 267."""
    chapter, cell, before, after = EXPERIMENTS[0]
    rows = run_all(changed(chapter, cell, before, after))
    assert float(rows["ai.rate-ratio.smallest"]["value"]) == pytest.approx(1473 / 267)
    assert "ai.rate-ratio.all" not in rows


def test_another_limit_gives_other_bounds(monkeypatch):
    """Half of the 296 adopters may all be below 5,000 people."""
    rows = run_here(changed(*EXPERIMENTS[1]), monkeypatch)
    small = census.class_counts("all", [5_000])[0]
    upper = float(rows["ai.adoption-bound.under-5k.free.every-base"]["upper"])
    assert upper == pytest.approx(148 / small)


def test_one_tail_is_half_of_two(monkeypatch):
    rows = run_here(changed(*EXPERIMENTS[2]), monkeypatch)
    for stage in (1, 5):
        id = f"ai.stage-{stage}.median-test.every-base"
        assert float(rows[id]["p_value"]) == pytest.approx(register.get(id).p_value / 2)


def test_other_numbers_are_tried_as_the_page_shows(tmp_path):
    """A median of 90,000 lies between 87,051 and 92,308: some municipalities are on either side."""
    [code] = re.findall(r"## Other numbers\n.*?```python\n(.*?)```", PAGE, re.S)
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "chapters", capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    least, most = map(float, shown.stdout.splitlines()[1].split()[2:])
    sizes = census.frame("municipal")
    below, above = (sizes.bodies[rows].sum() for rows in (sizes.upper <= 90_000, sizes.lower > 90_000))
    around = sizes.bodies.sum() - below - above
    assert 0 < around < 30 and least < (below + around / 2) / (above + around / 2) < most
