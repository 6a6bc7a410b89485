"""Build the book: hold the lock, read everything once, and run the steps of tools/book.mk.

    python tools/build.py [--check]    --check: every chapter anew, and the register may not change

A build reads a copy of the sources, made when it begins: what is edited meanwhile is another book.
What is made carries in its name the digest of what it was made from: what is there is right.
"""

import calendar
import csv
import fcntl
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".book"
SOURCE, EXECUTED, STAGE = WORK / "source", WORK / "executed", WORK / "stage"
SPHINX, HTML, OLD = WORK / "sphinx", ROOT / "_build" / "html", WORK / "html.old"
# Digests of what Sphinx finished with; of the sources, and of the pages as they were put there.
READ, PUBLISHED = WORK / "read.json", WORK / "published"
SOURCES = """adoption chapters reference data results tests/fixtures locale _ext _static _config.yml _toc.yml index.*
    references.bib CITATION.cff LICENSE* requirements.txt tools/build.py tools/book.mk""".split()
# What any chapter may read. The register is read by some of them, and what its rows mean by none.
COMMON = re.compile(r"(adoption|data|results|tests|tools)/|CITATION\.cff|requirements\.txt")
REGISTER, FAMILIES = "results/results.csv", "results/families.csv"
READERS = ("chapters/claims.ipynb",)  # they read the rows of the others alone
# What pages say of where they stand; the digest of a book is that of its sources alone.
ADDRESSES = {name: os.environ.get(name, "") for name in ("BOOK_URL", "REPOSITORY_URL", "PDF_URL")}
# What is appended to the names of each edition's folders; catalogues make the Japanese one.
EDITIONS = ["", "-ja"] if (ROOT / "locale" / "ja").is_dir() else [""]
SPOKEN = re.compile(r"locale/\w+/LC_MESSAGES/[^/]*\.po|locale/\w+/LC_MESSAGES/(chapters/.*)\.po")
PLACE = b'<span class="build-digest">not stamped</span>'  # left by _ext/book_pages.py
CITED = b"not-stamped"  # left by _ext/citation.py


def say(message):
    print(f"book: {message}", flush=True)


def digests(folder, patterns=("*",)):
    """Digest of each file, by its name in the folder."""
    found = {
        file.relative_to(folder).as_posix(): file
        for pattern in patterns
        for path in folder.glob(pattern)
        for file in (path, *path.rglob("*"))
    }
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for name, file in sorted(found.items())
        if file.is_file() and not re.search(r"__pycache__|\.ipynb_checkpoints|\.(partial|mo)$", name)
    }


def digest(*parts):
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def take():
    """Copy the sources to SOURCE: what is edited from now on is another build's."""
    found, known = digests(ROOT, SOURCES), digests(SOURCE, SOURCES)
    for name in {name for name, _ in found.items() ^ known.items()}:
        shutil.rmtree((SOURCE / name).parent / "__pycache__", ignore_errors=True)
        (SOURCE / name).unlink(missing_ok=True)
        if name in found:
            (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, SOURCE / name)


def read():
    """Digests of the copy and of what all chapters read; the executed chapters, named by theirs."""
    found = digests(SOURCE, SOURCES)
    common = digest(
        sys.version_info[:2],
        {name: value for name, value in found.items() if COMMON.match(name) and name not in (REGISTER, FAMILIES)},
    )
    lines = (SOURCE / REGISTER).read_text(encoding="utf-8").splitlines() if REGISTER in found else []
    others = [row for row in csv.DictReader(lines) if f"chapters/{row.get('chapter')}.ipynb" not in READERS]
    messages = {name: value for name, value in found.items() if len(EDITIONS) > 1 and SPOKEN.fullmatch(name)}

    def spoken(page):
        """Digests of the translations that a page may use."""
        return {name: value for name, value in messages.items() if SPOKEN.fullmatch(name)[1] in (None, page)}

    keys = {
        name: digest(common, value, name in READERS and others, *([spoken(name[:-6])] if messages else ()))
        for name, value in found.items()
        if re.match(r"chapters/[^/]*\.ipynb$", name)
    }
    return digest(found), common, [f".book/executed/{name[:-6]}.{key}.ipynb" for name, key in keys.items()]


def chapter(target):
    """The chapter that is executed as this target."""
    return re.sub(r"\.\w{32}(?=\.ipynb$)", "", target.removeprefix(".book/executed/"))


