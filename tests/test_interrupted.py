"""Builds that are killed, that run at once, or that cannot write: the next one is right again.

Each works on a copy of the repository with its finished build. How many are killed at random
moments: INTERRUPTIONS=20 (default 3).
"""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COUNT = int(os.environ.get("INTERRUPTIONS", 3))
SENTENCE = "A sentence that nobody has read before."


def command(folder, *options):
    return [sys.executable, str(folder / "tools" / "build.py"), *options]


def build(folder, *options):
    done = subprocess.run(command(folder, *options), capture_output=True, text=True)
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def pages(folder):
    """Digest of every finished file, by its path."""
    tree = folder / "_build" / "html"
    return {path.relative_to(tree).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(tree.rglob("*")) if path.is_file()}


def edit(folder, chapter="joint-use"):
    """Add a sentence to a chapter."""
    path = folder / "chapters" / f"{chapter}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][-1]["source"].append("\n\n" + SENTENCE)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture
def folder(copy_of_the_build, tmp_path):
    return copy_of_the_build(tmp_path / "book")


@pytest.fixture(scope="module")
def reference(copy_of_the_build, tmp_path_factory):
    """Pages of the edited book, built in peace, and how many seconds that took."""
    folder = copy_of_the_build(tmp_path_factory.mktemp("reference") / "book")
    edit(folder)
    started = time.monotonic()
    code, output = build(folder)
    assert code == 0, output
    return pages(folder), time.monotonic() - started


@pytest.mark.parametrize("number", range(COUNT))
def test_after_a_kill_the_next_build_is_right(folder, reference, number):
    """Killed at a random moment: after an edit, and every fourth in a build from nothing.

    Either the build alone is killed, whose helpers then go on, or all of them.
    """
    expected, seconds = reference
    chance = random.Random(number)
    last_good = pages(folder)
    if number % 4 == 3:
        shutil.rmtree(folder / "_build")
        last_good, seconds = {}, 4 * seconds
    edit(folder)
    started = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    moment = chance.uniform(0, seconds)
    try:
        started.wait(moment)
    except subprocess.TimeoutExpired:
        if chance.random() < 0.5:
            started.kill()
        else:
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
    left = pages(folder)
    if not left and (folder / "_build/html.old").exists():
        left = last_good  # between the two renames: the next build puts it back
    assert left in (last_good, expected), "no book, or half of one build and half of another"
    code, output = build(folder)
    assert code == 0, f"killed after {moment:.2f} s: {output}"
    assert pages(folder) == expected, f"killed after {moment:.2f} s"
    assert "nothing changed" in build(folder)[1]


def test_a_kill_between_the_two_renames_leaves_the_last_book(folder):
    before = pages(folder)
    (folder / "_build/html").rename(folder / "_build/html.old")
    code, output = build(folder)
    assert code == 0 and "nothing changed" in output and pages(folder) == before


def test_control_c_is_no_traceback(folder):
    before = pages(folder)
    edit(folder)
    started = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, start_new_session=True)
    for line in started.stdout:
        if "executing" in line:
            break
    time.sleep(2)
    os.killpg(started.pid, signal.SIGINT)
    output = started.communicate(timeout=60)[0]
    assert started.returncode != 0 and "book: interrupted" in output
    assert 'tools/build.py", line' not in output
    assert pages(folder) == before


def test_two_at_once_do_not_mix(folder, reference):
    expected, _ = reference
    edit(folder)
    two = [subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True) for _ in range(2)]
    outputs = [one.communicate(timeout=300)[0] for one in two]
    assert [one.returncode for one in two] == [0, 0], outputs
    assert sum("waiting for it" in output for output in outputs) == 1
    assert sum("nothing changed" in output for output in outputs) == 1
    assert pages(folder) == expected


def test_an_edit_during_the_build_is_built_by_the_next(folder):
    """The chapter under way may show the old or the new table; the next build shows the new one."""
    table = folder / "data" / "consortium-tasks.csv"
    edit(folder, "small-adopters")
    started = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    for line in started.stdout:
        if "executing" in line:
            break
    text = table.read_text(encoding="utf-8")
    assert text.count("Light vehicle tax") == 1
    table.write_text(text.replace("Light vehicle tax", "Tax on light vehicles"), encoding="utf-8",
                     newline="\n")
    started.communicate(timeout=300)
    code, output = build(folder)
    assert code == 0, output
    page = (folder / "_build/html/chapters/small-adopters.html").read_text(encoding="utf-8")
    assert "Tax on light vehicles" in page and "Light vehicle tax" not in page


# --- where nothing can be written ---------------------------------------------------------------

@pytest.fixture
def small_disk(copy_of_the_build, tmp_path, absent):
    """The copy on a file system of its own, which can be filled or made read-only."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(mounted)],
                          capture_output=True, text=True) if shutil.which("mount") else None
    if not done or done.returncode:
        absent("no file system can be mounted here", "REQUIRE_MOUNT")
    yield mounted, copy_of_the_build(mounted / "book")
    subprocess.run(["umount", "--lazy", str(mounted)], check=True)


@pytest.mark.parametrize("room", [0, 3_000_000])
def test_a_full_disk_is_said_and_leaves_the_last_book(small_disk, reference, room):
    mounted, folder = small_disk
    before = pages(folder)
    edit(folder)
    filler = mounted / "filler"
    free = shutil.disk_usage(mounted).free - room
    with filler.open("wb") as file:
        for _ in range(free // 65536):
            file.write(bytes(65536))
    code, output = build(folder)
    assert code != 0 and "No space left on device" in output, output
    last = output.strip().splitlines()[-1]
    assert last.startswith("book: ") and "the last finished book is as it was" in last
    assert pages(folder) == before
    filler.unlink()
    code, output = build(folder)
    assert code == 0, output
    assert pages(folder) == reference[0]


def test_a_read_only_checkout_is_said_and_leaves_the_last_book(small_disk):
    mounted, folder = small_disk
    before = pages(folder)
    edit(folder)
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    code, output = build(folder)
    subprocess.run(["mount", "-o", "remount,rw", str(mounted)], check=True)
    assert code != 0 and "Traceback" not in output
    assert "Read-only file system" in output and "_build/lock" in output
    assert pages(folder) == before


def test_a_read_only_checkout_cannot_be_set_up(small_disk):
    mounted, folder = small_disk
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    done = subprocess.run([sys.executable, folder / "tools/setup.py"], capture_output=True, text=True)
    subprocess.run(["mount", "-o", "remount,rw", str(mounted)], check=True)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "setup: " in done.stderr and "Read-only file system" in done.stderr
