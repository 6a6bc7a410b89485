"""Translations: what is found missing or different, each by a sabotage, and that nothing is."""

import ast
import json
import re
from pathlib import Path

import messages
import pytest
import translations
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from adoption import data, language, register

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = "**At least {n}`a.share:.0%`** of 1,788 had it: see [](page), [the brief](brief) and `results.csv`[^1]."
SAID = (
    "1,788団体のうち**少なくとも{n}`a.share:.0%`** が導入していた。[](page)、[概要](brief)、`results.csv`を参照[^1]。"
)


def found(message, said, fuzzy=False, template=True, locale=None, comments=()):
    """What the check says of one translation."""
    english = Catalog()
    english.add(message, auto_comments=comments)
    if said is not None:
        known = Catalog(locale="ja")
        known.add(message, said, flags=["fuzzy"] if fuzzy else [])
        with open(locale / "page.po", "wb") as file:
            write_po(file, known)
    return list(translations.check({"page.po": english}, locale))


def test_a_good_translation_is_good(tmp_path):
    assert found(SENTENCE, SAID, locale=tmp_path) == []


@pytest.mark.parametrize(
    "said, flaw",
    [
        (None, "not translated"),
        ("", "not translated"),
        (SAID.replace("{n}`a.share:.0%`", "{n}`a.share:.1%`"), "found the places"),
        (SAID.replace("{n}`a.share:.0%`", "五割"), "found the places"),
        (SAID.replace("[](page)", "[](pages)"), "found the places"),
        (SAID.replace("(brief)", "(claims)"), "found the places"),
        (SAID.replace("`results.csv`", "results.csv"), "found the places"),
        (SAID.replace("[^1]", ""), "found the places"),
        (SAID.replace("1,788", "1,741"), "found the number 1741, which the English has not"),
        (SAID.replace("1,788団体のうち", ""), "found no number 1788, which the English has"),
        (SAID.replace("、[概要]", "\\\n[概要]"), "found a broken line"),
        (SAID.replace("** が", "**が"), "found other emphasis"),
    ],
)
def test_each_flaw_is_named_with_its_sentence(tmp_path, said, flaw):
    [line] = [line for line in found(SENTENCE, said, locale=tmp_path) if flaw in line]
    assert line.startswith("page.po: “**At least {n}`a.share:.0%`** of 1,788 had it")


def test_an_english_sentence_that_changed_is_named(tmp_path):
    [line] = found(SENTENCE, SAID, fuzzy=True, locale=tmp_path)
    assert "the English has changed" in line


@pytest.mark.parametrize(
    "message, said", [("10,000 people", "1万人"), ("1.8 million", "180万"), ("100 billion", "1000億")]
)
def test_numbers_in_the_japanese_manner(message, said):
    assert list(translations.flaws(message, said)) == []
    assert list(translations.flaws(message, said.replace("1", "2", 1)))


def test_renewing_keeps_what_is_there_and_marks_what_changed(tmp_path):
    one, other = Catalog(), Catalog()
    one.add("A sentence about local governments and their size.")
    translations.update({"page.po": one}, tmp_path)
    path = tmp_path / "page.po"
    path.write_text(
        path.read_text("utf-8").replace('msgstr ""\n\n', 'msgstr ""\n\n').rstrip()[:-2] + '"自治体"\n', "utf-8"
    )
    translations.update({"page.po": one}, tmp_path)
    assert "自治体" in path.read_text("utf-8") and "fuzzy" not in path.read_text("utf-8")
    other.add("A sentence about local governments and their sizes.")
    translations.update({"page.po": other}, tmp_path)
    with open(path, "rb") as file:
        [message] = [m for m in read_po(file) if m.id]
    assert message.fuzzy and message.string == "自治体"


# --- what code says -------------------------------------------------------------------------------


def test_messages_of_code():
    code = """
name = "not shown"
figures.title(axes, "A title")
figures.title(axes, tr("{share} of all").format(share=share))
figures.show(figure, name="fig-x", alt=tr("An alt text"), caption="A caption", source="A source")
figures.table(frame, heads={"t": "Technology"}, caption="Heads " "and more")
frame = pd.DataFrame({"Found here": 1, "code": 2}, columns=["Named", "plain"])
figures.title(axes, f"Put {together} of it")
axes.set(xlabel="Population", xlim=(0, 1))
"""
    said = list(messages.spoken(code, shown=True))
    assert {text for text, piece in said if not piece} == {
        *("A title", "{share} of all", "An alt text", "A caption", "A source", "Technology", "Heads and more"),
        *("Found here", "Named", "Population"),
    }
    assert [text for text, piece in said if piece] == ["Put ", " of it"]


def test_a_text_that_is_put_together_is_named(tmp_path):
    [line] = found("Put ", None, locale=tmp_path, comments=[translations.PIECE])
    assert line.startswith("page.po: “Put”: put together in code")


