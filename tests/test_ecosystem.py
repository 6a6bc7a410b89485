"""What people of this ecosystem type works too, not only make: in a clone that is set up with the
pip that a Python brings, and nothing else."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def clone(checkout, once):
    """A clone with the environment that pip makes from the lock, and with what lies about in one that is used."""
    if not os.environ.get("REQUIRE_PLAIN"):
        pytest.skip("executes every chapter once more: set REQUIRE_PLAIN=1 to run it")

    def make(folder):
        checkout(folder)
        # What is no page of the book, beside what .venv holds.
        for name in (
            ".book/stage/index.md",
            ".book/executed/chapters/joint-use.0.ipynb",
            "build/lib/adoption/notes.md",
            ".pytest_cache/README.md",
            "chapters/.ipynb_checkpoints/a-checkpoint.ipynb",
        ):
            (folder / name).parent.mkdir(parents=True)
            text = "# No page\n\n[](no-such-page)\n" if name.endswith("md") else "{}"
            (folder / name).write_text(text)
        run(folder, sys._base_executable, "-m", "venv", ".venv")
        # What is never imported here need not be compiled.
        run(folder, ".venv/bin/pip", "install", "-q", "--no-compile", "-r", "requirements.txt")
        run(folder, ".venv/bin/pip", "install", "-q", ".")

    return once("clone", make)


def activated(folder):
    """The variables where the environment of a folder is activated."""
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, "PATH": path}


def run(folder, *command):
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, env=activated(folder))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def pages_of(folder):
    """Names of the pages that _toc.yml lists, at any depth."""

    def listed(entry):
        if isinstance(entry, dict):
            yield from filter(None, (entry.get("root"), entry.get("file")))
            entry = entry.values()
        if not isinstance(entry, str):
            for part in entry:
                yield from listed(part)

    return set(listed(yaml.safe_load((folder / "_toc.yml").read_text(encoding="utf-8"))))


def check_pages(folder):
    """The book's pages are there, with what their chapters computed, and no others."""
    html = folder / "_build" / "html"
    found = {path.relative_to(html).with_suffix("").as_posix() for path in html.rglob("*.html")}
    found = {name for name in found if not name.startswith(("_", "search", "genindex", "py-mod"))}
    assert found == pages_of(folder)
    page = (html / "chapters/who-adopts-first.html").read_text(encoding="utf-8")
    assert "fig-exact-rates" in page and "108,174" in page


def test_nbmake_on_chapters(clone):
    """On two: one that computes, and the one that reads what all others recorded. The build runs every chapter by it."""
    chapters = ["chapters/who-adopts-first.ipynb", "chapters/claims.ipynb"]
    assert "2 passed" in run(clone, ".venv/bin/pytest", "--nbmake", "-n", "2", *chapters)


def test_jupyter_book_build(clone):
    run(clone, ".venv/bin/jupyter-book", "build", ".", "-W", "-n", "--keep-going")
    check_pages(clone)


def test_jupyter_lab_serves_a_chapter_and_its_kernel(clone):
    """From its own folder, in which the kernel of the environment runs it."""
    run(clone, ".venv/bin/jupyter", "execute", "chapters/who-adopts-first.ipynb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lab = subprocess.Popen(
        [
            clone / ".venv/bin/jupyter",
            "lab",
            "--no-browser",
            "--allow-root",
            "--ServerApp.token=word",
            f"--ServerApp.port={port}",
        ],
        cwd=clone,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=activated(clone),
    )
    try:
        for _ in range(60):  # until it listens
            with socket.socket() as tried:
                if not tried.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.5)

        def get(path):
            address = f"http://127.0.0.1:{port}/{path}?token=word"
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.read().decode()

        assert "JupyterLab" in get("lab/tree/chapters/who-adopts-first.ipynb")
        cells = json.loads(get("api/contents/chapters/who-adopts-first.ipynb"))["content"]["cells"]
        assert len(cells) > 5
        assert json.loads(get("api/kernelspecs"))["default"] == "python3"
    finally:
        lab.terminate()
        lab.wait()


def test_the_package_brings_its_tables(clone, tmp_path):
    code = "from adoption import data, register; print(len(data.load_all()), len(register.read()))"
    tables, results = map(int, run(tmp_path, clone / ".venv/bin/python", "-c", code).split())
    assert tables == len(list((ROOT / "data").glob("*.csv"))) and results > 800


def test_the_package_declares_what_it_imports():
    """No more and no less, so that `pip install .` gives one that works."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.match("[a-z-]+", name)[0] for name in project["dependencies"]}
    imported = {
        name.split(".")[0]
        for path in (ROOT / "adoption").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in getattr(node, "names", [])]
            if isinstance(node, ast.Import)
            else []
        )
    }
    # What displays in a notebook or writes a page is there where that is done.
    elsewhere = {"adoption", "IPython", "babel", "docutils", "myst_nb", "yaml", "dask", "distributed"}
    found = {name.replace("_", "-") for name in imported - sys.stdlib_module_names - elsewhere}
    assert found == declared
