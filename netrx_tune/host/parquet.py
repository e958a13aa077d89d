"""Judgements as two Parquet files, for a query later: inputs.parquet and findings.parquet.

    SELECT rule, count(*) FROM 'out/findings.parquet' WHERE severity = 'critical' GROUP BY rule

Rows are written some thousand at a time, so memory does not grow with the inputs. Both files get
their names when all is written. Of the extra `fleet`; nothing else imports this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from netrx_tune.host.decompress import unreadable
from netrx_tune.host.storage import needs_extra
from netrx_tune.model.judgement import Judgement

if TYPE_CHECKING:
    from pyarrow import Schema
    from pyarrow.parquet import ParquetWriter

_ROWS = 4096
_ABOUT = ("kernel", "distribution", "cpus", "memory_bytes", "netns")
_FINDING = ("rule", "stage", "severity", "confidence", "cause", "lost", "share", "present", "fails",
            "accepted", "summary", "fingerprint")  # fmt: skip


class Tables:
    """The rows that are not written yet, and where they go."""

    def __init__(self, inputs: ParquetWriter, findings: ParquetWriter) -> None:
        self._inputs = _Table(inputs)
        self._findings = _Table(findings)

    def add(self, one: Judgement) -> None:
        """Add an input and its findings."""
        self._inputs.add(_input_row(one))
        for finding in one.findings:
            told = {name: _text(getattr(finding, name)) for name in _FINDING}
            self._findings.add({"input": _text(one.name), "host": _text(one.host), **told})

    def end(self) -> None:
        """Write the last rows."""
        self._inputs.write()
        self._findings.write()


class _Table:
    """One file."""

    def __init__(self, writer: ParquetWriter) -> None:
        self._writer = writer
        self._rows: list[dict[str, object]] = []

    def add(self, row: dict[str, object]) -> None:
        self._rows.append(row)
        if len(self._rows) >= _ROWS:
            self.write()

    def write(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 - of the extra

        if self._rows:
            schema: Schema = self._writer.schema
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=schema))
            self._rows.clear()


@contextmanager
def tables(folder: str) -> Iterator[Tables]:
    """Give both tables; where that ends well they stand in the folder, in place of older ones.

    Raises:
        InputError: the extra is not installed, or the folder cannot be written.
    """
    try:
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - of the extra
    except ImportError as error:
        raise needs_extra(error, "--output parquet=DIR") from None
    names = ("inputs", "findings")
    drafts = [Path(folder) / f".{name}.parquet.part" for name in names]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with (
            ParquetWriter(drafts[0], _input_schema(), compression="zstd") as inputs,
            ParquetWriter(drafts[1], _finding_schema(), compression="zstd") as findings,
        ):
            found = Tables(inputs, findings)
            yield found
            found.end()
        for name, draft in zip(names, drafts, strict=True):
            draft.replace(Path(folder) / f"{name}.parquet")
    except OSError as error:
        raise unreadable(folder, error) from None
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)


def _input_schema() -> Schema:
    import pyarrow as pa  # noqa: PLC0415 - of the extra

    text, number = pa.string(), pa.int64()
    return pa.schema(
        {
            **dict.fromkeys(("input", "host", "outcome", "reason"), text),
            **{name: number if name in {"cpus", "memory_bytes"} else text for name in _ABOUT},
            "window": text,
            "seconds": pa.float64(),
            **dict.fromkeys(("offered", "delivered", "queued", "lost"), number),
            "settings": pa.map_(text, pa.list_(number)),
            **dict.fromkeys(("stamp", "policy"), text),
        }
    )


def _finding_schema() -> Schema:
    import pyarrow as pa  # noqa: PLC0415 - of the extra

    kinds = {
        "lost": pa.int64(),
        "share": pa.float64(),
        "present": pa.bool_(),
        "fails": pa.bool_(),
    }
    return pa.schema({name: kinds.get(name, pa.string()) for name in ("input", "host", *_FINDING)})


def _input_row(one: Judgement) -> dict[str, object]:
    window, totals = one.window, one.totals
    told = {"input": one.name, "host": one.host, "outcome": one.outcome, "reason": one.reason}
    about = {name: getattr(one.about, name) for name in _ABOUT}
    return {
        **{name: _text(value) for name, value in (told | about).items()},
        "window": window and window.mode,
        "seconds": window and window.seconds,
        **(totals._asdict() if totals else {}),
        "settings": [(key, list(values)) for key, values in one.settings.items()],
        "stamp": one.stamp,
        "policy": one.policy,
    }


def _text(value: object) -> object:
    """Return a value as Parquet can hold it: a text with bytes that are no UTF-8 shows them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
