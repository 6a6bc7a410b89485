"""The description of the tables, ``data/datapackage.json``, read as strictly as the tables.

Refused: what is not UTF-8 or not JSON, a property twice, missing or unknown, a value of another
form (``PACKAGE`` below), and what contradicts itself: a key that is no field, a path that is not
the table's own, a number without unit and minimum. JSON lets the same be said in several ways
(white space, line ends, order of properties): these are accepted and mean the same.

A change that keeps all this, and with which the tables agree, is one that an editor may mean:
another title, a wider range, a key less. The description's own checksum tells of it until it is
renewed.
"""

import hashlib
import json
import re
import reprlib
from pathlib import Path
from unicodedata import is_normalized

from adoption.csvfile import DataError, content, fail, label

# The form of the file. A name with "?" may be absent; a tuple lists what a value may be; [form]
# is a list with at least one member; a pattern stands for text that matches it.
LICENSES = [{"name": str, "title": str, "path": str}]
SOURCES = [{"title": str, "path?": str}]
FIELD = {
    "name": str, "type": ("string", "integer", "number"), "description": str,
    "unit?": str, "expected?": str,
    "constraints": {"required?": bool, "unique?": bool, "minimum?": int, "maximum?": int,
                    "enum?": [str], "pattern?": str},
}
FOREIGN_KEY = {"fields": [str], "reference": {"resource": str, "fields": [str]}}
SHA256 = re.compile("sha256:[0-9a-f]{64}")
RESOURCE = {
    "name": re.compile("[a-z0-9]+(-[a-z0-9]+)*"), "path": str,
    "profile": ("tabular-data-resource",), "title": str, "description": str,
    "scheme": ("file",), "format": ("csv",), "mediatype": ("text/csv",), "encoding": ("utf-8",),
    "dialect": {"csv": {"lineTerminator": ("\n",)}},
    "sources": SOURCES, "licenses": LICENSES, "rows?": int,
    "schema": {"fields": [FIELD], "missingValues": [("",)], "primaryKey": [str],
               "foreignKeys?": [FOREIGN_KEY]},
    "bytes": int, "hash": SHA256,
}
PACKAGE = {
    "name": str, "profile": ("tabular-data-package",), "title": str, "description": str,
    "licenses": LICENSES, "sources": SOURCES, "resources": [RESOURCE], "hash": SHA256,
}


def read(file: Path) -> dict:
    """The description in a file. DataError, with the place, where it is not what it is to be."""
    try:
        descriptor = json.loads(content(file, "the data package").decode("utf-8"),
                                object_pairs_hook=_Object, parse_int=_integer)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        fail(file, f"line {line}", f"bytes {error.object[error.start:error.end]!r}", "UTF-8 JSON")
    except json.JSONDecodeError as error:
        fail(file, f"line {error.lineno}, column {error.colno}", f"no JSON ({error.msg})",
             "UTF-8 JSON")
    except RecursionError:
        raise DataError(f"{label(file)}: found lists or objects too deep in each other, "
                        "expected the data package") from None
    _conform(descriptor, PACKAGE, file, "")
    resources = {resource["name"]: resource for resource in descriptor["resources"]}
    _each_name_once(descriptor["resources"], file, "resources")
    for name, resource in resources.items():
        _check_resource(resource, resources, file, f"resources[{name}]")
    return descriptor


def digest(descriptor: dict) -> str:
    """Checksum of a description without its checksums and sizes, whatever its white space."""
    kept = {key: value for key, value in descriptor.items() if key != "hash"} | {
        "resources": [{key: value for key, value in resource.items()
                       if key not in ("bytes", "hash")} for resource in descriptor["resources"]]}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class _Object(dict):
    """An object of JSON that remembers which of its properties stood there twice."""

    def __init__(self, pairs: list[tuple]):
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.twice = [name for name in self if names.count(name) > 1]


def _integer(text: str) -> int | float:
    """Integers that are exact everywhere; longer ones are no integers to us."""
    return int(text) if len(text) < 16 else float(text)


def _conform(value, form, file: Path, place: str) -> None:
    """Compare a value with a form, inside out."""
    if isinstance(form, dict):
        _conform_object(value, form, file, place)
    elif isinstance(form, list):
        if type(value) is not list or not value:
            _refuse(file, place, value, "a list that is not empty")
        for index, member in enumerate(value):
            _conform(member, form[0], file, f"{place}[{_name(member, index)}]")
    elif isinstance(form, tuple):
        if value not in form:
            _refuse(file, place, value, f"one of {', '.join(map(repr, form))}")
    elif isinstance(form, re.Pattern):
        if type(value) is not str or not form.fullmatch(value):
            _refuse(file, place, value, f"text like {form.pattern}")
    elif type(value) is not form or (form is str and not _legible(value)):
        _refuse(file, place, value, {str: "text of visible characters, not padded",
                                     int: "an integer", bool: "true or false"}[form])


