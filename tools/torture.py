"""Spoil the data in every way that comes to mind, and see that each is noticed: make torture.

    python tools/torture.py [--count 2600] [--seed 1] [--case NUMBER]

A case spoils a copy of data/ or results/ in one place and lets the project's own checks,
`data.check` and `stored.check`, judge it. They must refuse it with a DataError that names the
file and, where there is one, the place, what was found and what was expected. By this rule:

* By its content, whatever the checksums say, is refused: every fault of form (bytes, header,
  rows, cells, types, codes, keys), every number that a sum, an order or another table determines,
  every quotation that is none. `make book` and `make data` refuse it.
* By its checksum alone is refused what leaves all this in order, since an editor may mean it:
  another translation, a number that no other determines, a wider range in the description, a row
  more in a list that has no stated length. `make test` refuses it until `make data` (for
  results/: `make results`) has renewed the checksums; the difference is then seen in git.

Seeded random choices, and not Hypothesis: a case is one fault in one place already, so that there
is nothing to shrink, and kinds and files take turns, so that each has its number of cases.
"""

import argparse
import re
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from faults import CHECKSUM, CONTENT, PACKAGE, PACKAGE_KINDS, ROOT, TABLE_KINDS, Fault, tables
from joblib import Parallel, delayed

from adoption import data, stored
from adoption.csvfile import ChecksumError, DataError

COUNT = 2600  # every kind has its turn with every file that it can befall
CHUNK = 10  # cases a task


class Case(NamedTuple):
    number: int
    kind: str
    file: str
    fault: Fault


class Outcome(NamedTuple):
    case: Case
    by: str  # content, checksum, nothing or a crash
    message: str
    complaint: str  # what is wrong with that, or nothing


@lru_cache
def plan(seed: int) -> list[tuple[str, list[str]]]:
    """Every kind with the files that it can befall, in random order."""
    kinds = []
    for name in dict.fromkeys([*TABLE_KINDS, *PACKAGE_KINDS]):
        files = [file for file, table in tables().items()
                 if name in TABLE_KINDS and TABLE_KINDS[name](table, Random(0))]
        files += [PACKAGE] if name in PACKAGE_KINDS else []
        Random(f"{seed} {name}").shuffle(files)
        kinds.append((name, files))
    return kinds


