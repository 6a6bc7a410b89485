"""Build the book: one execution of each chapter serves nbmake and the pages.

    python tools/build.py [--all] [--frozen] [--plan]

1. The tables and the stored results are read strictly, if any of them changed.
2. The register is recomputed if its inputs changed (with --frozen: that is an error).
3. Chapters whose inputs changed (with --all: all) are copied to _build/run and executed there
   by pytest and nbmake, in parallel; each executed notebook moves to _build/stage.
4. Jupyter Book turns _build/stage into pages without executing anything, warnings as errors.
5. The finished pages replace _build/html in one step: a failed or interrupted build leaves the
   last good book where it was.

What a chapter depends on is not declared but observed while it runs (kernel_trace.py).
Standard library only: with nothing to do, the build ends before anything heavy is imported.
"""

import argparse
import datetime
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
RUN = BUILD / "run"        # notebooks being executed, in a folder for each build
STAGE = BUILD / "stage"    # executed notebooks and everything else Jupyter Book reads
SPHINX = BUILD / "sphinx"  # Sphinx's own output and caches
HTML = BUILD / "html"
OLD = BUILD / "html.old"   # the last book, while the new one takes its place
STATE = BUILD / "state.json"
CHECKED = BUILD / "checked"  # digest of the data when they were last in order
REGISTER = ROOT / "results" / "results.csv"
REGISTER_INPUTS = ROOT / "results" / "inputs.json"

# Read by Jupyter Book beside the notebooks.
PLAIN_SOURCES = ("_toc.yml", "_config.yml", "references.bib", "_static", "_ext", "chapters/*.md")
# A change in any of these executes every chapter again.
COMMON_INPUTS = ("requirements.txt", "tools/kernel_trace.py", "tools/nbstage.py")


held = []  # file descriptors that lock the folder for this build


class BuildError(Exception):
    pass


def say(message):
    print(f"book: {message}", flush=True)


def digest(data):
    return hashlib.sha256(data).hexdigest()[:32]


