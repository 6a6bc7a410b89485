"""Translations: bring the book's messages into locale/ja, and say what is missing.

    python tools/translations.py update    # make translations: renew the catalogues, count what is to be done
    python tools/translations.py check     # name every message that is not translated as it should be

Messages come from Sphinx's gettext builder, run on the committed chapters, which nothing executes
(_ext/messages.py adds those of code and tables). Reference pages describe code: but for
their list they stay English.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
import messages  # noqa: E402

WORK, LOCALE = ROOT / "_build" / "gettext", ROOT / "locale" / "ja" / "LC_MESSAGES"
SOURCES = """chapters reference data results adoption tests/fixtures _ext _static tools/pdf.py _toc.yml
    references.bib CITATION.cff index.md"""
PIECE = "put together in code"
HEADER = "# Text: CC BY 4.0, as the book. `make translations` renews this file from the English."


def extract(root=ROOT, work=WORK):
    """The template of each catalogue, by the name of its file; what is only a piece of a text is marked so."""
    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"  # extensions are found beside the configuration
    for name in SOURCES.split():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (root / name).is_dir() else shutil.copyfile
        copy(root / name, source / name)
    config = (root / "_config.yml").read_text(encoding="utf-8")
    (source / "_config.yml").write_text(config.replace("execute_notebooks: auto", 'execute_notebooks: "off"'), "utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("jupyter-book"), "build", source, "--path-output", work, "-q"]
        + ["--builder", "custom", "--custom-builder", "gettext"],
        env={**os.environ, "SOURCE_DATE_EPOCH": "0", "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"translations: {done.stdout}{done.stderr}".replace(f"{source}/", ""))
    folder = work / "_build" / "gettext"
    found = {}
    for path in sorted(folder.rglob("*.pot")):
        name = path.relative_to(folder).with_suffix(".po").as_posix()
        if name == "reference/index.po" or not name.startswith(("reference/", "sphinx.")):
            with open(path, "rb") as file:
                found[name] = read_po(file)
    for name, message, piece in messages.messages(source):
        found.setdefault(f"{name}.po", Catalog()).add(message, auto_comments=[PIECE] * piece)
    return found


# --- what is missing ------------------------------------------------------------------------------

ROLE = re.compile(r"\{[\w:]+\}`[^`]*`|`[^`]+`|\]\([^)]*\)|\[\^\d+\]|<[^>]*>|\$?\{[\w-]*(?:[:.!][^{}]*)?\}")
NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)( million| billion|[万億]|)")
SPELT = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
SPELT = dict(zip(f"{SPELT}ninety hundred".split(), [*range(13, 20), *range(20, 101, 10)]))
MANY = {"万": 1e4, "億": 1e8, " million": 1e6, " billion": 1e9, "": 1}


def numbers(text: str) -> set[float]:
    """Numbers above twelve that are typed in a text, 1万 as 10,000; without years of eras."""
    text = re.sub(r"(?:令和|平成)\d+", " ", ROLE.sub(" ", text))
    found = {round(float(digits.replace(",", "")) * MANY[many], 6) for digits, many in NUMBER.findall(text)}
    return {number for number in found if number > 12}


def emphasis(text: str) -> list[str]:
    [inline] = MarkdownIt().parseInline(text)
    return sorted(part.type for part in inline.children if part.type in ("strong_open", "em_open"))


def flaws(message: str, said: str):
    """What a translation has that its message has not, or the other way round."""
    ours, theirs = sorted(ROLE.findall(message)), sorted(ROLE.findall(said))
    if ours != theirs:
        yield f"found the places {', '.join(theirs) or 'none'}, expected {', '.join(ours) or 'none'}"
    spelt = {number for word, number in SPELT.items() if word.removesuffix("y") in message.lower()}
    if added := numbers(said) - numbers(message) - spelt:
        yield f"found the number {', '.join(f'{n:g}' for n in added)}, which the English has not"
    if lost := numbers(message) - numbers(said):
        yield f"found no number {', '.join(f'{n:g}' for n in lost)}, which the English has"
    if re.search(r"\\\s", message + said):
        yield "found a broken line, expected a paragraph: Sphinx 9 knows no message by that"
    if emphasis(message) != emphasis(said):
        yield "found other emphasis (* or **) than in the English; ** beside a letter and { or 。 needs a blank"


def check(templates, locale=LOCALE):
    """One line for each message that is missing, changed, or other than its English."""
    for name, template in templates.items():
        known = {}
        if (locale / name).exists():
            with open(locale / name, "rb") as file:
                known = {m.id: m for m in read_po(file)}
        for message in (m for m in template if m.id):
            start = " ".join(str(message.id).split())[:60]
            place = f"{name}: “{start}{'…' * (len(message.id) > 60)}”"
            ours = known.get(message.id)
            if PIECE in message.auto_comments:
                yield f"{place}: {PIECE}, expected tr('… {{place}} …').format(place=…)"
            elif ours is None or not ours.string:
                yield f"{place}: not translated"
            elif ours.fuzzy:
                yield f"{place}: the English has changed, the translation is marked fuzzy"
            else:
                yield from (f"{place}: {flaw}" for flaw in flaws(message.id, ours.string))


def update(templates, locale=LOCALE):
    """Renew the catalogues; a message that has changed keeps its translation, marked fuzzy."""
    for name, template in templates.items():
        catalogue = template
        if (locale / name).exists():
            with open(locale / name, "rb") as file:
                catalogue = read_po(file, locale="ja")
            catalogue.update(template, update_header_comment=False, update_creation_date=False)
        catalogue.locale, catalogue.fuzzy, catalogue.header_comment = "ja", False, HEADER
        catalogue.project, catalogue.version, catalogue.revision_date = "adoption", "", catalogue.creation_date
        for message in catalogue:
            # Not Python's formats: "95% interval", {n}`id`. What `flaws` says holds.
            message.flags -= {"python-format", "python-brace-format"}
            text = str(message.id)
            if not message.string and re.search(r"`|\]\(", text) and not re.search("[A-Za-z]", ROLE.sub("", text)):
                message.string = message.id  # nothing but roles
        (locale / name).parent.mkdir(parents=True, exist_ok=True)
        with open(locale / name, "wb") as file:
            write_po(file, catalogue, width=0, no_location=True, ignore_obsolete=True, omit_header=False)


if __name__ == "__main__":
    templates = extract()
    if "update" in sys.argv:
        update(templates)
    found = list(check(templates))
    print("\n".join(found) if "check" in sys.argv else "", end="\n" * ("check" in sys.argv))
    for name, template in templates.items():
        wrong = sum(line.startswith(f"{name}:") for line in found)
        print(f"translations: {name}: {wrong} of {len(template)} to do")
    sys.exit(f"translations: {len(found)} to do in all" if found and "check" in sys.argv else 0)