def execute(may_fail, *targets):
    """Execute chapters by nbmake, all at once, in a new folder; keep each that ran to its end."""
    names = {chapter(target): target for target in targets}
    say(f"executing {len(names)} chapters: {', '.join(Path(name).stem for name in names)}")
    shutil.rmtree(WORK / "run", ignore_errors=True)
    folder = WORK / "run" / str(time.time_ns())
    for name in names:
        try:
            notebook = json.loads((SOURCE / name).read_text(encoding="utf-8"))
            notebook["cells"] += again(notebook["cells"], name[:-6]) if len(EDITIONS) > 1 else []
        except (KeyError, TypeError, ValueError) as error:
            sys.exit(f"book: {name}: found no notebook ({error}), expected JSON with cells")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    options = "-q -p no:cacheprovider -p nbmake.pytest_plugin --nbmake --overwrite --nbmake-timeout 600".split()
    if len(names) > 1:
        options += ["-p", "xdist.plugin", "-n", str(min(len(names), os.cpu_count())), "--maxschedchunk", "1"]
    options += sorted(names, key=lambda name: -(folder / name).stat().st_size)  # the longest first
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", folder, *options],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    failed = {}
    for name, target in names.items():
        try:
            notebook = json.loads((folder / name).read_text(encoding="utf-8"))
        except ValueError:  # it could not be written whole
            notebook = {"cells": []}
        if wrong := trouble(notebook["cells"]):
            failed[name] = wrong
            continue
        for cell in notebook["cells"]:  # what differs between two runs of the same code
            cell["metadata"].pop("execution", None)
        notebook["metadata"].get("language_info", {}).pop("version", None)
        for edition, cells in reversed(list(zip(EDITIONS, split(notebook["cells"])))):  # the target last
            kept = ROOT / target.replace("/executed/", f"/executed{edition}/")
            text = json.dumps({**notebook, "cells": cells}, ensure_ascii=False, indent=1) + "\n"
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            kept.parent.mkdir(parents=True, exist_ok=True)
            (folder / name).rename(kept)
            for old in set(kept.parent.glob(f"{Path(name).stem}.*")) - {kept}:
                old.unlink()
    if failed and failed.keys() <= {*may_fail.split()}:
        return
    # Last what reads the results of the others, and may have failed for the lack of them.
    for name, wrong in sorted(failed.items(), key=lambda item: item[0] in READERS):
        said = f"{name}, {wrong}" + f"\n{done.stdout}" * (wrong[-1] == ":")
        say(re.sub(r"\x1b\[[\d;]*m|[^\s('\"]*\.book/(source|run/\w+)/", "", said))
    if failed or done.returncode:
        sys.exit(f"book: these chapters failed: {', '.join(failed)}" if failed else done.stdout)


def again(cells, page):
    """Cells that run a page's code a second time, in Japanese."""
    speak = f"from adoption import language\nlanguage.use('ja', {page!r})"
    first = {"cell_type": "code", "id": "ja", "metadata": {}, "source": speak, "outputs": [], "execution_count": None}
    return [first, *({**cell, "id": f"ja-{cell['id']}"} for cell in cells if cell["cell_type"] == "code")]


def split(cells):
    """The executed cells of each edition: the page as it stands, and with its outputs in Japanese."""
    ids = [cell["id"] for cell in cells]
    if "ja" not in ids:
        return [cells]
    first, second = cells[: ids.index("ja")], {cell["id"]: cell for cell in cells[ids.index("ja") :]}
    return [
        first,
        [
            {**cell, "outputs": second.get(f"ja-{cell['id']}", {}).get("outputs")} if "outputs" in cell else cell
            for cell in first
        ],
    ]


def trouble(cells):
    """What is wrong with an executed notebook, its cell named first; '' if nothing is."""
    where = "it"  # where the kernel died no cell is known
    for cell in cells:
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                return f"cell {cell['id']} failed:\n" + "\n".join(output["traceback"])
            if output.get("name") == "stderr":
                return f"cell {cell['id']} printed on stderr:\n" + "".join(output["text"])
        if cell["execution_count"] is None:
            return f"{where} did not come to its end:"
        where = "a cell after " + cell["id"]
    return "" if cells else "the executed notebook could not be written:"


def tables():
    """Read the tables and the stored results strictly: a damaged one is named, with its place."""
    from adoption import data, validation

    try:
        data.check_rows(), validation.simulated(), validation.outside_ranges()
    except data.DataError as error:
        sys.exit(f"book: {error}\nbook: {data.WHAT_IF}")
    for name in data.changed():
        say(f"data: {name} differs from its recorded checksum; make test fails until make data renews it")


def forget():
    """Let Sphinx read again what changed since it finished last: pages alone, or else everything.

    It goes by times, which say nothing about contents: what is as it was is made old. All pages
    are written, always: where Sphinx writes some, its search index loses the terms of the others.
    """
    for edition in EDITIONS:
        forget_edition(*(path.with_name(path.name + edition) for path in (STAGE, READ, SPHINX)))


def forget_edition(stage, read, sphinx):
    now, known = digests(stage) | ADDRESSES, {}
    if read.exists():
        known = json.loads(read.read_text(encoding="utf-8"))
        read.unlink()  # until Sphinx has finished
    changed = {name for name in now.keys() | known.keys() if now.get(name) != known.get(name)}
    if all(re.match(r"chapters/[^/]*\.(ipynb|md)$", name) and name in now and name in known for name in changed):
        shutil.rmtree(sphinx / "_build" / "html", ignore_errors=True)
        for name in now.keys() - changed - ADDRESSES.keys():
            os.utime(stage / name, (0, 0))
    else:
        shutil.rmtree(sphinx, ignore_errors=True)