def case(number: int, seed: int) -> Case:
    """Kinds take turns, and so do the files that a kind can befall."""
    kinds = plan(seed)
    name, files = kinds[number % len(kinds)]
    file = files[number // len(kinds) % len(files)]
    rng = Random(f"{seed} {number}")
    fault = PACKAGE_KINDS[name](rng) if file == PACKAGE else TABLE_KINDS[name](
        tables()[file], rng)
    if fault is None:
        raise RuntimeError(f"kind {name!r} befalls {file} only sometimes")
    return Case(number, name, file, fault)


MESSAGE = re.compile(r"(data|results)/[^/]+?(, (?P<place>.+?))?: found .+, expected .+", re.DOTALL)
WHOLE_FILE = ("whole file", "folder", "")  # places of faults that have no narrower one


def complain(found: Case, by: str, message: str) -> str:
    """What is wrong with the way in which a fault was met; nothing if it was met well."""
    fault = found.fault
    if by not in (CONTENT, CHECKSUM):
        return {"nothing": "accepted silently"}.get(by, "crashed")
    if by == CHECKSUM and fault.by == CONTENT:
        return "noticed by its checksum alone"
    stated = MESSAGE.fullmatch(message)
    if not stated:
        return "the message does not say where, found and expected"
    if not stated["place"] and fault.place not in WHOLE_FILE:
        return "the message names no place"
    names = {Path(found.file).stem, *(Path(file).name for file in fault.files), fault.about}
    if not any(name in message for name in names - {""}):
        return "the message does not name the file"
    if missing := [words for words in fault.says if words not in message]:
        return f"the message does not say {missing[0]!r}"
    return ""


def judge(found: Case, folder: Path) -> Outcome:
    """Spoil the copy in ``folder``, have it checked, and mend it."""
    before = {}
    for file, raw in found.fault.files.items():
        path = folder / file
        before[file] = path.read_bytes() if path.exists() else None
        write(path, raw)
    try:
        if found.file.startswith("data/"):
            data.check(folder / "data")
        else:
            stored.check(folder / "results")
        by, message = "nothing", ""
    except ChecksumError as error:
        by, message = CHECKSUM, str(error)
    except DataError as error:
        by, message = CONTENT, str(error)
    except Exception:
        by, message = "a crash", traceback.format_exc()
    finally:
        for file, raw in before.items():
            write(folder / file, raw)
    return Outcome(found, by, message, complain(found, by, message))


def write(path: Path, raw: bytes | None) -> None:
    if raw is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(raw)


def judge_all(numbers: Iterable[int], seed: int) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("data", "results"):
            shutil.copytree(ROOT / part, folder / part,
                            ignore=shutil.ignore_patterns("builders"))
        return [judge(case(number, seed), folder) for number in numbers]


def run(count: int = COUNT, seed: int = 1, jobs: int = -1) -> list[Outcome]:
    """Judge the first cases of a seed on all cores, counting them on stderr."""
    chunks = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    outcomes: list[Outcome] = []
    for found in Parallel(jobs, return_as="generator")(
            delayed(judge_all)(chunk, seed) for chunk in chunks):
        outcomes += found
        if len(outcomes) % 100 < CHUNK or len(outcomes) == count:
            wrong = sum(bool(o.complaint) for o in outcomes)
            print(f"torture: {len(outcomes)} of {count}, {wrong} not as they should be",
                  file=sys.stderr, flush=True)
    return outcomes


def report(outcomes: list[Outcome], seed: int) -> str:
    """A line a kind, then every case that was not met as it should be."""
    tried = Counter(o.case.kind for o in outcomes)
    by = Counter((o.case.kind, o.by) for o in outcomes)
    wrong = Counter(o.case.kind for o in outcomes if o.complaint)
    lines = [f"{'kind':36}{'tried':>7}{'refused by content':>20}{'by checksum':>13}{'wrong':>7}"]
    lines += [f"{name:36}{tried[name]:7}{by[name, CONTENT]:20}{by[name, CHECKSUM]:13}"
              f"{wrong[name]:7}" for name in sorted(tried)]
    lines.append(f"{'all':36}{len(outcomes):7}{sum(o.by == CONTENT for o in outcomes):20}"
                 f"{sum(o.by == CHECKSUM for o in outcomes):13}{sum(wrong.values()):7}")
    lines += [shown(o, seed) for o in outcomes if o.complaint]
    return "\n".join(lines)


def shown(outcome: Outcome, seed: int) -> str:
    number, kind_name, file, fault = outcome.case
    return (f"\ncase {number}: {outcome.complaint or 'as it should be'}\n"
            f"  {kind_name} in {file}, {fault.place}: {fault.before} became {fault.after}\n"
            f"  to be noticed by {fault.by}; noticed by {outcome.by}: {outcome.message or '-'}\n"
            f"  again: .venv/bin/python tools/torture.py --seed {seed} --case {number}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Spoil copies of the data, see them refused.")
    parser.add_argument("--count", type=int, default=COUNT, help="number of cases")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices")
    parser.add_argument("--case", type=int, help="this case only, with its message")
    options = parser.parse_args(arguments)
    if options.case is not None:
        [outcome] = judge_all([options.case], options.seed)
        print(shown(outcome, options.seed))
        sys.exit(bool(outcome.complaint))
    outcomes = run(options.count, options.seed)
    print(report(outcomes, options.seed))
    wrong = sum(bool(o.complaint) for o in outcomes)
    print(f"\ntorture: {len(outcomes)} spoilt inputs, {len(outcomes) - wrong} refused as they "
          f"should be, {wrong} not")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    # Under its own name, so that joblib's workers import it instead of having it pickled.
    import torture
    torture.main()
