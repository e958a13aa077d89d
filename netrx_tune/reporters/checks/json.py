"""One JSON document, schema netrx-tune/check/v1: the inputs, each on a line, then the summary."""

from __future__ import annotations

import json

from netrx_tune import TOOL
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.judgement_json import judgement_json

SCHEMA = "netrx-tune/check/v1"


class Json:
    """A document that is written as the inputs come."""

    def __init__(self, setup: Setup) -> None:
        self._policy = setup.policy
        self._separator = "\n"

    def begin(self) -> str:
        """Return the head and the opening of the list of inputs."""
        head = {
            "schema": SCHEMA,
            "tool": TOOL,
            "policy": {
                "path": self._policy.path or None,
                "fail_on": self._policy.fail_on,
                "profile": self._policy.profile_name,
                "digest": self._policy.digest,
            },
        }
        return json.dumps(head)[:-1] + ', "inputs": ['

    def each(self, judgement: Judgement) -> str:
        """Return one input."""
        text = self._separator + json.dumps(judgement_json(judgement))
        self._separator = ",\n"
        return text

    def end(self, tally: Tally) -> str:
        """Return the summary."""
        summary: dict[str, object] = {
            "inputs": tally.inputs,
            **{str(one): number for one, number in tally.outcomes.items()},
            "failing_rules": tally.failing,
            "accepted": tally.accepted,
            "expired": tally.expired,
            "resumed": tally.resumed,
            "namespaces": tally.namespaces,
            "exit_code": tally.exit_code(),
        }
        return f'\n], "summary": {json.dumps(summary)}}}\n'


FORM = Json
