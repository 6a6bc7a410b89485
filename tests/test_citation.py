"""_ext/citation.py: entries that reference managers can read."""

import re

import citation
import pybtex.database
import pytest
from citation import Work

from adoption import language

BOOK = citation.book()
WITH_ADDRESS = Work(
    "Size & adoption", ("Sato, Hanako", "An institute, Tokyo"), "1.2.0", "2026-11-23", "https://example.org/book"
)


def parse(entry, key):
    [(found, parsed)] = pybtex.database.parse_string(entry, "bibtex").entries.items()
    assert found == key
    return parsed


@pytest.mark.parametrize(
    "part", ["", "Result ai.rate-ratio.municipal: 5.516853933", "Chapter “Who uses AI and RPA jointly?”"]
)
@pytest.mark.parametrize("work", [BOOK, WITH_ADDRESS])
def test_bibtex_is_read_by_a_parser(work, part):
    entry = parse(citation.bibtex(work, "a-key", part), "a-key")
    assert entry.type == "misc"
    assert entry.fields["title"].strip("{}") == work.title
    assert entry.fields["year"] == work.year and entry.fields["version"] == work.version
    assert part in entry.fields["note"] and work.version in entry.fields["note"]
    assert entry.fields.get("url", "") == work.url
    assert len(entry.persons["author"]) == len(work.authors)


def test_bibtex_keeps_an_institution_in_one_piece():
    [author] = parse(citation.bibtex(BOOK, "k"), "k").persons["author"]
    assert not author.first_names and " ".join(author.last_names).strip("{}") == BOOK.authors[0]


@pytest.mark.parametrize("part", ["", "Figure fig-exact-rates"])
@pytest.mark.parametrize("work", [BOOK, WITH_ADDRESS])
def test_ris_is_well_formed(work, part):
    lines = citation.ris(work, part).split("\n")
    tags = [line[:2] for line in lines]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines)
    assert lines[0] == "TY  - RPRT" and lines[-1] == "ER  - "
    assert tags.count("TY") == tags.count("ER") == tags.count("TI") == tags.count("PY") == 1
    assert tags.count("AU") == len(work.authors)
    assert ("N1" in tags) == bool(part) and ("UR" in tags) == bool(work.url)
    assert re.fullmatch(r"DA  - \d{4}/\d{2}/\d{2}", lines[tags.index("DA")])


def test_text_names_version_and_part():
    assert citation.text(WITH_ADDRESS, "Figure x") == (
        "Sato, Hanako; An institute, Tokyo (2026). Size & adoption. Version 1.2.0. Figure x. https://example.org/book"
    )
    assert citation.text(WITH_ADDRESS._replace(url="")).endswith("Version 1.2.0.")
    stamped = WITH_ADDRESS._replace(build="0123456789ab")
    assert "Version 1.2.0, build 0123456789ab. Figure x." in citation.text(stamped, "Figure x")
    assert (
        "Version 1.2.0, build 0123456789ab. Figure x"
        in parse(citation.bibtex(stamped, "k", "Figure x"), "k").fields["note"]
    )
    assert "ET  - Version 1.2.0, build 0123456789ab" in citation.ris(stamped).split("\n")


def test_a_title_that_asks_gets_no_full_stop():
    asked = citation.text(WITH_ADDRESS._replace(title="Does size decide?", url=""), "Chapter: Who leads?")
    assert asked.endswith("(2026). Does size decide? Version 1.2.0. Chapter: Who leads?")


def test_book_is_read_from_the_file(tmp_path):
    path = tmp_path / "CITATION.cff"
    path.write_text(
        "title: T\nauthors:\n  - family-names: Sato\n    given-names: Hanako\n"
        "  - name: An institute\nversion: 1.10\ndate-released: 2026-11-23\n"
        "url: https://example.org\n",
        encoding="utf-8",
    )
    assert citation.book(path)[1] == ("Sato, Hanako", "An institute")
    assert citation.book(path).released == "2026-11-23" and citation.book(path).year == "2026"
    path = tmp_path / "other.cff"
    path.write_text("title: T\nauthors: []\nversion: 1.0.0\n", encoding="utf-8")
    with pytest.raises(KeyError, match="date-released"):
        citation.book(path)


def test_nothing_is_invented():
    """No person and no DOI in the citation until there is one."""
    assert "doi" not in citation.PATH.read_text(encoding="utf-8").lower()
    assert BOOK.authors == ("The project's contributors",)


def test_a_part_is_cited_at_its_page():
    page = "chapters/x.html#fig-a"
    assert citation.text(WITH_ADDRESS, "Figure a", page).endswith(
        "Figure a. https://example.org/book/chapters/x.html#fig-a"
    )
    assert parse(citation.bibtex(WITH_ADDRESS, "k", "", page), "k").fields["url"] == f"{WITH_ADDRESS.url}/{page}"
    assert f"UR  - {WITH_ADDRESS.url}/{page}" in citation.ris(WITH_ADDRESS, "", page)
    nowhere = WITH_ADDRESS._replace(url="")
    assert "x.html" not in citation.text(nowhere, "Figure a", page) + citation.bibtex(nowhere, "k", "", page)


def test_address_is_given_when_the_book_is_built(monkeypatch):
    monkeypatch.setenv("BOOK_URL", "https://example.org/book")
    assert citation.book.__wrapped__(citation.PATH).url == "https://example.org/book"


@pytest.fixture
def japanese():
    language.use("ja", "**/*")
    yield citation.book.__wrapped__(citation.PATH)._replace(url="https://example.org/book", build="0123456789ab")
    language.use("en")


def test_citations_in_japanese(japanese):
    page = "chapters/x.html#fig-a"
    said = citation.text(japanese, "図fig-a", page)
    assert re.fullmatch(
        r"プロジェクト貢献者（20\d\d）『人口規模と.*』第[\d.]+版、ビルド0123456789ab、図fig-a。 https://example.org/book/ja/"
        + page,
        said,
    )
    entry = parse(citation.bibtex(japanese, "k", "図fig-a", page), "k")
    assert entry.fields["yomi"] == entry.fields["sortname"] == "ぷろじぇくとこうけんしゃ"
    assert entry.fields["langid"] == "japanese"
    assert entry.fields["note"].endswith("版、ビルド0123456789ab、図fig-a")
    ris = citation.ris(japanese, "図fig-a", page).split("\n")
    assert "LA  - ja" in ris and "AU  - プロジェクト貢献者" in ris
    assert not re.search("[Vv]ersion |build", said + entry.fields["note"] + "".join(ris))


def test_every_japanese_author_has_a_reading(japanese):
    """Else no list of references knows where the work stands."""
    assert {*japanese.authors} <= {*citation.READINGS}
    assert not re.search("[^\u3040-\u309fー ]", "".join(citation.READINGS.values()))
