"""The workflows of .github: what they pin, what they may do, and what their linters say."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Everything beyond reading that any job may do.
WRITES = {("publish", "pages", "pages"), ("publish", "pages", "id-token"), ("publish", "release", "contents")}


def load(name):
    """A workflow with every scalar as text: YAML takes `on` for true and 3.10 for a number."""
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    return yaml.load(text, yaml.BaseLoader)


def jobs():
    """Workflow, name and content of every job."""
    for path in FILES:
        for name, job in load(path.stem)["jobs"].items():
            yield path.stem, name, job


def steps():
    for workflow, name, job in jobs():
        for step in job.get("steps", []):
            yield workflow, name, step


def test_there_are_the_three_workflows():
    assert [path.stem for path in FILES] == ["publish", "test", "weekly"]
    assert {"push", "pull_request"} <= set(load("test")["on"])
    assert load("publish")["on"] == {"push": {"tags": ["v*"]}}
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", load("weekly")["on"]["schedule"][0]["cron"])


def test_every_action_is_pinned_to_a_commit_and_names_its_version():
    lines = [
        line
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]
    assert len(lines) > 10
    pins = {}
    for line in lines:
        used = line.split("uses:")[1].strip()
        if used.startswith("./"):
            assert (ROOT / used.split()[0]).is_file(), used
            continue
        found = re.fullmatch(r"(actions/[a-z-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", used)
        assert found, used
        pins.setdefault(found[1], set()).add(found.groups()[1:])
    assert all(len(versions) == 1 for versions in pins.values()), pins


def test_permissions_are_the_least():
    assert all(load(path.stem)["permissions"] == {} for path in FILES)
    wanted = {
        (workflow, job, what)
        for workflow, job, content in jobs()
        for what, level in content["permissions"].items()
        if level != "read"
    }
    assert wanted == WRITES


def test_every_job_ends_in_time():
    for workflow, name, job in jobs():
        if "uses" not in job:  # a called workflow brings its own limits
            assert 0 < int(job["timeout-minutes"]) <= 180, (workflow, name)


def test_nothing_from_outside_is_pasted_into_a_script():
    """Values reach a script through its environment."""
    scripts = [step["run"] for _, _, step in steps() if "run" in step]
    assert len(scripts) > 5
    assert not [script for script in scripts if "${{" in script]


def test_no_checkout_leaves_its_token_behind():
    checkouts = [step for *_, step in steps() if "actions/checkout" in step.get("uses", "")]
    assert len(checkouts) > 4
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_what_is_published_passed_the_gate_and_comes_from_no_cache():
    publish = load("publish")["jobs"]
    assert publish["gate"]["uses"] == "./.github/workflows/test.yml"
    assert publish["build"]["needs"] == "gate"
    assert publish["pages"]["needs"] == publish["release"]["needs"] == "build"
    assert [step["run"] for step in load("test")["jobs"]["test"]["steps"] if "run" in step] == ["bash .ci/run"]
    assert not [
        step
        for workflow, _, step in steps()
        if workflow == "publish" and ("cache" in step.get("uses", "") or "cache" in step.get("with", {}))
    ]


@pytest.mark.parametrize("prefix, code", [("v", 0), ("", 1), ("v9", 1)])
def test_a_tag_that_is_not_the_version_stops(prefix, code):
    [script] = [step["run"] for step in load("publish")["jobs"]["version"]["steps"] if "run" in step]
    version = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "TAG": prefix + version},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert code == 0 or f"found tag {prefix}{version}, expected v{version}" in done.stdout


def test_every_make_command_in_a_script_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {found for *_, step in steps() for found in re.findall(r"\bmake ([a-z.][\w./-]*)", step.get("run", ""))}
    named |= set(load("weekly")["jobs"]["again"]["strategy"]["matrix"]["command"])
    assert {"release", "test", "lock", ".venv/ready"} <= named
    assert not [name for name in named if not re.search(rf"^{re.escape(name)}:", makefile, re.M)]


def minor(python):
    major, number = python.split(".")
    assert major == "3", python
    return int(number)


def test_pythons_begin_where_the_project_does_and_leave_none_out():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tested = load("test")["jobs"]["test"]["strategy"]["matrix"]["python"]
    oldest = re.fullmatch(r">=(3\.\d+)", project["requires-python"])[1]
    assert tested[0] == oldest
    assert [minor(p) for p in tested] == list(range(minor(tested[0]), minor(tested[-1]) + 1))
    for classifier in project.get("classifiers", []):
        if found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier):
            assert found[1] in tested
    newest = load("weekly")["jobs"]["newest"]["strategy"]["matrix"]["python"]
    assert newest == [tested[0], tested[-1]]
    single = {
        step["with"]["python-version"] for *_, step in steps() if "actions/setup-python" in step.get("uses", "")
    } - {"${{ matrix.python }}"}
    assert single == {oldest}


def test_dependabot_follows_the_actions_with_a_delay():
    [update] = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))["updates"]
    assert update["package-ecosystem"] == "github-actions"
    assert update["schedule"] == {"interval": "weekly"} and update["groups"]
    assert update["cooldown"]["default-days"] >= 7


@pytest.fixture
def tool(absent):
    """Path of a linter: named by a variable, or on the PATH."""

    def find(name):
        found = os.environ.get(name.upper()) or shutil.which(name)
        if not found:
            absent(f"{name} is not installed", "REQUIRE_WORKFLOW_LINT")
        return found

    return find


def check(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_has_no_objection(tool):
    """Scripts included, which it hands to shellcheck."""
    check([tool("actionlint"), "-shellcheck", tool("shellcheck"), *FILES])


def test_zizmor_has_no_objection(tool):
    check([tool("zizmor"), "--offline", "--persona", "pedantic", "--no-progress", ".github"])
