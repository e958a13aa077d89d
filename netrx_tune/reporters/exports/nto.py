"""A Tuned resource for OpenShift's Node Tuning Operator.

Source: docs of openshift/cluster-node-tuning-operator, tuned.openshift.io/v1.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports import tuned
from netrx_tune.reporters.exports.wanted import Export, File

_NAMESPACE = "openshift-cluster-node-tuning-operator"


def render(found: Export) -> tuple[File, ...]:
    """Return the one resource."""
    return (File(f"{_name(found)}.yaml", "\n".join(_lines(found)) + "\n"),)


def _name(found: Export) -> str:
    return f"netrx-tune-{found.profile.name}".rstrip("-")[:63].rstrip("-")


def _lines(found: Export) -> Iterator[str]:
    name = _name(found)
    yield f"# oc apply -f FILE && oc label node NODE netrx-tune={found.profile.name.rstrip('-')}"
    yield f"# Undo: oc label node NODE netrx-tune- && oc delete -n {_NAMESPACE} tuned {name}"
    yield "apiVersion: tuned.openshift.io/v1"
    yield "kind: Tuned"
    yield "metadata:"
    yield f"  name: {name}"
    yield f"  namespace: {_NAMESPACE}"
    yield "spec:"
    yield "  profile:"
    yield f"    - name: {name}"
    yield "      data: |"
    yield from (f"        {line}".rstrip() for line in tuned.lines(found, "openshift-node"))
    yield "  recommend:"
    yield "    - match:"
    yield "        - label: netrx-tune"
    yield f'          value: "{found.profile.name.rstrip("-")}"'
    yield "      priority: 20"
    yield f"      profile: {name}"
