"""_ext/bibliography.py: one file of references, and Japanese works in Japanese."""

import copy
import re
from pathlib import Path

import bibliography
import pytest
from pybtex.backends.plaintext import Backend
from pybtex.database import parse_file

FILE = parse_file(Path(__file__).resolve().parents[1] / "references.bib")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
ADDRESS = re.compile(r"https?://\S+")


@pytest.fixture
def printed():
    """Each work as the Japanese edition lists it, by its key, in that order."""
    entries = copy.deepcopy(FILE.entries)
    bibliography.in_japanese(entries.values())
    bibliography.in_japanese(entries.values())  # as where a build takes up another one's work
    style = bibliography.Style()
    return {made.key: made.text.render(Backend()) for made in style.format_entries(entries.values())}


def test_a_japanese_work_stands_under_its_own_title(printed):
    assert printed["census2015"] == (
        "総務省統計局（2016）「平成27年国勢調査 人口等基本集計 第1表」、e-Stat。ファイル001_00。https://www.e-stat.go.jp/"
    )
    assert printed["mic2020"].startswith("総務省（2020）「自治体におけるAI・RPA活用促進」、スライド4")


def test_nothing_english_is_left_of_a_japanese_work(printed):
    works = {key for key, entry in FILE.entries.items() if JAPANESE.search(entry.fields["title"])}
    assert len(works) == 5
    for key in works:
        assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", ADDRESS.sub("", printed[key])), printed[key]
        assert {"author_ja", "yomi"} <= {*FILE.entries[key].fields}
        assert {f"{name}_ja" for name in ("howpublished", "note") if name in FILE.entries[key].fields} <= {
            *FILE.entries[key].fields
        }


def test_japanese_works_stand_first_by_their_reading(printed):
    assert list(printed)[:6] == [
        "inatsugu2022",
        "mic2020",
        "census2015",
        "dashboard2024",
        "jri2026",
        "balakrishnan2003",
    ]


def test_other_works_are_as_in_the_english_edition(printed):
    style = bibliography.plain.Style()
    english = {made.key: made.text.render(Backend()) for made in style.format_entries(FILE.entries.values())}
    assert [key for key in printed if printed[key] != english[key]] == list(printed)[:5]


def test_labels_of_the_japanese_pages(pages):
    cited = pages["ja/chapters/survey-data"].select("a.reference.internal[href*='references.html#id']")
    assert "［総務省、2020］" in pages["ja/chapters/survey-data"].get_text()
    assert cited and all(JAPANESE.search(link.get_text()) for link in cited)
    assert "Clopper及びPearson［1934］により" in pages["ja/chapters/joint-use"].get_text()
    assert "総務省（2020）「自治体におけるAI・RPA活用促進」" in pages["ja/chapters/references"].get_text()
    assert "[Ministry of Internal Affairs and Communications, 2020]" in pages["chapters/survey-data"].get_text()
