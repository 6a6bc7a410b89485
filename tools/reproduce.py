"""Build the committed book twice, from clean clones in different surroundings, and compare.

    python tools/reproduce.py [--keep] [--offline]

The clones differ in folder, time zone, locale, hash seed, home folder and umask; with --offline
the network is cut off once the second clone's packages are installed. Every file of
the two trees must have the same bytes; then one digest is printed, which is promised for the
same commit, lock and minor version of Python. Differing files are named, and the command fails.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SURROUNDINGS = (
    {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
    {"TZ": "Asia/Tokyo", "LC_ALL": "POSIX", "PYTHONHASHSEED": "2"},
)
FOLDERS = ("one", "another folder/with a longer name")


def build(parent: Path, folder: str, surroundings: dict[str, str], umask: int,
          offline: bool) -> Path:
    """Clone the current commit into a folder and build it there; returns the pages' folder."""
    clone, home = parent / folder, parent / f"home-{umask}"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, clone], check=True)
    env = {**os.environ, **surroundings, "HOME": str(home)}
    env.pop("PYTHONPATH", None)
    alone = [sys.executable, ROOT / "tools" / "offline.py"] if offline else []
    print(f"reproduce: building in '{folder}' ({surroundings})"
          + (", without network once installed" if offline else ""), flush=True)
    # The Python that the digest is promised for: this one.
    python = f"PYTHON={sys._base_executable}"
    for command in (["make", python, ".venv/ready"], [*alone, "make", python, "book"]):
        done = subprocess.run(command, cwd=clone, env=env, umask=umask,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{done.stdout}\nreproduce: the build in '{folder}' failed")
    return clone / "_build" / "html"


def digests(tree: Path) -> dict[str, str]:
    """SHA-256 of every file, by its path in the tree."""
    return {path.relative_to(tree).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(tree.rglob("*")) if path.is_file()}


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Files that are in one tree only, or differ."""
    return sorted([f"only in one of the two: {name}" for name in one.keys() ^ other.keys()]
                  + [f"differs: {name}" for name in one.keys() & other.keys()
                     if one[name] != other[name]])


def digest(tree: dict[str, str]) -> str:
    """One digest of a whole tree."""
    lines = "".join(f"{value}  {name}\n" for name, value in sorted(tree.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description="Build twice from clean clones and compare.")
    parser.add_argument("--keep", action="store_true", help="leave the two builds for inspection")
    parser.add_argument("--offline", action="store_true",
                        help="build the second time without network (Linux)")
    options = parser.parse_args()
    if options.offline:
        # Said at once, and not after the first build.
        subprocess.run([sys.executable, ROOT / "tools" / "offline.py", "true"], check=True)
    dirty = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True,
                           text=True, check=True).stdout
    if dirty:
        print("reproduce: uncommitted changes are not part of what is built")
    parent = Path(tempfile.mkdtemp(prefix="reproduce-"))
    try:
        trees = [digests(build(parent, folder, env, umask, offline))
                 for folder, env, umask, offline in zip(
                     FOLDERS, SURROUNDINGS, (0o022, 0o077), (False, options.offline))]
        found = differences(*trees)
        if found:
            options.keep = True
            sys.exit("\n".join(f"reproduce: {line}" for line in found)
                     + f"\nreproduce: {len(found)} differences; the builds are in {parent}")
        print(f"reproduce: {len(trees[0])} files, the same bytes twice, Python "
              f"{sys.version_info.major}.{sys.version_info.minor}: {digest(trees[0])}")
    finally:
        if not options.keep:
            shutil.rmtree(parent)


if __name__ == "__main__":
    main()
