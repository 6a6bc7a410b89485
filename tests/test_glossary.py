"""The glossary holds every label that the pages use."""

import re
from pathlib import Path

from adoption import data, register

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = (ROOT / "chapters/glossary.md").read_text(encoding="utf-8")
TERMS = {line.lower() for line in re.findall(r"^(?!:::|#|\(|-|\s)(.+)$", GLOSSARY, re.M)}


def test_labels_of_evidence_and_verdicts_are_explained():
    claims = data.load("claims")
    labels = {row.evidence for row in register.read_file().values()} | set(claims["verdict"])
    labels |= {label.strip() for cell in claims["evidence"] for label in cell.split(";")}
    # A verdict says what a word of every day says.
    assert labels - {"supported", "supported in part", "open"} <= TERMS


def test_no_term_is_explained_twice():
    found = re.findall(r"^(?!:::|#|\(|-|\s)(.+)$", GLOSSARY, re.M)
    assert len(found) == len(set(map(str.lower, found)))
