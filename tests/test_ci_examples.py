"""The CI jobs of the README: valid for their systems, and made of commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from netrx_tune.cli import netrx_tune

ROOT = Path(__file__).parent.parent
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def section(title: str = "In CI") -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", section(), re.DOTALL | re.MULTILINE)


def documents() -> dict[str, dict[Any, Any]]:
    """Return the three examples by what reads them."""
    workflow, job, hooks = (yaml.safe_load(text) for text in blocks("yaml"))
    return {"workflow": workflow, "gitlab": job, "pre-commit": hooks}


def lines(document: object) -> Iterator[str]:
    """Yield what a shell runs of a job, and the command lines of the text."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "run":
                yield str(value)
            elif key in ("script", "before_script"):
                yield from value
            else:
                yield from lines(value)
    elif isinstance(document, list):
        for value in document:
            yield from lines(value)


def commands() -> list[str]:
    """Return each call of the tool in the section."""
    prose = re.sub(r"^```.*?^```$", "", section(), flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`(netrx-tune [^`]+)`", prose.replace("\n", " "))
    shown = [line for text in blocks("sh") for line in text.splitlines()]
    found = [*lines(documents()), *shown, *inline]
    calls = [part.strip() for line in found for part in line.split("&&")]
    return [call for call in calls if call.startswith("netrx-tune ")]


def test_the_section_has_calls_to_check() -> None:
    named = {call.split()[1] for call in commands()}
    assert named == {"snapshot", "check", "diff"}
    assert len(commands()) >= 6


@pytest.mark.parametrize("call", commands())
def test_a_command_line_of_the_section_is_one_that_the_tool_takes(call: str) -> None:
    _, name, *words = shlex.split(call)
    command = netrx_tune.get_command(click.Context(netrx_tune), name)
    assert command is not None
    command.make_context(name, words)


def test_a_command_line_with_an_option_of_nobody_would_be_found() -> None:
    command = netrx_tune.get_command(click.Context(netrx_tune), "check")
    assert command is not None
    with pytest.raises(click.UsageError):
        command.make_context("check", ["run.tar.gz", "--fail-upon", "warning"])


def test_files_that_a_step_reads_are_written_by_one_before() -> None:
    written = set(re.findall(r"(?:-o |=)([\w.]+\.(?:tar\.gz|sarif|xml))", "\n".join(commands())))
    assert written == {"run.tar.gz", "loss.sarif", "loss.xml"}
    workflow = documents()["workflow"]["jobs"]["load-test"]["steps"]
    uploads = [step["with"] for step in workflow if "with" in step]
    assert uploads[0]["sarif_file"] in written
    assert set(uploads[1]["path"].split()) <= written
    artifacts = documents()["gitlab"]["load-test"]["artifacts"]
    assert {artifacts["reports"]["junit"], *artifacts["paths"]} <= written


@pytest.mark.parametrize(
    ("number", "name", "schema"),
    [
        (0, "workflow.yml", "vendor.github-workflows"),
        (1, ".gitlab-ci.yml", "vendor.gitlab-ci"),
    ],
)
def test_a_job_is_valid_for_its_system(tmp_path: Path, number: int, name: str, schema: str) -> None:
    if not find_spec("check_jsonschema"):
        pytest.skip("needs check-jsonschema")
    right, wrong = tmp_path / name, tmp_path / f"wrong-{name}"
    text = blocks("yaml")[number]
    right.write_text(text)
    wrong.write_text(text.replace("    steps:", "    stepz:").replace("  script:", "  scribt:"))
    assert validated(right, schema) == 0
    assert validated(wrong, schema) == 1


def validated(file: Path, schema: str) -> int:
    words = ("-m", "check_jsonschema", "--builtin-schema", schema, str(file))
    return subprocess.run([sys.executable, *words], capture_output=True, check=False).returncode


def test_the_hook_of_the_readme_is_one_that_we_offer() -> None:
    offered = {hook["id"]: hook for hook in yaml.safe_load(HOOKS.read_text())}
    named = [hook["id"] for repo in documents()["pre-commit"]["repos"] for hook in repo["hooks"]]
    assert named == ["netrx-tune-profile"]
    entry = offered[named[0]]["entry"].split()
    assert entry[:3] == ["netrx-tune", "profile", "validate"]
    files = re.compile(offered[named[0]]["files"])
    assert files.search("deploy/profiles/edge.yaml")
    assert not files.search("profiles.yaml")


@pytest.mark.parametrize(("value", "code"), [("16MiB", 0), ("016", 1)])
def test_pre_commit_runs_the_hook_in_a_repository(tmp_path: Path, value: str, code: int) -> None:
    """The hook's own environment is that of these tests, so that nothing is downloaded."""
    for program in ("pre-commit", "git"):
        if _folder_of(program) is None:
            pytest.skip(f"needs {program}")
    profile = (
        "schema: 1\nname: mine\nsummary: Ours\nsettings:\n"
        f"  net.core.rmem_max: {{at_least: {value}, why: bursts}}\n"
    )
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/mine.yaml").write_text(profile)
    (hook,) = yaml.safe_load(HOOKS.read_text())
    entry = hook["entry"].replace("netrx-tune", f"{sys.executable} -m netrx_tune", 1)
    here = {"repo": "local", "hooks": [{**hook, "entry": entry, "language": "system"}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [here]}))
    git = ("git", "-C", str(tmp_path))
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    done = subprocess.run(
        [f"{_folder_of('pre-commit')}/pre-commit", "run", "--all-files"],
        cwd=tmp_path,
        env={"PATH": f"{_folder_of('git')}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    if code:
        assert "mine.yaml:5" in done.stdout


def _folder_of(program: str) -> Path | None:
    """Return where a program is: beside this Python, or on the path."""
    own = Path(sys.executable).parent
    found = shutil.which(program, path=f"{own}:{os.environ['PATH']}")
    return Path(found).parent if found else None
