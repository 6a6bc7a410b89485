"""Describe the files of a release, a folder, as an RO-Crate 1.1: python tools/crate.py FOLDER."""

import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CC_BY, MIT = "https://creativecommons.org/licenses/by/4.0/", "https://spdx.org/licenses/MIT"
LICENCES = {CC_BY: "Creative Commons Attribution 4.0 International", MIT: "MIT License"}
# What a file of a release is, by the end of its name, and in which languages.
PARTS = {
    "-html.zip": ("The pages of the book, in English and Japanese, to be read offline", CC_BY, ["en", "ja"]),
    "-data.zip": ("Tables, codebook and register of results", CC_BY, None),
    "-source.zip": ("Source of everything: code, text, data and tests", MIT, None),
    "-requirements.txt": ("Environment: every package, pinned with its hashes", MIT, None),
    ".ja.pdf": ("The book in Japanese, printed", CC_BY, "ja"),
    ".pdf": ("The book in English, printed", CC_BY, "en"),
}
MEDIA = {".zip": "application/zip", ".txt": "text/plain", ".pdf": "application/pdf"}


def described(path):
    name, licence, spoken = next(part for end, part in PARTS.items() if path.name.endswith(end))
    return {
        "@id": path.name,
        "@type": ["File", "SoftwareSourceCode"] if "-source" in path.name else "File",
        "name": name,
        "encodingFormat": MEDIA[path.suffix],
        "contentSize": str(path.stat().st_size),
        "license": {"@id": licence},
        **({"inLanguage": spoken} if spoken else {}),
    }


def crate(folder):
    """The metadata of a release, as JSON-LD."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    files = [described(path) for path in sorted(Path(folder).iterdir())]
    authors = " and ".join(author.get("name") or author["family-names"] for author in cited["authors"])
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": cited["title"],
            "description": "Pages in two languages, data with every result, source and environment of the re-analysis.",
            "version": cited["version"],
            "datePublished": str(cited["date-released"]),
            "license": {"@id": CC_BY},
            "author": {"@id": "#authors"},
            "hasPart": [{"@id": file["@id"]} for file in files],
        },
        *files,
        {"@id": "#authors", "@type": "Organization", "name": authors},
        *({"@id": id, "@type": "CreativeWork", "name": name} for id, name in LICENCES.items()),
    ]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


if __name__ == "__main__":
    text = json.dumps(crate(sys.argv[1]), ensure_ascii=False, indent=1) + "\n"
    (Path(sys.argv[1]) / "ro-crate-metadata.json").write_text(text, encoding="utf-8", newline="\n")