def test_no_module_translates_what_no_catalogue_can_hold():
    """tr(f"...") would be looked up with its numbers in it."""
    for path in [*ROOT.glob("adoption/*.py"), *ROOT.glob("_ext/*.py"), ROOT / "tools/pdf.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and messages.called(node) in ("tr", "mark"):
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), (path.name, node.lineno)


# --- the edition ----------------------------------------------------------------------------------


def test_nothing_is_left_to_translate():
    assert list(translations.check(translations.extract())) == []


def test_both_editions_record_the_same_numbers(html):
    executed = sorted((ROOT / ".book" / "executed").rglob("*.ipynb"))
    assert executed
    for path in executed:
        english, japanese = (
            [
                {name: row[name] for name in ("id", "value", "lower", "upper", "p_value")}
                for cell in json.loads(file.read_text("utf-8"))["cells"]
                for output in cell.get("outputs", ())
                for row in output.get("metadata", {}).get("adoption", {}).get("rows", ())
            ]
            for file in (path, ROOT / ".book" / "executed-ja" / path.relative_to(ROOT / ".book" / "executed"))
        )
        assert english == japanese, path.name


#: Names that Japanese texts write in Latin letters.
LATIN = re.compile(r"\b(?:AI|RPA|OCR|MIC|[A-Z][\w’'.-]*|[\w./-]*[\d_.][\w./-]*)\b")


def test_no_english_words_are_left_on_a_japanese_page(html):
    """Three in a row, outside code, citations, values of data and what says that it is English."""
    from bs4 import BeautifulSoup

    left, quoted = [], {text for name in ("later-surveys", "quoted-figures") for text in data.load(name)["quotation"]}
    for path in sorted((html / "ja").rglob("*.html")):
        name = path.relative_to(html / "ja").with_suffix("").as_posix()
        if name.startswith(("reference/", "_", "genindex", "search")):
            continue
        article = BeautifulSoup(path.read_text("utf-8"), "html.parser").find("article", class_="bd-article")
        # Pages that describe functions are in English, and so are some of the sources that are quoted.
        skipped = "pre, code, script, .citation, .bibliography, [lang=en]:not(.untranslated), [href*='reference/']"
        for part in article.select(skipped):
            part.decompose()
        texts = [*article.stripped_strings, *(image["alt"] for image in article.find_all("img"))]
        left += [
            (name, text[:80])
            for text in texts
            if re.search(r"(?:\b[a-z]{2,} ){3}", LATIN.sub(" ", text))
            and text not in quoted
            and "のいずれか" not in text
        ]
    assert left == []


JAPANESE = "[\u3040-\u30ff\u4e00-\u9fff]"


def test_what_figures_say_in_japanese_has_no_signs_of_english(html):
    """No blank beside Japanese, and no half-width comma, colon or semicolon after it."""
    files = sorted((html / "ja/figures").glob("*.json"))
    said = {path.stem: json.loads(path.read_text("utf-8")) for path in files}
    left = [
        (name, key, text[max(0, found.start() - 20) : found.end() + 20])
        for name, figure in said.items()
        for key, text in figure.items()
        if key in ("alt", "caption", "source")
        for found in re.finditer(rf"{JAPANESE}[ ,;:]|[ ,;:] ?{JAPANESE}", text)
    ]
    assert len(said) > 15 and left == []


def test_buttons_and_landmarks_of_japanese_pages_speak_japanese(html):
    from bs4 import BeautifulSoup

    left = set()
    described = BeautifulSoup((html / "ja/reference/survey.html").read_text("utf-8"), "html.parser")
    assert described.find("article", class_="bd-article").h1.find_parent(lang=True)["lang"] == "en"
    assert "貢献者" in (html / "ja/index.html").read_text("utf-8").partition('class="component-author"')[2][:100]
    for path in sorted((html / "ja").rglob("*.html")):
        if path.relative_to(html / "ja").parts[0] not in ("reference", "_modules"):
            page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
            assert all(link.get("lang") == "en" for link in page.select("li.toctree-l2 > a[href*='reference/']"))
            for part in page.select("button, nav, section, aside, summary, input, i, a.headerlink"):
                names = (part.get(name, "") for name in ("title", "aria-label", "placeholder"))
                left |= {name for name in names if re.search("[a-z]{3}", name) and not re.search(JAPANESE, name)}
    assert left == set()


def test_no_plan_to_introduce_and_none_to_use_jointly_are_two_words():
    """The survey prints 導入予定なし in one question and 実施予定なし in the other."""
    language.use("ja", "**/*")
    try:
        assert register.words("rate")["no-plan"] == "導入予定なし"
        assert register.words("answer")["no_plan"] == "実施予定なし"
    finally:
        language.use("en")