def _conform_object(value, form: dict, file: Path, place: str) -> None:
    if not isinstance(value, _Object):
        _refuse(file, place, value, "an object")
    for name in value.twice:
        fail(file, place or "the package", f"the property {name!r} twice", "each name once")
    forms = {name.rstrip("?"): inner for name, inner in form.items()}
    for name in form:
        if not name.endswith("?") and name not in value:
            fail(file, place or "the package", f"no property {name!r}", "one")
    for name, inner in value.items():
        if name not in forms:
            fail(file, place or "the package", f"a property {name!r}",
                 f"only {', '.join(forms)}")
        _conform(inner, forms[name], file, f"{place}.{name}" if place else name)


def _refuse(file: Path, place: str, value, expected: str):
    fail(file, place or "the package", reprlib.repr(value), expected)


def _name(member, index: int) -> str | int:
    """How a place names a member of a list: by its name, or by its number from 0."""
    name = member.get("name") if isinstance(member, dict) else None
    return name if type(name) is str else index


def _legible(text: str) -> bool:
    return text == text.strip() != "" and text.isprintable() and is_normalized("NFC", text)


def _each_name_once(members: list[dict], file: Path, place: str) -> None:
    names = [member["name"] for member in members]
    for name in names:
        if names.count(name) > 1:
            fail(file, f"{place}[{name}]", f"{names.count(name)} of this name", "each name once")


def _check_resource(resource: dict, resources: dict, file: Path, place: str) -> None:
    """A table lies in a file of its own name; its keys are made of its fields."""
    schema = resource["schema"]
    fields = {field["name"]: field for field in schema["fields"]}
    if resource["path"] != (own := f"{resource['name']}.csv"):
        fail(file, f"{place}.path", repr(resource["path"]), repr(own))
    for name, least in (("rows", 1), ("bytes", 1)):
        if resource.get(name, least) < least:
            fail(file, f"{place}.{name}", resource[name], f"at least {least}")
    _each_name_once(schema["fields"], file, f"{place}.schema.fields")
    for name, field in fields.items():
        _check_field(field, file, f"{place}.schema.fields[{name}]")
    required = [name for name, field in fields.items() if field["constraints"].get("required")]
    _check_names(schema["primaryKey"], required, "required fields", file,
                 f"{place}.schema.primaryKey")
    for index, key in enumerate(schema.get("foreignKeys", ())):
        here, other = f"{place}.schema.foreignKeys[{index}]", key["reference"]
        _check_names(key["fields"], fields, "fields", file, f"{here}.fields")
        _check_names([other["resource"]], resources, "resources", file,
                     f"{here}.reference.resource")
        known = [field["name"] for field in resources[other["resource"]]["schema"]["fields"]]
        _check_names(other["fields"], known, "fields there", file, f"{here}.reference.fields")
        if len(key["fields"]) != len(other["fields"]):
            fail(file, here, f"{len(key['fields'])} and {len(other['fields'])} fields",
                 "as many on both sides")


def _check_names(found: list[str], known, what: str, file: Path, place: str) -> None:
    if len({*found}) < len(found) or not {*found} <= {*known}:
        fail(file, place, found, f"{what}, each once, of {', '.join(known)}")


def _check_field(field: dict, file: Path, place: str) -> None:
    """A number has a unit and a minimum; text with a pattern says what the pattern means."""
    constraints = field["constraints"]
    numeric = field["type"] != "string"
    typed = f"with type {field['type']!r}"
    for name, wanted, why in (
        ("unit", numeric, typed), ("minimum", numeric, typed),
        *((name, False, typed) for name in (("enum", "pattern") if numeric else ("maximum",))),
        ("expected", True, "with a pattern") if "pattern" in constraints
        else ("expected", False, "without a pattern"),
    ):
        there = name in field or name in constraints
        if wanted and not there:
            fail(file, place, f"no property {name!r}", f"one {why}")
        if there and not wanted:
            fail(file, place, f"a property {name!r}", f"none {why}")
    if constraints.get("minimum", 0) > constraints.get("maximum", float("inf")):
        fail(file, f"{place}.constraints", f"minimum {constraints['minimum']}",
             f"at most the maximum, {constraints['maximum']}")
    enum = constraints.get("enum", [])
    _check_names(enum, enum, "words", file, f"{place}.constraints.enum")
    try:
        re.compile(constraints.get("pattern", ""))
    except (re.error, OverflowError, RecursionError) as error:
        fail(file, f"{place}.constraints.pattern",
             f"{reprlib.repr(constraints['pattern'])} ({error})", "a regular expression")
