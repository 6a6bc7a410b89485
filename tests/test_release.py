"""tools/release.py: what it refuses, what it makes, and what it says of changed files."""

import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def release(monkeypatch, tmp_path):
    """The tool on a small repository of its own, committed, with version 0.1.0 stored."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    module = importlib.import_module("release")
    root = tmp_path / "book"
    for name in ("CITATION.cff", "pyproject.toml", "CHANGELOG.md", "requirements.txt",
                 "results/results.csv", "results/results.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "results/released").mkdir()
    (root / ".gitignore").write_text("_build/\n")
    (root / "Makefile").write_text("test:\n\t@echo all tests\n")
    monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(module, "OUT", root / "_build" / "release")
    monkeypatch.setattr(module.changes, "PATH", root / "results/results.csv")
    monkeypatch.setattr(module.changes, "RELEASED", root / "results/released")
    monkeypatch.setattr(module.pdf, "HTML", root / "_build" / "html")
    monkeypatch.setattr(module.pdf, "find_browser", lambda: None)
    page = root / "_build" / "html" / "chapters" / "a.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>a</p>")
    (root / "_build/html/index.html").write_text("<p>index</p>")
    git(root, "init", "-q")
    version = module.read_version()
    shutil.copy(root / "results/results.csv", root / f"results/released/{version}.csv")
    commit(root)
    return module


def git(root, *arguments):
    subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments],
                   cwd=root, check=True, capture_output=True)


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")


def refused(release, *words, command=("make",)):
    with pytest.raises(SystemExit) as stop:
        release.main(list(command))
    for word in ("release: ", *words):
        assert word in str(stop.value)


def made(release):
    release.main(["make"])
    return json.loads((release.OUT / "manifest.json").read_text(encoding="utf-8"))


# --- refusals -----------------------------------------------------------------------------------

def test_uncommitted_changes(release):
    (release.ROOT / "CHANGELOG.md").write_text("changed")
    refused(release, "found uncommitted changes", "CHANGELOG.md")
    commit(release.ROOT)
    (release.ROOT / "new.txt").write_text("new")
    refused(release, "found uncommitted changes", "new.txt")


def test_a_failing_test(release):
    (release.ROOT / "Makefile").write_text("test:\n\t@false\n")
    commit(release.ROOT)
    refused(release, "a test failed")
    assert not release.OUT.exists()


def test_a_test_that_changes_the_tree(release):
    (release.ROOT / "Makefile").write_text("test:\n\t@touch left-over\n")
    commit(release.ROOT)
    refused(release, "found uncommitted changes", "left-over")


def test_a_version_that_was_tagged_on_another_commit(release):
    git(release.ROOT, "tag", f"v{release.read_version()}")
    assert made(release)
    commit(release.ROOT)
    refused(release, "was released as v", "from another commit")


@pytest.mark.parametrize("as_tag", [True, False])
def test_a_version_before_the_newest(release, as_tag):
    if as_tag:
        git(release.ROOT, "tag", "v9.10.0")
    else:
        (release.changes.RELEASED / "9.10.0.csv").write_text("id\n")
        commit(release.ROOT)
    refused(release, "expected one after 9.10.0")


def test_a_changed_register_under_an_unchanged_version(release):
    with release.changes.PATH.open("a") as register:
        register.write("x\n")
    commit(release.ROOT)
    refused(release, "found another register", "make version")
    for stored in release.changes.RELEASED.glob("*.csv"):
        stored.unlink()
    commit(release.ROOT)
    refused(release, "found no register")


@pytest.mark.parametrize("name, old, new", [
    ("pyproject.toml", 'version = "', 'version = "9.'), ("CHANGELOG.md", "## ", "## 9."),
    ("CITATION.cff", "\nversion: ", "\nversion: x")])
def test_versions_that_disagree(release, name, old, new):
    path = release.ROOT / name
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    commit(release.ROOT)
    refused(release, f"{name}: found version", "expected")


# --- a new version ------------------------------------------------------------------------------

def test_a_new_version_is_written_where_it_stands(release):
    refused(release, "expected one like 1.2.3", command=["version", "v2"])
    release.main(["version", "0.20.3"])
    log = release.ROOT / "CHANGELOG.md"
    log.write_text(log.read_text("utf-8").replace("## ", "## 0.20.3\n\nNew.\n\n## ", 1), "utf-8")
    assert release.read_version() == "0.20.3"
    stored = release.changes.RELEASED / "0.20.3.csv"
    assert stored.read_bytes() == release.changes.PATH.read_bytes()
    commit(release.ROOT)
    assert made(release)["version"] == "0.20.3"


def test_a_version_that_exists_is_not_started_again(release):
    stored = release.changes.RELEASED / "9.10.0.csv"
    stored.write_text("id\n")
    refused(release, "expected none before 9.10.0", command=["version", "9.9.0"])
    git(release.ROOT, "tag", "v9.11.0")
    refused(release, "was released as v9.11.0", command=["version", "9.11.0"])
    assert stored.read_text() == "id\n"
    stored.rename(stored.with_name("9.10.0 copy.csv"))
    refused(release, "9.10.0 copy.csv", "a version", command=["version", "9.12.0"])


def test_the_pdf_is_part_of_it_where_there_is_a_browser(release, monkeypatch):
    printed = release.ROOT / "_build" / "book.pdf"
    monkeypatch.setattr(release.pdf, "find_browser", lambda: "/usr/bin/browser")
    monkeypatch.setattr(release.pdf, "PDF", printed)
    monkeypatch.setattr(release.pdf, "main", lambda: printed.write_text("printed"))
    names = [file["name"] for file in made(release)["files"]]
    assert len(names) == 5 and [name for name in names if name.endswith(".pdf")]


def test_a_browser_that_is_not_there(release, monkeypatch):
    def none():
        raise release.pdf.PdfError("CHROMIUM is x, and there is no such program")
    monkeypatch.setattr(release.pdf, "find_browser", none)
    refused(release, "CHROMIUM is x")


def test_another_commit_while_the_tests_run(release):
    (release.ROOT / "Makefile").write_text(
        "test:\n\t@git -c user.name=n -c user.email=e commit -q --allow-empty -m y\n")
    commit(release.ROOT)
    refused(release, "another commit was checked out")


def test_the_repository_has_one_version(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    module = importlib.import_module("release")
    assert module.VERSION.fullmatch(module.read_version())


# --- what is made ---------------------------------------------------------------------------------

def test_the_manifest_describes_every_file(release):
    manifest = made(release)
    names = {path.name for path in release.OUT.iterdir()}
    assert names == {file["name"] for file in manifest["files"]} | {"manifest.json"}
    assert len(names) == 5 and not any(name.endswith(".pdf") for name in names)
    assert manifest["commit"] == release.git("rev-parse", "HEAD")
    assert manifest["packages"]["jupyter-book"].startswith("1.") and len(manifest["packages"]) > 100
    assert manifest["python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")


def test_the_same_tree_gives_the_same_bytes(release):
    assert made(release)["files"] == made(release)["files"]


def test_archives_hold_what_they_say(release):
    made(release)
    [pages] = release.OUT.glob("*-html.zip")
    with zipfile.ZipFile(pages) as opened:
        stem = pages.name.removesuffix("-html.zip")
        assert opened.namelist() == [f"{stem}/chapters/a.html", f"{stem}/index.html"]
        assert opened.read(f"{stem}/index.html") == b"<p>index</p>"


# --- verifying ------------------------------------------------------------------------------------

def test_a_release_is_verified_whole_or_file_by_file(release, capsys):
    digest = made(release)["digest"]
    for target in (release.OUT, release.OUT / "manifest.json", *release.OUT.glob("*-*")):
        capsys.readouterr()
        release.main(["check", str(target)])
        assert "is the released file" in capsys.readouterr().out
    release.main(["check", str(release.OUT)])
    shown = capsys.readouterr().out
    assert digest in shown and "tables in order" in shown and " results" in shown


@pytest.mark.parametrize("pattern", ["*-html.zip", "*-data.zip", "*-register.csv"])
def test_a_changed_file_is_named(release, pattern):
    made(release)
    [file] = release.OUT.glob(pattern)
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    refused(release, file.name, "found sha256", command=["check", str(release.OUT)])
    file.unlink()
    refused(release, file.name, "found no such file", command=["check", str(release.OUT)])


def test_pages_of_another_digest_are_named(release):
    """An archive and its checksum exchanged together: the digest of the pages still tells."""
    manifest = made(release)
    [file] = release.OUT.glob("*-html.zip")
    release.archive(file, {"x/index.html": release.ROOT / "CHANGELOG.md"})
    manifest["files"] = [release.describe(file) if known["name"] == file.name else known
                         for known in manifest["files"]]
    (release.OUT / "manifest.json").write_text(json.dumps(manifest))
    refused(release, "found pages with digest", command=["check", str(release.OUT)])


@pytest.mark.parametrize("text", ["{", "[]", '{"files": [{"name": "../x"}], "digest": "a"}',
                                  '{"files": [], "digest": 1}', '{"files": 3}',
                                  '{"files": [], "digest": "a"}'])
def test_a_manifest_that_is_none(release, text):
    made(release)
    (release.OUT / "manifest.json").write_text(text)
    refused(release, "manifest.json", "expected the manifest",
            command=["check", str(release.OUT)])


def test_nothing_to_verify(release, tmp_path):
    refused(release, "found no such file", command=["check", str(tmp_path / "nothing.zip")])
    refused(release, "expected the release's manifest", command=["check", str(tmp_path)])
    made(release)
    (release.OUT / "other.zip").write_text("x")
    refused(release, "names no such file", command=["check", str(release.OUT / "other.zip")])
