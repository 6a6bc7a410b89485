"""make version, release and check-release: what they refuse, and what they make."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
VERSION, DATE = str(CITED["version"]), str(CITED["date-released"])
STEM = f"local-government-ai-rpa-{VERSION}"


class Repository:
    """A small one, committed, with the book's version, its own register and a book of two pages."""

    def __init__(self, folder):
        self.folder, self.out = folder, folder / "_build" / "release"
        for name in (
            "CITATION.cff",
            "pyproject.toml",
            "tools/release.sh",
            "tools/crate.py",
            "data/claims.csv",
            "data/datapackage.json",
        ):
            self.write(name, (ROOT / name).read_text(encoding="utf-8"))
        rules = (ROOT / "Makefile").read_text(encoding="utf-8")
        for name in ("book", "test", "pdf", ".venv/driver"):
            rules = rules.replace(f"\n{name}:", f"\n{name}-of-the-book:")
        self.write(
            "Makefile",
            rules
            + "\ntest:\n\t@sh tests.sh\npdf:\n\t@test -e driven && echo printed\n.venv/driver:\n\t@touch driven\n",
        )
        self.write("CHANGELOG.md", f"# Changelog\n\n## {VERSION} ({DATE})\n\n## 0.0.1 (2020-01-01)\n")
        self.write("tests.sh", "echo all tests\n")
        self.write("tools/pdf.py", "raise SystemExit(3)\n")
        self.write(".gitignore", "_build/\n.venv/\ndriven\n")
        self.write("results/results.csv", "id,value\na,1\n")
        self.write(f"results/released/{VERSION}.csv", "id,value\na,1\n")
        self.write("_build/html/index.html", "<p>index</p>")
        self.write("_build/html/chapters/a.html", "<p>a</p>")
        self.write("_build/html/ja/index.html", "<p>目次</p>")
        self.write("_build/html/data/everything.zip", "all tables")
        self.write("requirements.txt", "numpy==2.4\n")
        self.write("_build/pdf/book.pdf", "printed")
        self.write("_build/pdf/book.ja.pdf", "printed in Japanese")
        self.write(".venv/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        self.write(".venv/ready", "")
        (folder / ".venv/bin/python").chmod(0o755)
        self.git("init", "-q")
        self.commit()

    def write(self, name, text):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8", newline="\n")

    def git(self, *arguments):
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def make(self, *arguments):
        done = subprocess.run(
            ["make", "-s", "-o", ".venv/ready", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={name: value for name, value in os.environ.items() if "MAKE" not in name},
        )
        return done.returncode, done.stdout + done.stderr

    def made(self, *arguments):
        code, output = self.make(*(arguments or ("release",)))
        assert code == 0, output
        return output

    def refuses(self, *words, command=("release",)):
        code, output = self.make(*command)
        assert code != 0 and all(word in output for word in words), output


@pytest.fixture
def repository(tmp_path, absent):
    if not shutil.which("git"):
        absent("there is no git", "REQUIRE_GIT")
    return Repository(tmp_path / "book")


def test_uncommitted_changes(repository):
    repository.write("new.txt", "new")
    repository.refuses("release: found uncommitted changes", "new.txt")


def test_a_failing_test_and_one_that_changes_the_tree(repository):
    for script, said in (
        ("false", "a test failed"),
        ("touch left-over", "left-over"),
        ("git -c user.name=n -c user.email=e commit -q --allow-empty -m y", "another commit was checked out"),
    ):
        repository.write("tests.sh", script + "\n")
        repository.commit()
        repository.refuses(said)
        assert not repository.out.exists()
        (repository.folder / "left-over").unlink(missing_ok=True)


def test_a_version_that_was_tagged_on_another_commit(repository):
    repository.git("tag", f"v{VERSION}")
    repository.made()
    repository.commit()
    repository.refuses(f"{VERSION} was released as v{VERSION} from another commit")


@pytest.mark.parametrize("as_tag", [True, False])
def test_a_version_before_the_newest(repository, as_tag):
    if as_tag:
        repository.git("tag", "v9.10.0")
    else:
        repository.write("results/released/9.10.0.csv", "id\n")
        repository.commit()
    repository.refuses("expected none before 9.10.0")


def test_a_changed_register_under_an_unchanged_version(repository):
    repository.write("results/results.csv", "id,value\na,2\n")
    repository.commit()
    repository.refuses(f"results/released/{VERSION}.csv: found another register", "make version")


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("pyproject.toml", '\nversion = "', '\nversion = "9.'),
        ("CHANGELOG.md", "## ", "## 9."),
        ("CHANGELOG.md", DATE, "in preparation"),
    ],
)
def test_versions_that_disagree(repository, name, old, new):
    text = (repository.folder / name).read_text(encoding="utf-8")
    repository.write(name, text.replace(old, new, 1))
    repository.commit()
    repository.refuses(f"{name}: found", VERSION)


