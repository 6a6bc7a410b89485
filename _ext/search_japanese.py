"""Search that finds Japanese terms inside longer ones.

Japanese is written without spaces, so that Sphinx takes 奈良県 for one word and a search for 奈良
finds nothing. Each pair of neighbouring Japanese characters is therefore indexed as well. Longer
terms are found as parts of words by Sphinx's own search.
"""

import re

from sphinx.search.en import SearchEnglish

JAPANESE = re.compile(r"[\u3005\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff]{2,}")


class SearchEnglishAndJapanese(SearchEnglish):
    lang = "en"

    def split(self, text):
        pairs = [run[i : i + 2] for run in JAPANESE.findall(text) for i in range(len(run) - 1)]
        return super().split(text) + pairs


class SearchJapanese(SearchEnglishAndJapanese):
    """Japanese by its pairs of characters alone, in pages and in questions; Latin words as in English."""

    lang = "ja"
    language_name = "Japanese"
    js_splitter_code = """
function splitQuery(query) {
  const japanese = /[\\u3005\\u3041-\\u3096\\u30a1-\\u30fe\\u3400-\\u4dbf\\u4e00-\\u9fff]+/g;
  const runs = query.match(japanese) ?? [];
  const pairs = runs.flatMap((run) => [...run].length < 2 ? [run]
    : [...run].slice(1).map((second, i) => [...run][i] + second));
  return [...new Set([...pairs, ...query.replace(japanese, " ").split(/[^\\p{L}\\p{N}_]+/u).filter(Boolean)])];
}
"""

    def split(self, text):
        return super().split(JAPANESE.sub(" ", text)) + [
            run[i : i + 2] for run in JAPANESE.findall(text) for i in range(len(run) - 1)
        ]


def setup(app):
    app.add_search_language(SearchJapanese)
    app.add_search_language(SearchEnglishAndJapanese)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
