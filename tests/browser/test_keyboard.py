"""Everything that a mouse reaches can be reached with the Tab key alone, and is seen when it is."""

import pytest

# Positions in the document, of what can be clicked and is shown.
REACHABLE = """() => {
    const all = [...document.querySelectorAll("*")];
    window.order = new Map(all.map((element, place) => [element, place]));
    return all.filter(element => element.matches(
        "a[href], button, input, select, textarea, summary, [tabindex='0'], [onclick]")
        && !element.disabled && element.tabIndex >= 0 && element.checkVisibility({
            visibilityProperty: true, contentVisibilityAuto: true })
    ).map(element => window.order.get(element)); }"""
FOCUSED = """() => {
    const element = document.activeElement, style = getComputedStyle(element);
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return [window.order.get(element) ?? -1, seen, element.outerHTML.slice(0, 120)]; }"""


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", ["index", "chapters/who-adopts-first", "chapters/my-town", "ja/chapters/my-town"])
def test_tab_reaches_everything(visit, name, width):
    page = visit(f"{name}.html", width=width)
    wanted = set(page.evaluate(REACHABLE))
    reached, unseen = set(), []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        place, seen, words = page.evaluate(FOCUSED)
        reached.add(place)
        if not seen and not words.startswith("<body"):  # past the end of the page
            unseen.append(words)
    missed = page.evaluate(
        "places => [...document.querySelectorAll('*')].filter((e, i) => "
        "places.includes(i)).map(e => e.outerHTML.slice(0, 120))",
        sorted(wanted - reached),
    )
    assert len(wanted) > (15 if width > 1000 else 8)
    assert missed == [] and unseen == []
