"""tools/pdf.py: what it does where there is no browser, and how pages become one document."""

import subprocess
import sys
from pathlib import Path

import pytest


def test_without_a_browser_it_says_what_to_do(pdf, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="pdf: no Chromium or Chrome found: install one, or set"):
        pdf.main()


def test_what_drives_a_browser_is_needed_to_print_alone():
    """It is not in the lock: whoever runs the tests, or asks for a browser, may not have it."""
    code = "import sys; sys.modules['playwright'] = None; import pdf; print(len(pdf.contents()))"
    tools = Path(__file__).resolve().parents[1] / "tools"
    done = subprocess.run([sys.executable, "-c", code], cwd=tools, capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) > 20, done.stderr


def test_a_named_browser_that_is_not_there_is_an_error(pdf, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/program")
    with pytest.raises(SystemExit, match="pdf: CHROMIUM is /no/such/program, and there is no such"):
        pdf.main()


def test_links_of_pages_become_links_of_the_document(pdf):
    pages = {"index", "chapters/joint-use", "chapters/register"}
    here = "chapters/joint-use"
    for href, target in (
        ("register.html#a.b", "#register--a.b"),
        ("../index.html", "#index"),
        ("#what", "#joint-use--what"),
        ("https://example.org/x", "https://example.org/x"),
        ("../_downloads/1/x.csv", None),
        ("../search.html", None),
    ):
        assert pdf.address(href, here, pages) == target, href
    assert pdf.address("chapters/register.html#a", "index", pages) == "#register--a"


def test_contents_are_the_books(pdf):
    found = pdf.contents()
    assert found[0] == ("", "index") and ("The evidence", "chapters/joint-use") in found
    assert found[-2:] == [("Reference", "chapters/references"), ("Reference", "reference/index")]
