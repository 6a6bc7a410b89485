"""A Content-Security-Policy in every page: nothing comes from elsewhere, no script is added.

The theme writes a few short scripts into its pages. Each page's policy allows exactly those that
it contains, by their hashes; whatever else turns up in a page, or asks for another host, is
refused by the browser. The policy stands in the page itself, since a
reader's own machine and many hosts send no headers.
"""

import base64
import hashlib
import re
from pathlib import Path

INLINE = re.compile(
    r"<(script|style)(?![^>]*\ssrc=)(?![^>]*ld\+json)(?![^>]*application/json)"
    r"[^>]*>(.*?)</\1>",
    re.S,
)
PLACE = '<meta charset="utf-8" />'


def digest(text: str) -> str:
    """A source expression that allows exactly this text."""
    found = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{found}'"


def policy(page: str) -> str:
    """The policy of a page: its own host, and what stands in it."""
    allowed = {"script": set(), "style": set()}
    for kind, text in INLINE.findall(page):
        allowed[kind].add(digest(text))
    sources = {kind: " ".join(["'self'", *sorted(found)]) for kind, found in allowed.items()}
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {sources['script']}",
            f"style-src {sources['style']}",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
        ]
    )


def secure(app, exception):
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        # Pages that were not written anew have theirs.
        if PLACE in text and 'http-equiv="Content-Security-Policy"' not in text:
            meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(text)}" />'
            path.write_text(text.replace(PLACE, f"{PLACE}\n    {meta}", 1), encoding="utf-8", newline="\n")


def setup(app):
    # After everything that writes into pages.
    app.connect("build-finished", secure, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
