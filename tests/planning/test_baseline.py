"""A baseline's life: made, kept, renewed, emptied."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from netrx_tune.host.checking import judge_input
from netrx_tune.model.errors import ProfileError
from netrx_tune.planning.baseline import Update, parse_baseline, render_baseline
from netrx_tune.planning.policy import Policy
from netrx_tune.planning.policy_fields import Acceptance
from tests.saved import archive

TODAY = date(2026, 12, 1)
END = date(2027, 3, 1)


def updated(old: dict[str, Acceptance], *paths: str, today: date = TODAY) -> str:
    update = Update(old, "why not", today, END)
    for path in paths:
        update.add(judge_input(path, Policy(baseline=old), today)[0])
    return render_baseline(update.kept())


def test_what_fails_is_accepted_with_reason_and_day(tmp_path: Path) -> None:
    bad = archive(tmp_path / "bad.tar.gz", lost=500)
    known = parse_baseline(updated({}, bad, archive(tmp_path / "ok.tar.gz")), "b.yaml")
    (one,) = known.values()
    assert (one.rule, one.host, one.reason, one.until) == (
        "socket-buffer-full",
        "bad",
        "why not",
        END,
    )
    assert judge_input(bad, Policy(baseline=known), TODAY)[0].outcome == "passed"
    assert judge_input(bad, Policy(baseline=known), END)[0].outcome == "passed"
    assert judge_input(bad, Policy(baseline=known), date(2027, 3, 2))[0].outcome == "failed"


def test_a_reason_is_kept_and_an_ended_acceptance_renewed(tmp_path: Path) -> None:
    bad = archive(tmp_path / "bad.tar.gz", lost=500)
    text = updated({}, bad).replace("why not", 'Ann: \\"old\\" NIC, #7').replace("2027", "2026")
    old = parse_baseline(text, "b.yaml")
    (kept,) = parse_baseline(updated(old, bad), "b.yaml").values()
    assert (kept.reason, kept.until) == ('Ann: "old" NIC, #7', END)
    early = date(2026, 1, 1)
    (same,) = parse_baseline(updated(old, bad, today=early), "b.yaml").values()
    assert (same.reason, same.until) == ('Ann: "old" NIC, #7', date(2026, 3, 1))


def test_what_is_gone_is_dropped_unless_its_host_was_not_there(tmp_path: Path) -> None:
    bad = archive(tmp_path / "bad.tar.gz", lost=500)
    worse = archive(tmp_path / "worse.tar.gz", lost=900)
    old = parse_baseline(updated({}, bad, worse), "b.yaml")
    assert len(old) == 2
    archive(tmp_path / "bad.tar.gz", lost=0)
    (left,) = parse_baseline(updated(old, bad), "b.yaml").values()
    assert left.host == "worse"
    (tmp_path / "bad.tar.gz").write_text("damaged")
    assert parse_baseline(updated(old, bad), "b.yaml").keys() == old.keys()


def test_an_empty_baseline_is_read_again() -> None:
    assert parse_baseline(render_baseline([]), "b.yaml") == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("accept: [{rule: x, reason: r, until: 2027-01-01}]", "b.yaml:1: accept: expected a key"),
        ("accept: [{fingerprint: 12, reason: r, until: 2027-01-01}]", "16 hexadecimal digits"),
        ("profile: x", "b.yaml:1: unknown key"),
        (
            "accept:\n" + 2 * "- {fingerprint: 0123456789abcdef, reason: r, until: 2027-01-01}\n",
            "b.yaml:3: accept: this fingerprint stands on line 2 already",
        ),
    ],
)
def test_a_mistake_is_told_with_file_and_line(text: str, what: str) -> None:
    with pytest.raises(ProfileError, match=r"b\.yaml") as caught:
        parse_baseline(text, "b.yaml")
    assert what in str(caught.value)


def test_hostile_host_names_do_not_break_the_file(tmp_path: Path) -> None:
    name = 'a\nb\x1b[2J: {"x"}, #\'\\\u202e' + "y" * 100
    bad = archive(tmp_path / name / "x.tar.gz", lost=500)
    judgement = judge_input(bad, Policy(), TODAY)[0]._replace(host=name * 9)
    update = Update({}, "r", TODAY, END)
    update.add(judgement)
    (one,) = parse_baseline(render_baseline(update.kept()), "b.yaml").values()
    assert one.fingerprint == judgement.findings[0].fingerprint
