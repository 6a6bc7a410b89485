"""adoption.descriptor: the description of the tables is read as strictly as they are."""

import json
import re

import pytest

from adoption import data, descriptor
from adoption.csvfile import DataError

FILE = data.DATA / data.PACKAGE
TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture
def spoil(tmp_path):
    """Write a description, read and check it: the message."""

    def write(raw):
        file = tmp_path / "datapackage.json"
        file.write_bytes(raw if isinstance(raw, bytes) else raw.encode("utf-8"))
        try:
            descriptor.check(descriptor.read(file), file)
            return "nothing"
        except DataError as error:
            return str(error).removeprefix(f"{tmp_path.name}/datapackage.json")

    return write


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("\n", "\r\n"),
        TEXT[:-1],
        TEXT + "\n",
        TEXT.replace("\n", "  \n"),
        json.dumps(json.loads(TEXT)),
        TEXT.replace('"rows": 10', '"rows": 10, "rows": 11', 1),
    ],
)
def test_only_the_canonical_form_is_read(spoil, text):
    assert re.match(r", line \d+, character \d+: found .*, expected .*, as the file is written", spoil(text))


FIELD = "resources[adoption-by-stage].schema.fields"
REFUSED = {
    "no JSON": ("{", ": found no JSON (Expecting"),
    "byte order mark": ("\ufeff" + TEXT, ": found no JSON (Unexpected UTF-8 BOM"),
    "CP932": ('{\n"a": "市"}'.encode("cp932"), r", line 2: found bytes b'\x8e', expected UTF-8"),
    "no object": ("[]\n", ", the package: found [], expected type object"),
    "too deep": ("[" * 10**5 + "]" * 10**5, ": found no JSON (maximum recursion depth"),
    "no number": (
        TEXT.replace('"rows": 10', '"rows": NaN', 1),
        ", resources[adoption-by-stage].rows: found nan, expected type integer",
    ),
    "no integer": (
        TEXT.replace('"rows": 10', '"rows": 10.0', 1),
        ", resources[adoption-by-stage].rows: found 10.0, expected type integer",
    ),
    "no name": (
        TEXT.replace('      "name": "adoption-by-stage",\n', "", 1),
        ", resources[0]: found no property 'name', expected one",
    ),
    "unknown": (
        TEXT.replace('"rows": 10', '"lines": 10', 1),
        ", resources[adoption-by-stage]: found a property 'lines', expected only name,",
    ),
    "same table": (
        TEXT.replace('  "resources": [\n', '  "resources": [\n    {},\n    {},\n'),
        ", resources: found [{}, {}, ",
    ),
    "no unit": (
        TEXT.replace('            "unit": "stage number",\n', "", 1),
        f", {FIELD}[stage]: found no property 'unit', expected one",
    ),
    "no minimum": (
        TEXT.replace('              "minimum": 1,\n', "", 1),
        f", {FIELD}[stage].constraints: found no property 'minimum', expected one",
    ),
    "type": (TEXT.replace('"type": "integer"', '"type": "whole"', 1), f", {FIELD}[stage]"),
    "pattern": (
        TEXT.replace('"pattern": "[0-9,]+"', '"pattern": "("'),
        "fields[printed].constraints.pattern: found '(', expected format regex",
    ),
    "invisible": (
        TEXT.replace("governments and median", "governments\u200b and median", 1),
        r", resources[adoption-by-stage].title: found 'Local governments\u200b and m",
    ),
    "checksum": (
        TEXT.replace('"hash": "sha256:', '"hash": "md5:', 1),
        ", resources[adoption-by-stage].hash: found 'md5:",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_description_is_refused_with_its_place(spoil, case):
    content, words = REFUSED[case]
    assert content != TEXT
    message = spoil(content)
    assert words in message and ": found " in message and ", expected " in message, message


def test_digest_leaves_out_checksums_and_nothing_else():
    package = descriptor.read(FILE)
    before = descriptor.digest(package)
    package["resources"][0] |= {"bytes": 1, "hash": "sha256:" + "0" * 64}
    package["hash"] = "sha256:" + "1" * 64
    assert descriptor.digest(package) == before
    package["resources"][0]["rows"] += 1
    assert descriptor.digest(package) != before