def test_a_new_version_is_written_where_it_stands(repository):
    for wrong in ("v2", "", "1.2", "1.2.3-x", "01.2.3"):
        repository.refuses("expected one like 1.2.3", command=("version", f"VERSION={wrong}"))
    repository.write("CHANGELOG.md", "# Changelog\n\n## 0.20.3 (in preparation)\n\n## 0.0.1 (2020-01-01)\n")
    repository.made("version", "VERSION=0.20.3")
    assert (repository.folder / "results/released/0.20.3.csv").read_text() == "id,value\na,1\n"
    repository.commit()
    repository.made()
    assert (repository.out / "local-government-ai-rpa-0.20.3-html.zip").exists()
    repository.git("tag", "v0.20.3")
    repository.refuses("0.20.3 was released as v0.20.3", command=("version", "VERSION=0.20.3"))
    repository.refuses("expected none before 0.20.3", command=("version", "VERSION=0.20.2"))


def test_the_repository_has_one_version():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f'\nversion = "{VERSION}"\n' in project and f"\n## {VERSION} " in log


def test_the_files_of_a_release_and_their_check(repository, tmp_path):
    output, stem = repository.made(), STEM
    assert "release: no PDF" in output and f"{stem}-html.zip: OK" in output
    parts = {f"{stem}-{part}" for part in ("html.zip", "data.zip", "source.zip", "requirements.txt")}
    assert {path.name for path in repository.out.iterdir()} == parts | {"ro-crate-metadata.json", "SHA256SUMS"}
    with zipfile.ZipFile(repository.out / f"{stem}-html.zip") as opened:
        assert opened.read(f"{stem}-html/index.html") == b"<p>index</p>"
        assert opened.read(f"{stem}-html/chapters/a.html") == b"<p>a</p>"
        assert opened.read(f"{stem}-html/ja/index.html").decode() == "<p>目次</p>"
    with zipfile.ZipFile(repository.out / f"{stem}-source.zip") as opened:
        assert opened.read(f"{stem}/tests.sh") == b"echo all tests\n"
    assert (repository.out / f"{stem}-data.zip").read_text() == "all tables"
    check_crate(repository.out, parts)
    # Elsewhere, as somebody has downloaded them; then one byte is another.
    shutil.copytree(repository.out, tmp_path / "downloaded")
    check = ("check-release", f"FILE={tmp_path / 'downloaded' / 'SHA256SUMS'}")
    assert repository.made(*check).count(": OK") == 5
    file = tmp_path / "downloaded" / f"{stem}-data.zip"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    repository.refuses(f"{stem}-data.zip: FAILED", command=check)
    file.unlink()
    repository.refuses(f"{stem}-data.zip", "FAILED", command=check)
    repository.refuses(
        "check-release: found no file",
        "nothing/SHA256SUMS",
        command=("check-release", f"FILE={tmp_path}/nothing/SHA256SUMS"),
    )


def check_crate(folder, parts):
    """What RO-Crate 1.1 requires, and that each part has words, a licence and its size."""
    crate = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    things = {thing["@id"]: thing for thing in crate["@graph"]}
    assert len(things) == len(crate["@graph"]) and all(thing["@type"] for thing in things.values())
    itself, root = things["ro-crate-metadata.json"], things["./"]
    assert itself["@type"] == "CreativeWork" and itself["about"] == {"@id": "./"}
    assert itself["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset" and root["version"] == VERSION
    assert {"name", "description", "datePublished", "license"} <= root.keys()
    assert {part["@id"] for part in root["hasPart"]} == parts
    spoken = {id.removeprefix(STEM): thing["inLanguage"] for id, thing in things.items() if "inLanguage" in thing}
    editions = {"-html.zip": ["en", "ja"], ".pdf": "en", ".ja.pdf": "ja"}
    assert spoken == {end: spoken for end, spoken in editions.items() if STEM + end in parts}
    for part in parts:
        assert things[part]["name"] and things[things[part]["license"]["@id"]]["name"]
        assert int(things[part]["contentSize"]) == (folder / part).stat().st_size
    for thing in things.values():  # whatever it points at is described, and nothing is nested
        for value in thing.values():
            for pointer in value if isinstance(value, list) else [value]:
                if isinstance(pointer, dict) and thing is not itself:
                    assert [*pointer] == ["@id"] and pointer["@id"] in things


def test_the_same_tree_gives_the_same_bytes(repository):
    repository.made()
    sums = (repository.out / "SHA256SUMS").read_text()
    for path in repository.folder.rglob("*.html"):
        path.touch()
    repository.made()
    assert (repository.out / "SHA256SUMS").read_text() == sums


def test_the_pdf_is_part_of_it_where_there_is_a_browser(repository):
    repository.write("tools/pdf.py", "")
    repository.commit()
    output = repository.made()
    assert f"{STEM}.pdf: OK" in output and f"{STEM}.ja.pdf: OK" in output
    check_crate(repository.out, {path.name for path in repository.out.glob(f"{STEM}*")})
    repository.write("tools/pdf.py", "raise SystemExit('pdf: CHROMIUM is x, and there is none')")
    repository.commit()
    repository.refuses("CHROMIUM is x")
