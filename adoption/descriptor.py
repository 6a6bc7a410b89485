"""The description of the tables, ``data/datapackage.json``, read as strictly as the tables.

In order is what gives the same bytes when it is written again and has the form of ``SCHEMA``. What
it says of a table is held against the table (`adoption.data`). Within this an editor may mean a
change (another title, a wider range, a key less): the description's own checksum tells of it until
it is renewed.
"""

import hashlib
import json
import reprlib
from pathlib import Path

from adoption.csvfile import TEXT, DataError, check_round_trip, fail, label, legible, text_of


def read(file: Path) -> dict:
    """The description in a file. DataError where it is not canonical JSON."""
    text = text_of(file, "the data package")
    try:
        descriptor = json.loads(text)
        check_round_trip(file, text, dump(descriptor))
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(f"{label(file)}: found no JSON ({error}), expected the data package") from None
    return descriptor


def dump(descriptor: dict) -> str:
    """A description as its file has it."""
    return json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"


def digest(descriptor: dict) -> str:
    """Checksum of a description without its checksums and sizes."""
    kept = {key: value for key, value in descriptor.items() if key != "hash"} | {
        "resources": [
            {key: value for key, value in resource.items() if key not in ("bytes", "hash")}
            for resource in descriptor["resources"]
        ]
    }
    return "sha256:" + hashlib.sha256(dump(kept).encode()).hexdigest()


# --- the form, as a JSON schema -------------------------------------------------------------------


def _object(required: dict, /, **optional) -> dict:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | optional,
        "additionalProperties": False,
    }


def _list(items: dict) -> dict:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": items}


def _is(*values) -> dict:
    return {"enum": list(values)}


_TEXT = {"type": "string", "format": "text"}
_TRUTH, _INTEGER = {"type": "boolean"}, {"type": "integer", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 1}
_TEXTS = _list(_TEXT)
_LICENSES = _list(_object({"name": _TEXT, "title": _TEXT, "path": _TEXT}))
_SOURCES = _list(_object({"title": _TEXT}, path=_TEXT))
_HASH = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_NAMED = {"name": _TEXT, "type": _is("string", "integer", "number"), "description": _TEXT}
_FIELD = {
    "if": {"properties": {"type": _is("integer", "number")}, "required": ["type"]},
    "then": _object(
        _NAMED
        | {
            "unit": _TEXT,
            "constraints": _object({"minimum": _INTEGER}, required=_TRUTH, unique=_TRUTH, maximum=_INTEGER),
        }
    ),
    "else": _object(
        _NAMED
        | {
            "constraints": _object(
                {}, required=_TRUTH, unique=_TRUTH, enum=_TEXTS, pattern={"type": "string", "format": "regex"}
            )
        },
        expected=_TEXT,
    ),
}
_FOREIGN_KEY = _object({"fields": _TEXTS, "reference": _object({"resource": _TEXT, "fields": _TEXTS})})
_RESOURCE = _object(
    {
        "name": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "path": _TEXT,
        "profile": _is("tabular-data-resource"),
        "title": _TEXT,
        "description": _TEXT,
        "scheme": _is("file"),
        "format": _is("csv"),
        "mediatype": _is("text/csv"),
        "encoding": _is("utf-8"),
        "dialect": _object({"csv": _object({"lineTerminator": _is("\n")})}),
        "sources": _SOURCES,
        "licenses": _LICENSES,
        "schema": _object(
            {"fields": _list(_FIELD), "missingValues": _list(_is("")), "primaryKey": _TEXTS},
            foreignKeys=_list(_FOREIGN_KEY),
        ),
        "bytes": _COUNT,
        "hash": _HASH,
    },
    rows=_COUNT,
    rules=_TEXTS,
)
SCHEMA = _object(
    {
        "name": _TEXT,
        "profile": _is("tabular-data-package"),
        "title": _TEXT,
        "description": _TEXT,
        "licenses": _LICENSES,
        "sources": _SOURCES,
        "resources": _list(_RESOURCE),
        "hash": _HASH,
    }
)


def check(descriptor: dict, file: Path) -> None:
    """DataError, with the place, where a description has another form."""
    from jsonschema import Draft7Validator, FormatChecker, validators  # not needed for loading

    formats = FormatChecker(["regex"])
    formats.checkers["text"] = (legible, ())
    whole = Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict = validators.extend(Draft7Validator, type_checker=whole)
    for error in strict(SCHEMA, format_checker=formats).iter_errors(descriptor):
        found, expected = reprlib.repr(error.instance), f"{error.validator} {error.validator_value}"
        if error.validator == "required":
            found, expected = f"no property {error.message.split(' is a ')[0]}", "one"
        elif error.validator == "additionalProperties":
            known = error.schema["properties"]
            found = f"a property {', '.join(repr(k) for k in error.instance if k not in known)}"
            expected = f"only {', '.join(known)}"
        elif error.validator == "uniqueItems":
            expected = "each member once"
        elif error.validator == "format":
            found, expected = ascii(error.instance), {"text": TEXT}.get(expected[7:], expected)
        fail(file, _place(descriptor, error.absolute_path), found, expected)


def _place(value, path) -> str:
    """A path in words: members of lists are called by their names where they have one."""
    place = ""
    for step in path:
        value = value[step]
        name = value.get("name") if isinstance(step, int) and isinstance(value, dict) else None
        place += f"[{name if isinstance(name, str) else step}]" if isinstance(step, int) else f".{step}"
    return place.lstrip(".") or "the package"
