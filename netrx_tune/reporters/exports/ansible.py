"""Tasks for Ansible. Source: docs of ansible.posix.sysctl; rules of ansible-lint.

The module's own file is /etc/sysctl.conf, which systemd does not read: it is named here. Free
text stands only in comments, since values are templates.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports.wanted import (
    MODULES_FILE,
    SYSCTL_FILE,
    Export,
    File,
    Wanted,
    advice,
    header,
    modules,
    reasons,
)


def render(found: Export) -> tuple[File, ...]:
    """Return a file of tasks."""
    return (File("tasks/main.yml", "\n".join(_lines(found)) + "\n"),)


def _lines(found: Export) -> Iterator[str]:
    yield "---"
    yield from header(found, "state: absent for each key, and the old values set back.")
    if not found.settings:
        yield "# Nothing to set."
        yield "[]"
    for name in modules(found):
        yield ""
        yield from _module(name)
    for one in found.settings:
        yield ""
        yield from _task(one)
    yield from advice(found)


def _module(name: str) -> Iterator[str]:
    yield f"- name: Load {name} at boot"
    yield "  ansible.builtin.copy:"
    yield f"    dest: {MODULES_FILE}"
    yield f'    content: "{name}\\n"'
    yield "    owner: root"
    yield "    group: root"
    yield '    mode: "0644"'
    yield "  become: true"


def _task(one: Wanted) -> Iterator[str]:
    yield from reasons(one)
    yield f"- name: Set {one.key}"
    yield "  ansible.posix.sysctl:"
    yield f'    name: "{one.key}"'
    yield f'    value: "{one.text}"'
    yield f"    sysctl_file: {SYSCTL_FILE}"
    yield "    sysctl_set: true"
    yield "    state: present"
    yield "    reload: false"
    yield "  become: true"
