"""Devices with many receive queues: fewer files on disk, and nothing lost."""

from pathlib import Path

import pytest

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.paths import QUEUES
from netrx_tune.collectors.queue_texts import HEADER, QueueTexts, parse_queue_texts
from netrx_tune.host.archive import read_snapshot, write_snapshot
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Sample
from netrx_tune.reporters.snapshot_files import saved_snapshot
from netrx_tune.reporters.snapshot_queues import packed_queues

ETH0 = "/sys/class/net/eth0/queues"


def files(queues: int, device: str = ETH0) -> dict[str, str]:
    return {f"{device}/rx-{at}/rps_cpus": f"{at:08x}\n" for at in range(queues)}


@pytest.mark.parametrize("queues", [1, 8, 9, 64])
@pytest.mark.parametrize("name", ["x.tar.gz", "folder"])
def test_masks_of_any_number_of_queues_are_read_again(
    tmp_path: Path, name: str, queues: int
) -> None:
    sample = Sample({"/proc/net/snmp": "Udp: A\nUdp: 1\n", **files(queues)})
    write_snapshot(str(tmp_path / name), saved_snapshot((sample,)), "0.1.0")
    (again,) = read_snapshot(str(tmp_path / name)).samples
    assert (QUEUES in again.files) is (queues > 8)
    assert assemble(again).devices == assemble(sample).devices
    assert len(assemble(again).devices["eth0"].rps_cpus) == queues


def test_every_file_of_a_queue_keeps_its_text() -> None:
    many = files(9) | {f"{ETH0}/rx-{at}/rps_flow_cnt": "0\n" for at in range(9)}
    packed = packed_queues({"/proc/uptime": "1 1\n", **many})
    assert set(packed) == {"/proc/uptime", QUEUES}
    assert parse_queue_texts(packed[QUEUES], QUEUES) == (
        QueueTexts("eth0", "rps_cpus", tuple(f"{at:08x}\n" for at in range(9))),
        QueueTexts("eth0", "rps_flow_cnt", ("0\n",) * 9),
    )


def test_queues_with_a_gap_between_them_stay_files() -> None:
    some = files(20)
    del some[f"{ETH0}/rx-7/rps_cpus"]
    assert packed_queues(some) == some


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        f"{HEADER}\n[]\n",
        f"{HEADER}\n" + '{"device":1,"file":"rps_cpus","texts":[]}\n',
        f"{HEADER}\n" + '{"device":"eth0","file":"rps_cpus","texts":["1",2]}\n',
        f"{HEADER}\n" + '{"device":"eth0","file":"rps_cpus"\n',
        f"{HEADER}\n" + "[" * 100_000 + "\n",
    ],
)
def test_a_damaged_table_is_a_gap(text: str) -> None:
    with pytest.raises(ParseError):
        parse_queue_texts(text, QUEUES)
    snapshot = assemble(Sample({QUEUES: text}))
    assert snapshot.devices == {}
    assert [(gap.path, gap.why) for gap in snapshot.gaps] == [(QUEUES, "unparsed")]


def test_a_mask_that_is_none_is_a_gap() -> None:
    row = '{"device":"eth0","file":"rps_cpus","texts":["3\\n","zz\\n","zz\\n"]}'
    snapshot = assemble(Sample({QUEUES: f"{HEADER}\n{row}\n"}))
    assert snapshot.devices["eth0"].rps_cpus == ("3",)
    assert [gap.path for gap in snapshot.gaps] == [f"{ETH0}/rx-N/rps_cpus"]
