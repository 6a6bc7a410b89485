"""Make the files of a release, and verify downloaded ones.

    python tools/release.py version 0.2.0    write the version where it stands, store its register
    python tools/release.py make             test, build, and put the files into _build/release
    python tools/release.py check FILE       verify a release: its folder, its manifest, or one file

A release is the book as HTML, its PDF where a browser is found, the register, the data package,
and a manifest: size and SHA-256 of each file, the digest of the pages (the one that make reproduce
prints), and what computed them. It is refused for a tree with uncommitted changes, a failing test,
or a version that was released before.
"""

import argparse
import csv
import datetime
import hashlib
import importlib.metadata
import io
import json
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import pdf
import reproduce

from adoption import changes, citation, data

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "_build" / "release"
NAME = "local-government-ai-rpa"
MANIFEST = "manifest.json"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Where the version is written by start_version.
PLACES = {"CITATION.cff": re.compile(r"^version: (\S+)$", re.M),
          "pyproject.toml": re.compile(r'^version = "(\S+)"$', re.M)}


class ReleaseError(Exception):
    pass


def git(*arguments: str) -> str:
    """Output of a git command in the repository."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


# --- the version ------------------------------------------------------------------------------

def place(name: str) -> tuple[str, re.Match]:
    """The text of a file that holds the version, and where in it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = list(PLACES[name].finditer(text))
    if len(found) != 1:
        raise ReleaseError(f"{name}: found {len(found)} versions, expected one")
    return text, found[0]


def read_version() -> str:
    """The version, which stands in CITATION.cff, pyproject.toml and CHANGELOG.md."""
    found = {name: place(name)[1][1] for name in PLACES}
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    found["CHANGELOG.md"] = heading[1] if heading else "none"
    version = found["CITATION.cff"]
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"CITATION.cff: found version {version}, expected one like 1.2.3")
    for name, other in found.items():
        if other != version:
            raise ReleaseError(f"{name}: found version {other}, expected {version} as in CITATION.cff")
    return version


def number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def start_version(version: str) -> None:
    """Write a new version where it stands, with today's date, and store its register."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"found version {version}, expected one like 1.2.3")
    if git("tag", "--list", f"v{version}"):
        raise ReleaseError(f"version {version} was released as v{version}")
    newest = max((path.stem for path in changes.versions(changes.RELEASED)), key=number,
                 default=version)
    if number(newest) > number(version):
        raise ReleaseError(f"found version {version}, expected none before {newest}")
    today = datetime.date.today().isoformat()
    for name in PLACES:
        text, found = place(name)
        text = text[:found.start(1)] + version + text[found.end(1):]
        if name == "CITATION.cff":
            text = re.sub(r"(?m)^(date-released: )\S+$", rf"\g<1>{today}", text)
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")
    stored = changes.RELEASED / f"{version}.csv"
    stored.write_bytes(changes.PATH.read_bytes())
    print(f"release: version {version} of {today} stands in {', '.join(PLACES)}, its register in "
          f"{stored.relative_to(ROOT)}. Give it a section in CHANGELOG.md, and commit")


# --- what a release is refused for --------------------------------------------------------------

def check_tree() -> None:
    """Everything that is released is committed."""
    if dirty := git("status", "--porcelain", "--untracked-files=all"):
        raise ReleaseError(f"found uncommitted changes, expected none:\n{dirty}")


def check_version(version: str) -> None:
    """The version is new, and its register is stored."""
    tag = f"v{version}"
    if git("tag", "--list", tag) and git("rev-list", "-n1", tag) != git("rev-parse", "HEAD"):
        raise ReleaseError(f"version {version} was released as {tag} from another commit: start a "
                           "new one with make version VERSION=...")
    tags = [name[1:] for name in git("tag", "--list", "v*").split()]
    known = [name for name in (*tags, *(path.stem for path in changes.versions(changes.RELEASED)))
             if VERSION.fullmatch(name)]
    newest = max(known, key=number, default=version)
    if number(newest) > number(version):
        raise ReleaseError(f"found version {version}, expected one after {newest}")
    stored = changes.RELEASED / f"{version}.csv"
    if not stored.exists() or stored.read_bytes() != changes.PATH.read_bytes():
        raise ReleaseError(
            f"{stored.relative_to(ROOT)}: found {'another' if stored.exists() else 'no'} register, "
            f"expected that of this version: run make version VERSION={version}, and commit")


def run_tests() -> None:
    """All tests; they build the book as well."""
    print("release: running all tests", flush=True)
    if subprocess.run(["make", "--silent", "test"], cwd=ROOT).returncode:
        raise ReleaseError("a test failed; the reason stands above")


# --- the files ----------------------------------------------------------------------------------

def archive(target: Path, files: dict[str, Path]) -> None:
    """A ZIP archive whose bytes depend on names and contents alone.

    files: by the name that each gets in the archive.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name)  # dated 1980-01-01
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            made.writestr(entry, path.read_bytes())


