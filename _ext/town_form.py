"""The directive `{town-form}`: the form of the page "my town".

It shows itself only where its script runs (my-town.js), which finds its numbers in the page, where
a cell of the chapter puts them (`adoption.my_town.payload`).
"""

from html import escape

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from adoption.language import mark, tr
from adoption.phrases import listed

FORM = """\
<form class="my-town" id="my-town" novalidate hidden>
<p><label for="town-population">{population}</label>
<input id="town-population" name="population" type="text" autocomplete="off"
 aria-describedby="town-help town-problem">
<button type="submit">{show}</button></p>
<p id="town-help">{help}</p>
<p><label for="town-example">{example}</label>
<select id="town-example"><option value="">{choose}</option>{options}</select></p>
<p id="town-problem" class="problem" role="alert"></p></form>
<div id="town-answer" class="my-town" role="region" aria-live="polite" aria-label="{answer}" hidden>
</div>
<noscript><p>{noscript}</p></noscript>
<script src="../_static/my-town.js" defer></script>
"""
WORDS = {
    "population": mark("Population in 2015"),
    "show": mark("Show"),
    "help": mark(
        "A whole number of people, such as 24,622, or the name of a municipality that the ministry’s deck names. "
        'Any other’s population stands in the <a href="https://www.e-stat.go.jp/">2015 census</a>.'
    ),
    "example": mark("Or a municipality from the deck"),
    "choose": mark("choose"),
    "answer": mark("Answer"),
    "noscript": mark("Typing a population needs JavaScript. The table below answers for several sizes without it."),
}


def form(examples) -> str:
    """The form as HTML; examples: pairs of a municipality's name and its population."""
    return FORM.format(
        options="".join(
            f'<option value="{population}">{escape(listed((name, f"{population:,}"), ": "))}</option>'
            for name, population in examples
        ),
        **{place: tr(words) for place, words in WORDS.items()},
    )


class TownForm(SphinxDirective):
    def run(self):
        from adoption import my_town  # a second, which only this page has to wait

        return [nodes.raw("", form(my_town.examples()), format="html")]


def setup(app):
    app.add_directive("town-form", TownForm)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
