"""The language in which code speaks: catalogues, texts made from templates, numbers as words."""

import pytest

from adoption import data, language, phrases, register
from adoption.language import tr


@pytest.fixture
def japanese(tmp_path, monkeypatch):
    """Speak Japanese, from a catalogue that a test writes."""

    def speak(**messages):
        for page, said in messages.items():
            path = tmp_path / "ja" / "LC_MESSAGES" / f"{page}.po"
            path.parent.mkdir(parents=True, exist_ok=True)
            entries = [f'{"#, fuzzy" * fuzzy}\nmsgid "{a}"\nmsgstr "{b}"\n' for a, b, fuzzy in said]
            path.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n' + "\n".join(entries))
        language.use("ja", "page")

    monkeypatch.setattr(language, "LOCALE", tmp_path)
    for cached in (language.catalogue, language._filled):
        cached.cache_clear()
    yield speak
    language.use("en")
    for cached in (language.catalogue, language._filled):
        cached.cache_clear()


def test_english_stands_in_the_code():
    assert language.spoken() == "en"
    assert tr("{share:.0%} had it").format(share=0.5) == "50% had it"
    assert language.mark("as it is") == "as it is"


def test_messages_come_from_what_pages_share_and_from_the_page(japanese):
    japanese(adoption=[("a share", "割合", False)], page=[("a town", "町", False)], other=[])
    assert [tr(text) for text in ("a share", "a town", "unknown")] == ["割合", "町", "unknown"]
    language.use("ja", "another")
    assert tr("a town") == "町"  # in the one folder of this test; chapters have their own


def test_a_translation_that_its_message_has_left_is_not_used(japanese):
    japanese(adoption=[("a share", "割合", True)])
    assert tr("a share") == "a share"


def test_columns_of_tables_translate_each_other(japanese):
    japanese(adoption=[])
    assert tr("Uda City") == "宇陀市" and tr("Hokkaido") == "北海道"


def test_texts_made_from_templates(japanese):
    japanese(
        adoption=[
            ("Share of {size_class} with {t}", "{size_class}の{t}導入率", False),
            ("under 10,000 people", "人口1万人未満", False),
            ("{size_class} alone", "{size_class}のみ", False),
        ]
    )
    templates = ("Share of {size_class} with {t}", "{size_class} alone", "{base}")
    said = language.tr_filled("Share of under 10,000 people with AI", templates)
    assert said == "人口1万人未満のAI導入率"
    # The first letter of a label is a capital; what stands in a place may be a template itself.
    assert language.tr_filled("Under 10,000 people alone", templates) == "人口1万人未満のみ"
    assert language.tr_filled("Nothing that is known", templates) == "Nothing that is known"
    language.use("en")
    assert language.tr_filled("Under 10,000 people alone", templates) == "Under 10,000 people alone"


def test_every_label_of_the_register_is_made_from_its_template():
    """So that each can be said in another language; numbers and ids stay as they are."""
    known = {text for family in register.families().values() for text in family.values()}
    known |= {text for words in register._words().values() for text in words.values()}
    known |= {*data.load("later-surveys")["source"], *data.load("quoted-figures")["source"]}
    known |= set(data.load("small-adopters")["body_en"])
    patterns = language._patterns(register._templates())

    def made(text):
        plain = text in known or text[:1].lower() + text[1:] in known
        return plain or any(pattern.fullmatch(text) for pattern, _ in patterns)

    for row in register.read_file().values():
        for text in (row.label, row.base, row.source):
            assert made(text) or all(map(made, text.split("; "))), (row.id, text)


def test_numbers_as_words(japanese):
    assert phrases.odds_phrase(1 / 56_000) == "1 in 56,000" and phrases.in_words(2.3e6) == "2.3 million"
    assert phrases.percent_range(0.464, 0.596) == "46% – 60%"
    japanese(adoption=[("1 in {many}", "{many}分の1", False)])
    assert phrases.odds_phrase(1 / 56_000) == "5.6万分の1" and phrases.odds_phrase(1 / 2.3e6) == "230万分の1"
    assert phrases.odds_phrase(1 / 1.2e9) == "12億分の1" and phrases.odds_phrase(1 / 980) == "980分の1"
    assert phrases.percent_range(0.464, 0.596) == "46%～60%" and phrases.p_phrase(1e-43) == "p < 10⁻⁴²"