def describe(path: Path) -> dict:
    """Name, size and SHA-256 of a file."""
    return {"name": path.name, "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def packages() -> dict[str, str]:
    """Versions of the locked packages that are installed, by name."""
    locked = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    installed = {re.sub(r"[-_.]+", "-", found.name).lower(): found.version
                 for found in importlib.metadata.distributions()}
    return {name: installed[name] for name in locked if name in installed}


def make_pdf(target: Path) -> None:
    """The PDF, where a browser is found."""
    if not pdf.find_browser():
        print("release: no PDF, since no Chromium or Chrome was found", flush=True)
        return
    pdf.main()
    target.write_bytes(pdf.PDF.read_bytes())


def make(version: str) -> list[Path]:
    """Write the files of a release into _build/release; the manifest comes last."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    work, stem = citation.book(), f"{NAME}-{version}"
    html = pdf.HTML
    pages = {path.relative_to(html).as_posix(): path
             for path in html.rglob("*") if path.is_file()}
    archive(OUT / f"{stem}-html.zip", {f"{stem}/{name}": path for name, path in pages.items()})
    archive(OUT / f"{stem}-data.zip", {
        f"{stem}-data/{path.name}": path
        for path in [*data.DATA.glob("*.csv"), data.DATA / data.PACKAGE]})
    for kind in ("csv", "json"):
        source = changes.PATH.with_suffix(f".{kind}")
        (OUT / f"{stem}-register.{kind}").write_bytes(source.read_bytes())
    make_pdf(OUT / f"{stem}.pdf")
    files = sorted(OUT.iterdir())
    manifest = {
        "title": work.title, "version": version, "released": work.released,
        "commit": git("rev-parse", "HEAD"),
        "digest": reproduce.digest(reproduce.digests(html)),
        "python": platform.python_version(), "packages": packages(),
        "files": [describe(path) for path in files],
    }
    (OUT / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n",
                                encoding="utf-8", newline="\n")
    return [*files, OUT / MANIFEST]


# --- verifying ----------------------------------------------------------------------------------

def read_manifest(folder: Path) -> dict:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        names = [file["name"] for file in manifest["files"]]
        told = ("version", "released", "commit", "python", "digest")
        if not all(isinstance(manifest[name], str) for name in told) or any(
                PurePosixPath(name).name != name or "\\" in name for name in names):
            raise ValueError("a file's name or a property is no plain text")
    except FileNotFoundError:
        raise ReleaseError(f"{path}: found no such file, expected the release's manifest beside "
                           "its files") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{path}: found {error!r}, expected the manifest of a release") from None
    return manifest


def unpacked(path: Path) -> dict[str, bytes]:
    """Contents of a release's archive, by name without its one folder."""
    with zipfile.ZipFile(path) as opened:
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}


def check_contents(path: Path, manifest: dict) -> str:
    """What a file says of itself, beyond its bytes; returns a remark."""
    if path.name.endswith("-html.zip"):
        tree = {name: hashlib.sha256(content).hexdigest()
                for name, content in unpacked(path).items()}
        if (found := reproduce.digest(tree)) != manifest["digest"]:
            raise ReleaseError(f"{path.name}: found pages with digest {found}, expected "
                               f"{manifest['digest']}")
        return f", {len(tree)} files with the digest {found}"
    if path.name.endswith("-data.zip"):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in unpacked(path).items():
                (Path(folder) / PurePosixPath(name).name).write_bytes(content)
            return f", {len(data.check(Path(folder)))} tables in order"
    if path.name.endswith("-register.csv"):
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        return f", {len(rows)} results"
    return ""


def check(path: Path) -> None:
    """Verify a release; ReleaseError at the first file that is not the released one.

    path: the release's folder or manifest, and all files must be there; or one of its files.
    """
    whole = path.is_dir() or path.name == MANIFEST
    if not path.exists():
        raise ReleaseError(f"{path}: found no such file, expected a release's folder or file")
    folder = path if path.is_dir() else path.parent
    manifest = read_manifest(folder)
    chosen = [file for file in manifest["files"] if whole or file["name"] == path.name]
    if not chosen:
        raise ReleaseError(f"{path.name}: the manifest names no such file")
    for file in chosen:
        target = folder / file["name"]
        if not target.is_file():
            raise ReleaseError(f"{target}: found no such file, expected one, as the manifest says")
        for key, found in describe(target).items():
            if found != file.get(key):
                raise ReleaseError(f"{target}: found {key} {found}, expected {file.get(key)}")
        print(f"release: {file['name']} is the released file{check_contents(target, manifest)}")
    print(f"release: version {manifest['version']} of {manifest['released']}, made from commit "
          f"{manifest['commit']} with Python {manifest['python']}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make or verify the files of a release.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version").add_argument("version")
    commands.add_parser("make")
    commands.add_parser("check").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "version":
            return start_version(options.version)
        if options.command == "check":
            return check(options.file)
        # What takes a moment first, what takes minutes then.
        pdf.find_browser()
        check_tree()
        version = read_version()
        check_version(version)
        commit = git("rev-parse", "HEAD")
        run_tests()
        check_tree()
        if git("rev-parse", "HEAD") != commit:
            raise ReleaseError("another commit was checked out while the tests ran")
        for path in make(version):
            print(f"release: {path.relative_to(ROOT)}, {path.stat().st_size / 1e6:.1f} MB")
        check(OUT)
    except KeyboardInterrupt:
        sys.exit("\nrelease: interrupted")
    except (ReleaseError, pdf.PdfError, data.DataError, zipfile.BadZipFile, OSError) as error:
        sys.exit(f"release: {error}")


if __name__ == "__main__":
    main()
