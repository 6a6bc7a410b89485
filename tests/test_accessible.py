"""_ext/accessible.py and _ext/content_security.py: what they make of a page's text."""

import base64
import hashlib

import accessible
import content_security
import pytest


@pytest.mark.parametrize(
    "text, marked",
    [
        ("introduced (導入済み), ", 'introduced (<span lang="ja">導入済み</span>), '),
        ("「AI・RPA活用促進」", '<span lang="ja">「AI・RPA活用促進」</span>'),
        ("<p>人口</p> of <em>28</em>", '<p><span lang="ja">人口</span></p> of <em>28</em>'),
        ('<img alt="人口"/>', '<img alt="人口"/>'),
        ("<script>x = '人口'</script>", "<script>x = '人口'</script>"),
        ("<option>奈良市</option>", "<option>奈良市</option>"),
        ("28 February 2020 – “x” · 10⁻⁶", "28 February 2020 – “x” · 10⁻⁶"),
    ],
)
def test_japanese_is_marked(text, marked):
    assert accessible.mark_japanese(text) == marked


def sha256(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_policy_allows_what_is_there_and_no_more():
    page = (
        "<script src='a.js'></script><script>one()</script><script>two()</script>"
        '<script type="application/ld+json">{}</script><style>p { color: red }</style>'
    )
    parts = dict(part.split(" ", 1) for part in content_security.policy(page).split("; "))
    assert parts["default-src"] == "'none'" and parts["base-uri"] == "'none'"
    assert set(parts["script-src"].split()) == {"'self'", sha256("one()"), sha256("two()")}
    assert set(parts["style-src"].split()) == {"'self'", sha256("p { color: red }")}
