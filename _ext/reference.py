"""Pages that describe the functions, by autodoc from the docstrings, without the network.

Docstrings are plain text: a line "name: what it is" describes an argument or a field, and a name
between backticks is code. Types of Python and numpy link to where they are described.
"""

import re
from importlib.util import find_spec

from docutils import nodes
from sphinx.pycode import ModuleAnalyzer

#: Addresses of what other packages describe; the name, its module and the module's last part.
OUTSIDE = {
    "numpy": "https://numpy.org/doc/stable/reference/generated/{name}.html",
    "pandas": "https://pandas.pydata.org/docs/reference/api/{name}.html",
    "matplotlib": "https://matplotlib.org/stable/api/{last}_api.html#{name}",
    **dict.fromkeys(("collections", "pathlib", "typing"), "https://docs.python.org/3/library/{module}.html#{name}"),
}
ALIASES = {
    "ArrayLike": "numpy.typing.ArrayLike",
    "np.ndarray": "numpy.ndarray",
    "pd.DataFrame": "pandas.DataFrame",
    "pd.Series": "pandas.Series",
}
DESCRIBED = re.compile(r"(\w+(?:, \w+)*): (.+)")
NEXT = re.compile(r"(?<=\.) (?=[a-z_]\w*(?:, [a-z_]\w*)*: )")  # another name described in the same line
CODE = re.compile(r":\w+:`[^`]*`|``[^`]*``|`([^`]+)`")  # roles and code stay as they are


def definitions(app, what, name, thing, options, lines):
    """Turn described names into a definition list."""
    said, inside = [], False
    for line in (part for line in lines for part in (NEXT.split(line) if DESCRIBED.fullmatch(line) else [line])):
        match = DESCRIBED.fullmatch(line)
        if match and (inside or not said or not said[-1].strip()):
            inside = True
            said += [", ".join(f"``{name}``" for name in match[1].split(", ")), f"    {match[2]}"]
        elif inside and line.strip():
            said.append(f"    {line.strip()}")
        else:
            inside = False
            said.append(line)
    lines[:] = CODE.sub(lambda match: f"``{match[1]}``" if match[1] else match[0], "\n".join(said)).split("\n")


def without_private(app, what, name, thing, options, signature, returned):
    """A class without its private fields, and empty for what is empty by default."""
    if signature is None:
        return None
    signature = re.sub(r", _\w+: [^,=]+ = <factory>", "", signature)
    signature = re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", signature)  # so writes Sphinx 9 ArrayLike | None
    return signature.replace("<factory>", "{}"), returned


def without_fields(app, what, name, thing, skip, options):
    """Fields of a tuple are described in its docstring."""
    return True if (thing.__doc__ or "").startswith("Alias for field number") else None


def outside(app, env, node, content):
    """A link to a type of Python or numpy."""
    name = ALIASES.get(node.get("reftarget"), node.get("reftarget", ""))
    module = name.rpartition(".")[0]
    if node.get("refdomain") != "py" or (place := OUTSIDE.get(name.partition(".")[0])) is None:
        return None
    address = place.format(name=name, module=module, last=module.rpartition(".")[2])
    return nodes.reference("", "", content, refuri=address, internal=False)


def source(app, module):
    """Code of a module and where things are in it, read from its file: no page imports it again."""
    analyzer = ModuleAnalyzer.for_file(find_spec(module).origin, module)
    analyzer.find_tags()
    return analyzer.code, analyzer.tags


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.viewcode")
    app.connect("autodoc-process-docstring", definitions)
    app.connect("autodoc-process-signature", without_private)
    app.connect("autodoc-skip-member", without_fields)
    app.connect("missing-reference", outside)
    app.connect("viewcode-find-source", source)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
