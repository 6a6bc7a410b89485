"""What published counts and medians say about size and adoption: methods, and this survey."""

from pathlib import Path

#: The folder with data/ and results/: the checkout, or the files that an installed package brings.
HOME = Path(__file__).resolve().parents[1]
if not (HOME / "data" / "datapackage.json").exists():
    HOME = Path(__file__).resolve().parent / "files"