def write_atomically(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def read_json(path):
    """The object in a JSON file; an absent or damaged one counts as empty."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = {}
    return found if isinstance(found, dict) else {}


# --- what things depend on -------------------------------------------------------------------

class Inputs:
    """Digests of the things a chapter can depend on, as kernel_trace.py names them."""

    def __init__(self):
        self._package = read_json(ROOT / "data" / "datapackage.json")
        self._rows = {}
        if REGISTER.exists():
            lines = REGISTER.read_text(encoding="utf-8", errors="replace").splitlines()
            self._rows = {line.split(",", 1)[0]: line for line in lines[1:]}
        self._known = {}

        # As things are now, before anything is executed: what is edited meanwhile has another
        # digest by then, and its chapters are executed again.
        for folder in ("", "adoption/", "data/", "results/", "results/released/"):
            for path in sorted(ROOT.glob(f"{folder}*")):
                if path.is_file():
                    self.digest(f"file:{path.relative_to(ROOT).as_posix()}")
        for name in ("table:*", "result:*", *(f"table:{path.stem}"
                                              for path in ROOT.glob("data/*.csv"))):
            self.digest(name)

    def digest(self, name):
        if name not in self._known:
            kind, _, key = name.partition(":")
            self._known[name] = digest(getattr(self, f"_{kind}")(key))
        return self._known[name]

    def _file(self, key):
        # These two are followed by table and by row.
        if key in ("data/datapackage.json", "results/results.csv"):
            return b""
        if key.startswith("data/") and key.endswith(".csv"):
            return self._table(Path(key).stem)
        path = ROOT / key
        return path.read_bytes() if path.is_file() else b"absent"

    def _table(self, key):
        if key == "*":
            return json.dumps(self._package, sort_keys=True).encode()
        resources = self._package.get("resources")
        described = [r for r in resources if isinstance(r, dict) and r.get("name") == key] \
            if isinstance(resources, list) else []
        # Size and checksum follow from the file itself.
        kept = [{k: v for k, v in r.items() if k not in ("hash", "bytes")} for r in described]
        path = ROOT / "data" / f"{key}.csv"
        return json.dumps(kept, sort_keys=True).encode() + (
            path.read_bytes() if path.is_file() else b"absent")

    def _result(self, key):
        if key == "*":
            return REGISTER.read_bytes() if REGISTER.is_file() else b"absent"
        return self._rows.get(key, "absent").encode()


def common_digest():
    parts = [(ROOT / name).read_bytes() for name in COMMON_INPUTS]
    parts.append(f"{sys.version_info[:2]}".encode())
    return digest(b"\0".join(parts))


def notebooks():
    """Paths of the book's notebooks, in the order of the table of contents."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    named = re.findall(r"^\s*(?:- )?(?:root|file):\s*(\S+)\s*$", toc, re.M)
    found = [f"{name}.ipynb" for name in named if (ROOT / f"{name}.ipynb").exists()]
    left_out = {p.relative_to(ROOT).as_posix() for p in (ROOT / "chapters").glob("*.ipynb")}
    if left_out := sorted(left_out - set(found)):
        raise BuildError(f"not in _toc.yml: {', '.join(left_out)}")
    return found


# --- the data and the register ----------------------------------------------------------------

def data_digest():
    return files_digest("data/*.csv", "data/datapackage.json", "results/**/*", "adoption/*.py")


def check_data():
    """Have everything that is stored read strictly, unless it is as it was when all was well."""
    now = data_digest()
    if not CHECKED.exists() or CHECKED.read_text() != now:
        run([sys.executable, "-m", "adoption.stored"], "reading the data", quiet=True)
        write_atomically(CHECKED, now.encode())


def refresh_register(frozen):
    recorded = read_json(REGISTER_INPUTS)
    changed = [name for name, known in recorded.items()
               if not (ROOT / name).is_file() or digest((ROOT / name).read_bytes()) != known]
    if REGISTER.exists() and recorded and not changed:
        return
    why = ", ".join(changed) or "results/"
    if frozen:
        raise BuildError(f"changed since the register was computed: {why}; run \"make results\", "
                         "and look at the difference before committing it")
    say(f"recomputing the register, since {why} changed")
    run([sys.executable, "-m", "adoption.results"], "the register")


# --- execution -------------------------------------------------------------------------------

def release_epoch():
    """The release date in CITATION.cff: dates in the pages do not depend on the day of build."""
    released = re.search(r"^date-released: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    day = datetime.datetime.fromisoformat(released[1]).replace(tzinfo=datetime.timezone.utc)
    return str(int(day.timestamp()))


def environment(**more):
    """The same answer wherever and whenever the build runs."""
    return {
        **os.environ, "PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": release_epoch(),
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1", "BOOK_ROOT": str(ROOT),
        # This folder's modules, wherever the environment's editable install points.
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")]), **more,
    }


def run(command, what, quiet=False, **more):
    """Run a command; its errors are shown, and its output too unless it is to be quiet.

    The command holds the build's lock too: should the build be killed, the next one waits until
    the program that it started has ended.
    """
    done = subprocess.run([str(c) for c in command], cwd=ROOT, env=environment(**more),
                          stdout=subprocess.DEVNULL if quiet else None, pass_fds=held)
    if done.returncode:
        raise BuildError(f"{what} failed; the reason stands above")


def stale(name, state, inputs):
    """Whether a notebook must be executed again."""
    known = state.get(name, {})
    executed = STAGE / name
    return (
        not known
        or known["source"] != digest((ROOT / name).read_bytes())
        or known["common"] != common_digest()
        or not executed.exists()
        or known["executed"] != digest(executed.read_bytes())
        or any(inputs.digest(key) != value for key, value in known["inputs"].items())
    )


def normalised(path):
    """An executed notebook without what differs between two runs of the same code."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
    notebook["metadata"].get("language_info", {}).pop("version", None)
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def execute(names, state, inputs):
    # A folder of its own: what a killed build started may still write into the old one.
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=RUN))
    sources = {}
    for name in names:
        source = (ROOT / name).read_bytes()
        sources[name] = digest(source)
        write_atomically(folder / name, source)
    ipython = BUILD / "ipython" / "profile_default" / "startup"
    write_atomically(ipython / "00-trace.py", (ROOT / "tools/kernel_trace.py").read_bytes())
    write_atomically(ipython.parent / "ipython_config.py",
                     b"get_config().HistoryManager.enabled = False\n")
    common = common_digest()
    workers = min(len(names), os.cpu_count() or 1)
    parallel = ["-p", "xdist.plugin", "-n", str(workers), "--dist", "worksteal"] \
        if workers > 1 else []
    try:
        run([sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", folder, "-q",
             "-p", "no:cacheprovider", "-p", "nbmake.pytest_plugin", "-p", "nbstage",
             "--nbmake", "--overwrite", "--nbmake-timeout", "600", *parallel,
             *(folder / name for name in names)],
            # Other plugins would only cost their start.
            "a chapter", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", IPYTHONDIR=str(BUILD / "ipython"))
    finally:
        # Chapters that ran are kept even when another failed.
        for name in names:
            keep(folder, name, sources[name], common, state, inputs)
        write_atomically(STATE, json.dumps(state, indent=1).encode())
    shutil.rmtree(RUN, ignore_errors=True)


def keep(folder, name, source, common, state, inputs):
    """Move an executed notebook to the stage, with the digests of what it read."""
    path = folder / name
    trace = Path(f"{path}.trace")
    if not trace.exists() or not finished(path):
        state.pop(name, None)
        return
    executed = normalised(path)
    write_atomically(STAGE / name, executed)
    state[name] = {
        "source": source, "common": common, "executed": digest(executed),
        "inputs": {key: inputs.digest(key) for key in sorted(set(trace.read_text().split()))},
    }


def finished(path):
    """Whether every code cell ran, without an error and without output on stderr."""
    # A notebook that could not be written whole reads as an empty object.
    cells = read_json(path).get("cells")
    if cells is None:
        return False
    for cell in cells:
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        outputs = cell["outputs"]
        if cell["execution_count"] is None or any(
                o["output_type"] == "error" or o.get("name") == "stderr" for o in outputs):
            return False
    return True


# --- pages -----------------------------------------------------------------------------------

def plain_sources():
    for pattern in PLAIN_SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                if file.is_file() and "__pycache__" not in file.parts:
                    yield file.relative_to(ROOT).as_posix(), file.read_bytes()


def staged_config(config):
    """_config.yml for pages whose notebooks have been executed already."""
    setting = b"execute_notebooks: auto"
    if config.count(setting) != 1:
        raise BuildError("_config.yml: expected exactly one line 'execute_notebooks: auto'")
    return config.replace(setting, b'execute_notebooks: "off"')


def stage(names):
    """Bring the stage up to date; returns the digest of each file on it."""
    wanted = {name: digest((STAGE / name).read_bytes()) for name in names}
    for name, content in plain_sources():
        if name == "_config.yml":
            content = staged_config(content)
        path = STAGE / name
        if not path.exists() or path.read_bytes() != content:
            write_atomically(path, content)
        wanted[name] = digest(content)
    for path in STAGE.rglob("*"):
        if path.is_file() and path.relative_to(STAGE).as_posix() not in wanted:
            path.unlink()
    return wanted


def tree_digest(folder):
    """Of the names and sizes of all files: enough to notice a folder somebody touched."""
    listing = sorted((p.relative_to(folder).as_posix(), p.stat().st_size)
                     for p in folder.rglob("*") if p.is_file()) if folder.exists() else []
    return digest(json.dumps(listing).encode())


def files_digest(*patterns):
    files = sorted(p for pattern in patterns for p in ROOT.glob(pattern) if p.is_file())
    return digest("\n".join(f"{p.relative_to(ROOT).as_posix()} {digest(p.read_bytes())}"
                            for p in files).encode())


def extras_digest():
    """Of what the pages are made of besides the stage: the tables beside them, code, packages."""
    return digest((common_digest() + files_digest(
        "data/*.csv", "data/datapackage.json", "results/*.csv", "results/results.json",
        "adoption/figure_renderer.py", "adoption/citation.py", "CITATION.cff")).encode())


def book_digest():
    """Of everything that the pages come from: data, code, text and lock."""
    return files_digest("data/*.csv", "data/datapackage.json", "results/*.csv",
                        "results/released/*.csv", "adoption/*.py",
                        "index.ipynb", "chapters/*", "_ext/*.py", "_ext/*.js",
                        "_ext/templates/**/*", "_static/*", "_config.yml", "_toc.yml",
                        "references.bib", "CITATION.cff", "requirements.txt")


def stamp(folder, book):
    """Put the build's digest where _ext/book_pages.py left a place for it, on every page."""
    place = b'<span class="build-digest">not stamped</span>'
    text = f'<span class="build-digest" title="{book}">{book[:12]}</span>'.encode()
    for path in folder.rglob("*.html"):
        page = path.read_bytes()
        if place in page:
            path.write_bytes(page.replace(place, text))
    (folder / "build.json").write_text(json.dumps({"digest": book}) + "\n")


def pages_of_other_builds(folder, book):
    """Names of pages that carry another build's digest, or none."""
    stamps = re.compile(rb'<span class="build-digest"(?: title="(\w*)")?>')
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html"))
            if any(found != book.encode() for found in stamps.findall(path.read_bytes()))]


def write_pages(state):
    """Run Jupyter Book on the stage."""
    state.pop("html", None)
    write_atomically(STATE, json.dumps(state, indent=1).encode())
    # All pages, always: where Sphinx writes some, its search index loses the terms of the others,
    # and figures of earlier builds stay.
    shutil.rmtree(SPHINX, ignore_errors=True)
    run([BIN / "jupyter-book", "build", STAGE, "--path-output", SPHINX, "-W", "-n",
         "--keep-going", "-q"], "Jupyter Book", quiet=True)


def recover():
    """Put the last good book back, where a build was killed while it exchanged the two."""
    if OLD.exists() and not HTML.exists():
        OLD.rename(HTML)


def publish(wanted, book, state):
    """Put the finished pages in the place of the last ones, in one step."""
    fresh, old = BUILD / "html.new", OLD
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(SPHINX / "_build" / "html", fresh,
                    ignore=shutil.ignore_patterns(".buildinfo*"))
    stamp(fresh, book)
    if HTML.exists():
        HTML.rename(old)
    fresh.rename(HTML)
    shutil.rmtree(old, ignore_errors=True)
    state["html"] = {"pages": wanted, "book": book, "tree": tree_digest(HTML)}
    write_atomically(STATE, json.dumps(state, indent=1).encode())


BIN = Path(sys.executable).parent


def plan():
    """Say which chapters a build would execute, as the register stands now."""
    state, inputs = read_json(STATE), Inputs()
    todo = [Path(name).stem for name in notebooks() if stale(name, state, inputs)]
    say(f"would execute: {', '.join(todo) or 'nothing'}")


def build(everything=False, frozen=False):
    started = time.monotonic()
    state = read_json(STATE)
    check_data()
    refresh_register(frozen)
    check_data()  # the register may be a new one
    names = notebooks()
    inputs = Inputs()
    todo = [name for name in names if everything or stale(name, state, inputs)]
    if todo:
        say(f"executing {len(todo)} of {len(names)} chapters: "
            + ", ".join(Path(name).stem for name in todo))
        execute(todo, state, inputs)
    wanted = stage(names)
    wanted["extras"] = extras_digest()
    known, book = state.get("html", {}), book_digest()
    if known.get("book") == book and (left := pages_of_other_builds(HTML, book)):
        say(f"left from another build, and replaced: {', '.join(left)}")
        known = {**known, "tree": None}
    if known != {"pages": wanted, "book": book, "tree": tree_digest(HTML)}:
        if known.get("pages") != wanted or not SPHINX.exists():
            say("writing the pages")
            write_pages(state)
        publish(wanted, book, state)
    else:
        say("nothing changed")
    say(f"ready after {time.monotonic() - started:.1f} s: "
        f"{(HTML / 'index.html').relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(description="Build the book into _build/html.")
    parser.add_argument("--all", action="store_true", help="execute every chapter anew")
    parser.add_argument("--frozen", action="store_true",
                        help="fail where the committed register is out of date")
    parser.add_argument("--plan", action="store_true",
                        help="only say which chapters would be executed")
    options = parser.parse_args()
    try:
        if options.plan:
            return plan()
        BUILD.mkdir(exist_ok=True)
        with open(BUILD / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another build is running here; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            held.append(lock.fileno())
            try:
                recover()
                build(options.all, options.frozen)
            finally:
                recover()
    except KeyboardInterrupt:
        sys.exit("\nbook: interrupted; the last finished book is as it was")
    except shutil.Error as error:
        # One line for each file that could not be copied: the first says it all.
        sys.exit(f"book: {error.args[0][0][2]}; the last finished book is as it was")
    except (BuildError, OSError) as error:
        sys.exit(f"book: {error}; the last finished book is as it was")


if __name__ == "__main__":
    main()
