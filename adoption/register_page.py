"""The register as a page: one row a result, each with its own anchor."""

import html
from collections.abc import Iterable

from adoption import citation
from adoption.register import Result

COLUMNS = ("Result", "Value", "From – to", "p", "Evidence", "Base", "Source", "Made by")


def number(value: float | None) -> str:
    """A number as the register's files have it; infinity as a sign."""
    return "" if value is None else f"{value:.10g}".replace("inf", "∞")


def part(result: Result) -> str:
    """What a citation says of one number: its id and value."""
    known = number(result.value) or f"{number(result.lower)} to {number(result.upper)}"
    if result.value is None and result.lower is None:
        known = f"p = {number(result.p_value)}"
    return f"Result {result.id} = {known}"


def row(result: Result) -> str:
    """One table row; its id is the result's id, so that a link can point at it."""
    id, label = html.escape(result.id), html.escape(result.label)
    span = " – ".join(number(end) for end in (result.lower, result.upper) if end is not None)
    cells = [f'<td class="number">{number(result.value)}</td>',
             f'<td class="number">{span}</td>',
             f'<td class="number">{number(result.p_value)}</td>',
             *(f"<td>{html.escape(text)}</td>" for text in
               (result.evidence, result.base, result.source)),
             f'<td><code>{html.escape(result.function.removeprefix("adoption."))}</code></td>']
    return (f'<tr id="{id}" data-part="{html.escape(part(result))}">'
            f'<th scope="row">{label} <span class="unit">({html.escape(result.unit)})</span><br>'
            f'<a class="id" href="#{id}"><code>{id}</code></a> · '
            f'<a href="{html.escape(result.chapter)}.html">chapter</a></th>{"".join(cells)}</tr>')


def table(results: Iterable[Result]) -> str:
    """The whole register as an HTML table that works without JavaScript."""
    rows = [row(result) for result in results]
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    cited = html.escape(citation.text(citation.book(), "{part}"))
    return (
        '<p>Download the whole register: <a href="../results/results.csv">results.csv</a>, '
        '<a href="../results/results.json">results.json</a>.</p>'
        '<div class="table-scroll register" tabindex="0" role="region" aria-label="Register">'
        f'<table class="table" id="register" data-citation="{cited}">'
        f"<caption>{len(rows)} results. A population is in people, a rate is a fraction of one. "
        "“From – to” is a 95 % interval, a range or a bound, as “Evidence” says.</caption>"
        f'<thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
        '<script src="../_static/register.js" defer></script>')
