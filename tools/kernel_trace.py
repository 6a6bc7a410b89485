"""IPython startup script: writes down what a chapter depends on, as it reads it.

One line each in the file that BOOK_TRACE names: `file:PATH` for a file of this repository
that was opened or imported, `table:NAME` and `result:ID` for rows announced by adoption.data
and adoption.register through sys.audit. A chapter is executed again only when one of these
changed.
"""

import os
import sys


def start():
    target = os.environ.get("BOOK_TRACE")
    if not target:
        return
    root = os.environ["BOOK_ROOT"] + os.sep
    skipped = tuple(root + name + os.sep for name in (".venv", "_build", ".git"))
    out = open(target, "a", encoding="utf-8", buffering=1)
    seen = set()

    def note(line):
        if line not in seen:
            seen.add(line)
            out.write(line + "\n")

    def hook(event, arguments):
        if event == "open" and isinstance(arguments[0], str):
            path = os.path.abspath(arguments[0])
            if path.startswith(root) and not path.startswith(skipped) \
                    and "__pycache__" not in path:
                note("file:" + os.path.relpath(path, root))
        elif event == "import" and arguments[0].split(".")[0] == "adoption":
            base = arguments[0].replace(".", os.sep)
            for path in (base + ".py", os.path.join(base, "__init__.py")):
                if os.path.exists(root + path):
                    note("file:" + path)
        elif event in ("adoption.table", "adoption.result"):
            note(event.split(".")[1] + ":" + arguments[0])

    sys.addaudithook(hook)


start()
