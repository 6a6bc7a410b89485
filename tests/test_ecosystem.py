"""What people of this ecosystem type works too, not only make: on a copy without any build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    if not os.environ.get("REQUIRE_PLAIN"):
        pytest.skip("executes every chapter once more: set REQUIRE_PLAIN=1 to run it")
    folder = tmp_path_factory.mktemp("plain") / "book"
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, text=True, check=True)
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def run(command, folder):
    """As typed in an activated environment, with this copy's package."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
           "PYTHONPATH": str(folder if (folder / "adoption").exists() else folder.parent)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_nbmake_on_the_chapters(checkout):
    chapters = len(list((checkout / "chapters").glob("*.ipynb")))
    out = run([BIN / "pytest", "--nbmake", "-n", "2", "chapters"], checkout)
    assert f"{chapters} passed" in out


def test_a_chapter_from_its_own_folder(checkout):
    run([BIN / "jupyter", "execute", "who-adopts-first.ipynb"], checkout / "chapters")


def test_jupyter_book_build(checkout):
    run([BIN / "jupyter-book", "build", ".", "-W", "-n", "--keep-going"], checkout)
    page = (checkout / "_build/html/chapters/who-adopts-first.html").read_text(encoding="utf-8")
    assert "fig-exact-rates" in page and "108,174" in page
