"""adoption.descriptor: the description of the tables is read as strictly as they are."""

import json

import pytest

from adoption import data, descriptor
from adoption.csvfile import DataError

FILE = data.DATA / data.PACKAGE
TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture
def spoil(tmp_path):
    """Write a description and read it: what is returned, or the message."""
    def write(raw):
        file = tmp_path / "datapackage.json"
        file.write_bytes(raw if isinstance(raw, bytes) else raw.encode("utf-8"))
        try:
            return descriptor.read(file)
        except DataError as error:
            return str(error).removeprefix(f"{tmp_path.name}/datapackage.json")
    return write


HARMLESS = {
    "CRLF": TEXT.replace("\n", "\r\n"),
    "no line break at the end": TEXT[:-1],
    "several line breaks": TEXT + "\n\n",
    "spaces at line ends": TEXT.replace("\n", "  \n"),
    "other indentation": json.dumps(json.loads(TEXT), indent="\t"),
    "one line": json.dumps(json.loads(TEXT), ensure_ascii=False),
    "other order of properties": json.dumps(json.loads(TEXT), sort_keys=True),
}


@pytest.mark.parametrize("variant", HARMLESS)
def test_what_means_the_same_is_accepted_and_the_same(spoil, variant):
    assert HARMLESS[variant] != TEXT
    found = spoil(HARMLESS[variant])
    assert found == descriptor.read(FILE)
    assert descriptor.digest(found) == found["hash"]


def test_tables_are_read_the_same_under_any_harmless_variant(tmp_path):
    for file in data.DATA.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = data.check_rows()
    for text in HARMLESS.values():
        (tmp_path / data.PACKAGE).write_bytes(text.encode("utf-8"))
        found = data.check_rows(tmp_path)
        assert all(found[name].equals(before[name]) for name in before)


FIELD = "resources[adoption-by-stage].schema.fields"
REFUSED = {
    "no JSON": ("{", ", line 1, column 2: found no JSON (Expecting"),
    "byte order mark": ("\ufeff" + TEXT, ", line 1, column 1: found no JSON (Unexpected UTF-8 BOM"),
    "CP932": ("{\n\"a\": \"市\"}".encode("cp932"), r", line 2: found bytes b'\x8e', expected UTF-8"),
    "no object": ("[]", ", the package: found [], expected an object"),
    "too deep": ("[" * 10**5 + "]" * 10**5, ": found lists or objects too deep in each other"),
    "twice": (TEXT.replace('"rows": 10', '"rows": 10, "rows": 11', 1),
              ", resources[adoption-by-stage]: found the property 'rows' twice"),
    "no number": (TEXT.replace('"rows": 10', '"rows": NaN', 1),
                  ", resources[adoption-by-stage].rows: found nan, expected an integer"),
    "no name": (TEXT.replace('"name": "adoption-by-stage",', "", 1),
                ", resources[0]: found no property 'name', expected one"),
    "unknown": (TEXT.replace('"rows": 10', '"lines": 10', 1),
                ", resources[adoption-by-stage]: found a property 'lines', expected only name,"),
    "path": (TEXT.replace('"path": "errata.csv"', '"path": "../errata.csv"'),
             ", resources[errata].path: found '../errata.csv', expected 'errata.csv'"),
    "same name": (TEXT.replace('"name": "errata"', '"name": "claims"'),
                  ", resources[claims]: found 2 of this name, expected each name once"),
    "field twice": (TEXT.replace('"name": "stage"', '"name": "technology"', 1),
                    f", {FIELD}[technology]: found 2 of this name"),
    "no unit": (TEXT.replace('"unit": "stage number",', "", 1),
                f", {FIELD}[stage]: found no property 'unit', expected one with type 'integer'"),
    "no minimum": (TEXT.replace('"minimum": 1,', "", 1),
                   f", {FIELD}[stage]: found no property 'minimum', expected one"),
    "range": (TEXT.replace('"maximum": 5', '"maximum": 0', 1),
              f", {FIELD}[stage].constraints: found minimum 1, expected at most the maximum, 0"),
    "type": (TEXT.replace('"type": "integer"', '"type": "whole"', 1),
             f", {FIELD}[stage].type: found 'whole', expected one of 'string', 'integer'"),
    "key of no field": (TEXT.replace('"slide",\n          "printed"', '"slide",\n "print"', 1),
                        ", resources[errata].schema.primaryKey: found ['slide', 'print'], "
                        "expected required fields, each once, of slide, printed"),
    "table of no name": (TEXT.replace('"resource": "statements"', '"resource": "none"', 1),
                         ".reference.resource: found ['none'], expected resources"),
    "pattern": (TEXT.replace('"pattern": "[0-9,]+"', '"pattern": "("'),
                "fields[printed].constraints.pattern: found '(' (missing )"),
    "surrogate": (TEXT.replace("Bodies and median", "\\ud800 and median", 1),
                  r", resources[adoption-by-stage].title: found '\ud800 and m"),
    "checksum": (TEXT.replace('"hash": "sha256:', '"hash": "md5:', 1),
                 ", resources[adoption-by-stage].hash: found 'md5:"),
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
