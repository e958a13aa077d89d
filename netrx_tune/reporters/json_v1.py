"""The diagnosis as JSON, schema netrx-tune/diagnosis/v1.

Written by hand, field by field: others depend on these names, and our values may change.
"""

from __future__ import annotations

from netrx_tune import TOOL
from netrx_tune.model.finding import Diagnosis, Finding
from netrx_tune.model.ledger import Account, Ledger
from netrx_tune.model.snapshot import HostFacts

SCHEMA = "netrx-tune/diagnosis/v1"


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Return the whole diagnosis, ready for json.dumps()."""
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "host": host_json(diagnosis.host),
        "window": diagnosis.window._asdict(),
        "ledger": ledger_json(diagnosis.ledger),
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "skipped": [
            {"rule": s.rule, "needs": list(s.needs), "why": s.why} for s in diagnosis.skipped
        ],
        "gaps": [gap._asdict() for gap in diagnosis.gaps],
        "notes": list(diagnosis.notes),
        "plan": [item._asdict() for item in diagnosis.plan],
    }


def host_json(host: HostFacts) -> dict[str, object]:
    """Return what is said of the host."""
    return {
        "kernel": host.release,
        "distribution": host.distribution,
        "cpus": host.cpus,
        "memory_bytes": host.memory_bytes,
        "netns": host.netns,
    }


def ledger_json(ledger: Ledger) -> dict[str, object]:
    """Return the books."""
    return {
        "offered": ledger.offered,
        "delivered": ledger.delivered,
        "queued": ledger.queued,
        "lost": ledger.lost,
        "unattributed": ledger.unattributed,
        "stages": [_account(account, ledger) for account in ledger.accounts],
    }


def _account(account: Account, ledger: Ledger) -> dict[str, object]:
    return {
        "stage": account.stage,
        "lost": account.lost,
        "bound": account.bound,
        "offered": account.offered,
        "total": ledger.total(account.stage),
        "by": [entry._asdict() for entry in account.by],
        "why": account.why or None,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        **finding._asdict(),
        "share": None if finding.share is None else round(finding.share, 6),
        "meaning": finding.meaning or None,
        "evidence": [item._asdict() for item in finding.evidence],
        "sockets": [sock._asdict() for sock in finding.sockets],
        "recommendations": [item._asdict() for item in finding.recommendations],
    }
