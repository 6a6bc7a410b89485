"""What several tests share: the sources beside the repository, the built book."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "_build" / "hypothesis"))
# The same examples in every run, and no failure because a machine is slow.
hypothesis.settings.register_profile("book", database=None, derandomize=True, deadline=None)
hypothesis.settings.load_profile("book")


def absent(what: str, variable: str):
    """Skip for lack of something, or fail where the environment says that it must be there."""
    if os.environ.get(variable):
        pytest.fail(f"{what}, and {variable} is set")
    pytest.skip(what)


@pytest.fixture(scope="session", name="absent")
def absent_for_other_folders():
    return absent


@pytest.fixture(scope="session")
def pdf():
    """tools/pdf.py as a module."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module("pdf")
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the official source files, which the repository does not contain."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        absent("the official source files are not beside the repository", "REQUIRE_SHARED")
    return folder


@pytest.fixture(scope="session")
def html(pytestconfig) -> Path:
    """The finished pages, every chapter executed anew by nbmake.

    `make test` builds them before it starts pytest on several cores, and says so.
    """
    if os.environ.get("BOOK_IS_BUILT"):
        return ROOT / "_build" / "html"
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.fail("each worker would build the book: run make test, or pytest without -n")
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(flush=True)
        built = subprocess.run([sys.executable, ROOT / "tools" / "build.py", "--all", "--frozen"])
    if built.returncode:
        pytest.fail("the book does not build; the reason stands above", pytrace=False)
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def copy_of_the_build(html):
    """Function that copies the repository's files with their finished build to a new folder."""
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, text=True, check=True)

    def copy(folder: Path) -> Path:
        for name in tracked.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        shutil.copytree(ROOT / "_build", folder / "_build", symlinks=True,
                        ignore=shutil.ignore_patterns("hypothesis", "pdf", "release"))
        return folder
    return copy
