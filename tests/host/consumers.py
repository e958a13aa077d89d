"""The programs that read what is exported, as the tests call them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PLAY = """---
- name: Tune
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Import
      ansible.builtin.import_tasks: ansible
"""
# On this host, as the user that runs it.
PYTHON = (
    *("-i", "localhost,", "-c", "local", "-e", "ansible_become=false"),
    *("-e", "ansible_python_interpreter=/usr/bin/python3"),
)


def needs(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


def run(*words: str | Path, **more: object) -> str:
    got = subprocess.run(words, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    assert got.returncode == 0, got.stdout + got.stderr
    return str(got.stdout)
