"""Builds that are killed, that run at once, or that cannot write: the next one is right again.

Each works on a copy of a small book, built (conftest.py). How many are killed at random moments:
INTERRUPTIONS=20 (default 2).
"""

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
COUNT = int(os.environ.get("INTERRUPTIONS", 2))


def start(book):
    # A shell's background job, as which the tests may run, ignores Ctrl-C.
    return subprocess.Popen(
        book.command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def until(started, words):
    for line in started.stdout:
        if words in line:
            return
    pytest.fail(f"the build ended without saying {words!r}")


@pytest.mark.parametrize("number", range(COUNT))
def test_after_a_kill_the_next_build_is_right(book, renumbered, number):
    """Killed at a random moment: after an edit, and every third in a build from nothing.

    Either the build alone is killed, whose helpers then go on, or all of them.
    """
    expected, chance = renumbered, random.Random(number)
    last_good = book.pages()
    if number % 3 == 1:
        shutil.rmtree(book.html.parent)
        shutil.rmtree(book.folder / ".book")
        last_good = {}
    expected.edit(book)
    started = start(book)
    moment = chance.uniform(0, expected.seconds)
    try:
        started.wait(moment)
    except subprocess.TimeoutExpired:
        if number % 2:
            started.kill()
        else:
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
    # Between the two renames there is none: the next build puts it back.
    assert book.pages() in (last_good, expected.pages()) or not book.html.exists(), (
        "half of one build and half of another"
    )
    book.built()
    assert book.pages() == expected.pages(), f"killed after {moment:.2f} s"
    for name in ("results/results.csv", "chapters/one.ipynb"):
        assert (book.folder / name).read_bytes() == (expected.folder / name).read_bytes()
    assert "nothing changed" in book.built()


def test_what_a_killed_build_started_is_waited_for(book):
    """Its chapters would otherwise be executed beside those of the next one."""
    book.change("chapters/one.ipynb", "data.pause()", "import time; time.sleep(3)")
    started = start(book)
    until(started, "executing")
    started.kill()
    started.wait()
    output = book.built()
    assert "another build is running here; waiting for it" in output
    # Those that ran were kept.
    assert output.count("executing") == 0


def test_a_kill_between_the_two_renames_leaves_the_last_book(book):
    before = book.pages()
    book.html.rename(book.folder / ".book" / "html.old")
    assert "nothing changed" in book.built() and book.pages() == before


def test_control_c_is_no_traceback(book):
    book.change("data/pause.csv", "0", "20")
    before = book.pages()
    started = start(book)
    until(started, "executing")
    time.sleep(0.5)
    os.killpg(started.pid, signal.SIGINT)
    output = started.communicate(timeout=60)[0]
    assert started.returncode != 0 and "book: interrupted" in output
    assert 'tools/build.py", line' not in output
    assert book.pages() == before


def test_two_at_once_do_not_mix(book, retitled):
    retitled.edit(book)
    outputs = [started.communicate(timeout=300)[0] for started in (start(book), start(book))]
    assert sum("waiting for it" in output for output in outputs) == 1, outputs
    assert sum("nothing changed" in output for output in outputs) == 1, outputs
    assert book.pages() == retitled.pages()


def test_an_edit_during_the_build_is_built_by_the_next(book):
    """The build under way is of the files as they were when it began, and of nothing else."""
    book.change("chapters/one.ipynb", "data.pause()", "import time; time.sleep(3)")
    started = start(book)
    until(started, "executing")
    book.change("data/table.csv", "6", "8")
    book.change("chapters/words.md", "A term", "Another term")
    book.change("adoption/data.py", "return int(text)", "return -int(text)")
    started.communicate(timeout=300)
    assert started.returncode == 0
    assert "one: 6" in book.page("chapters/one") and "A term" in book.page("chapters/words")
    book.built()
    assert "one: -8" in book.page("chapters/one") and "claimed: -8" in book.page("chapters/claims")
    assert "Another term" in book.page("chapters/words")


# --- where nothing can be written ---------------------------------------------------------------


@pytest.fixture
def small_disk(finished, tmp_path, absent):
    """A small book on a file system of its own, which can be filled or made read-only."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    done = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(mounted)], capture_output=True, text=True
        )
        if shutil.which("mount")
        else None
    )
    if not done or done.returncode:
        absent("no file system can be mounted here", "REQUIRE_MOUNT")
    yield mounted, finished.copy(mounted / "book")
    subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def test_a_full_disk_is_said_and_leaves_the_last_book(small_disk, retitled):
    """Full from the beginning, while chapters are executed, and while pages are written."""
    mounted, book = small_disk
    before, filler = book.pages(), mounted / "filler"
    retitled.edit(book)
    for room in (0, 200_000, 1_500_000):
        with filler.open("wb") as file:
            for _ in range((shutil.disk_usage(mounted).free - room) // 4096):
                file.write(bytes(4096))
        code, output = book.build()
        last = output.strip().splitlines()[-1]
        assert code != 0 and last.startswith("book: ") and "No space left on device" in last, output
        assert "the last finished book is as it was" in last and book.pages() == before
        filler.unlink()
    book.built()
    assert book.pages() == retitled.pages()


def test_a_read_only_checkout_is_said_and_leaves_the_last_book(small_disk):
    mounted, book = small_disk
    before = book.pages()
    book.change("data/table.csv", "6", "7")
    shutil.copy(ROOT / "tools/setup.py", book.folder / "tools")
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    code, output = book.build()
    setup = subprocess.run([sys.executable, book.folder / "tools/setup.py"], capture_output=True, text=True)
    subprocess.run(["mount", "-o", "remount,rw", str(mounted)], check=True)
    assert code != 0 and re.fullmatch(
        r"book: .*Read-only file system: .*/\.book/lock'; the last finished book is as it was\n", output
    )
    assert setup.returncode != 0 and re.fullmatch("setup: .*Read-only file system.*\n", setup.stderr)
    assert book.pages() == before
