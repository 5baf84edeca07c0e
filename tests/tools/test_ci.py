"""The workflow and the hooks of a public forge agree with the project."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def test_every_action_is_pinned_by_its_commit() -> None:
    actions = re.findall(r"uses: (\S+)", WORKFLOW)
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


def test_the_workflow_may_only_read() -> None:
    assert re.findall(r"^permissions:\n((?:  .*\n)+)", WORKFLOW, re.MULTILINE) == ["  contents: read\n"]
    assert "secrets." not in WORKFLOW


def test_it_runs_every_python_that_the_package_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    (matrix,) = re.findall(r"python: \[(.*)\]", WORKFLOW)
    assert re.findall(r"3\.\d+", matrix) == supported


def test_its_make_targets_exist() -> None:
    targets = [name for line in re.findall(r"run: make (.*)", WORKFLOW) for name in line.split() if "=" not in name]
    assert targets
    assert [name for name in targets if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)] == []


def test_the_hooks_run_what_make_check_runs() -> None:
    check = re.findall(r"\$\(BIN\)/(\S+)", MAKEFILE.partition("\ncheck:")[2].partition("\n\n")[0])
    assert set(re.findall(r"entry: \.venv/bin/(\S+)", HOOKS)) == set(check)