def explain(log):
    """What the page builder said, with the name of a cell for its number: 20004 is in the second."""

    def place(found):
        cells = json.loads((STAGE / found[1]).read_text(encoding="utf-8"))["cells"]
        return f"{found[1]}, cell {cells[int(found[2]) - 1]['id']}"

    said = Path(log).read_text(encoding="utf-8").replace(f"{STAGE}-ja/", "").replace(f"{STAGE}/", "")
    # Where it reads and writes is no place of the reader's.
    said = re.sub(r"(?m)^(Running Jupyter|Source Folder|Config Path|Output Path|Building your|==|$).*\n", "", said)
    sys.exit(re.sub(r"(chapters/[\w-]+\.ipynb):(\d+)\d{4}\b", place, said))


def serve(port):
    """Show the book on a port of this machine."""
    pages = partial(http.server.SimpleHTTPRequestHandler, directory=HTML)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), pages)
    except (OSError, OverflowError, ValueError) as error:
        sys.exit(f"serve: port {port}: {error}; another one: make serve PORT=8080")
    print(f"book: http://localhost:{port}/ (stop with Ctrl-C)", flush=True)
    server.serve_forever()


def publish(book):
    """Stamp the finished pages with the build's digest, and put them in the last ones' place."""
    pages = SPHINX / "_build" / "html"
    for edition in EDITIONS:
        stage, read, sphinx = (path.with_name(path.name + edition) for path in (STAGE, READ, SPHINX))
        read.write_text(json.dumps(digests(stage) | ADDRESSES), encoding="utf-8")
        if edition:
            (sphinx / "_build" / "html").rename(pages / edition[1:])
    stamp = f'<span class="build-digest" title="{book}">{book[:12]}</span>'.encode()
    for path in (*pages.rglob("*.html"), *pages.rglob("*.json")):
        path.write_bytes(path.read_bytes().replace(PLACE, stamp).replace(CITED, book[:12].encode()))
    (pages / "build.json").write_text(json.dumps({"digest": book}) + "\n", encoding="utf-8")
    for path in pages.rglob(".buildinfo"):
        path.unlink()
    shutil.rmtree(OLD, ignore_errors=True)
    HTML.parent.mkdir(exist_ok=True)
    if HTML.exists():
        HTML.rename(OLD)
    pages.rename(HTML)
    PUBLISHED.write_text(f"{book} {digest(digests(HTML) | ADDRESSES)}", encoding="utf-8")


def build(check, lock):
    """Run the steps: the register may change twice, and must be what chapters record then.

    What reads it may fail beside others that bring it what is missing, and is executed again then.
    """
    if OLD.exists() and not HTML.exists():  # killed between two renames
        OLD.rename(HTML)
    if check:
        shutil.rmtree(EXECUTED, ignore_errors=True)
        for path in [PUBLISHED, *WORK.glob(READ.name + "*")]:
            path.unlink(missing_ok=True)
    take()
    for goal in ("published",) if check else ("collected", "collected", "published"):
        book, common, targets = read()
        published = PUBLISHED.read_text(encoding="utf-8") if PUBLISHED.exists() else ""
        if published == f"{book} {digest(digests(HTML) | ADDRESSES)}":
            return say("nothing changed")
        others = {chapter(target) for target in targets if not (ROOT / target).exists()} - {*READERS}
        # Dates in the pages are that of the release, and do not depend on the day of the build.
        released = re.search(r"date-released: (\S+)", (SOURCE / "CITATION.cff").read_text())[1]
        variables = {
            "BIN": str(Path(sys.executable).parent),
            "BOOK": book,
            "COMMON": common,
            "EPOCH": str(calendar.timegm(time.strptime(released, "%Y-%m-%d"))),
            "EXECUTED": " ".join(targets),
            "CHECK": "--check" * (goal == "published"),
            "JA": EDITIONS[-1],
            "MAY_FAIL": " ".join(READERS) if others and goal == "collected" else "",
        }
        # Every step holds the lock too: should this program be killed, the next build waits for it.
        done = subprocess.run(
            ["make", "-s", "-f", "tools/book.mk", goal, *map("=".join, variables.items())],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if "MAKE" not in name},
            pass_fds=[lock.fileno()],
        )
        if done.returncode:
            raise OSError(
                "No space left on device" if shutil.disk_usage(ROOT).free < 1e6 else "the reason stands above"
            )


def main():
    """Build, one at a time."""
    started = time.monotonic()
    WORK.mkdir(exist_ok=True)
    with open(WORK / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        build("--check" in sys.argv, lock)
    say(f"ready after {time.monotonic() - started:.1f} s: _build/html/index.html")


if __name__ == "__main__":
    step, arguments = "".join(sys.argv[1:2]).removeprefix("--check"), sys.argv[2:]
    steps = {function.__name__: function for function in (tables, execute, forget, explain, publish, serve)}
    try:
        steps.get(step, main)(*arguments)
    except KeyboardInterrupt:
        sys.exit(130 if step else "\nbook: interrupted; the last finished book is as it was")
    except OSError as error:
        sys.exit(f"book: {error}" + "; the last finished book is as it was" * (not step))
