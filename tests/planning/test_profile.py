"""Profiles: what a text may say, and what a host gets of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.model.errors import ProfileError
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_written import Written, parse_profile
from netrx_tune.planning.tunables import tunable

OURS = Path(__file__).parents[2] / "profiles"
GIB = 1 << 30
HEAD = "schema: 1\nname: p\nsummary: s\n"


def load(text: str, *others: str, memory: int | None = 8 * GIB) -> Profile:
    found = {one.name: one for one in (parse_profile(text, "o.yaml") for text in others)}
    return resolve(parse_profile(text, "p.yaml"), found.get, Memory(memory))


def setting(body: str) -> str:
    return f"{HEAD}settings:\n  {body}\n"


def refused(text: str, *others: str) -> str:
    with pytest.raises(ProfileError) as error:
        load(text, *others)
    return str(error.value)


def test_a_profile_is_read_as_the_contract_writes_it() -> None:
    text = """schema: 1
name: syslog-collector
summary: One or few readers, bursts of small datagrams
extends: base                       # optional, another profile's name
limits: {memory_share: 0.05}        # optional ceilings for what the plan may use
settings:
  net.core.rmem_max: {at_least: 16MiB, why: "a burst", source: "rsyslog"}
  net.ipv4.ipfrag_time: {exactly: 3, why: "w"}
application: [read faster]
keep: [net.core.busy_poll]           # never propose these
generated: {from: a, when: b, previous: {net.core.rmem_max: 212992}}
"""
    base = "schema: 1\nname: base\nsummary: b\napplication: [restart]\nkeep: [net.core.dev_weight]"
    assert load(text, base) == Profile(
        name="syslog-collector",
        summary="One or few readers, bursts of small datagrams",
        path="p.yaml",
        extends="base",
        settings=(
            ProfileSetting(
                "net.core.rmem_max", "at_least", (16 << 20,), "a burst", "rsyslog", (212992,)
            ),
            ProfileSetting("net.ipv4.ipfrag_time", "exactly", (3,), "w", ""),
        ),
        application=("restart", "read faster"),
        keep=("net.core.dev_weight", "net.core.busy_poll"),
        memory_share=0.05,
        generated={"from": "a", "when": "b"},
    )


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("net.core.rmem_max: {at_least: 7500000, why: w}", (7500000,)),
        ("net.core.rmem_max: {at_least: 416 KiB, why: w}", (425984,)),
        ("net.core.rmem_max: {at_least: 1% of memory, why: w}", (85899345,)),
        (
            "net.ipv4.udp_mem: {at_least: [5% of memory, 6% of memory, 10.5% of memory], why: w}",
            (104857, 125829, 220200),
        ),
        ("net.ipv4.tcp_rmem: {at_least: 4096 131072 16777216, why: w}", (4096, 131072, 16777216)),
        ("net.ipv4.tcp_rmem: {at_least: [4096, 128KiB, 16MiB], why: w}", (4096, 131072, 16777216)),
        ("net.ipv4.conf.eth0/100.rp_filter: {exactly: 2, why: w}", (2,)),
    ],
)
def test_numbers_are_in_the_sysctls_own_unit(body: str, values: tuple[int, ...]) -> None:
    assert load(setting(body)).settings[0].values == values


@pytest.mark.parametrize(
    "number",
    ["010", "6.10", "12:30", "-1", "+1", "1e9", "0x10", "1_000", "16MB", "16M", "16 mib", "~", "''",
     "4095.5", "5%", "101% of memory", "99999999999", "2147483648", "2303", "1KiB", "[1, 2]",
     "{a: b}", "true", "9" * 400, "*x", "&x 5000", "!!int 5000", "[*x]", "nan", "١٢٣٤٥"],
)  # fmt: skip
def test_a_number_that_yaml_would_guess_or_the_kernel_refuse_is_refused(number: str) -> None:
    text = setting(f"net.core.rmem_max: {{at_least: {number}, why: w}}")
    assert refused(text).startswith("p.yaml:5: settings.net.core.rmem_max")


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("net.ipv4.udp_mem", "64MiB"),
        ("net.ipv4.udp_mem", "1 2"),
        ("net.ipv4.udp_mem", "3 2 1"),
        ("net.ipv4.udp_mem", "65536 131072 16777216"),  # 64 GiB, copied everywhere
        ("net.core.netdev_max_backlog", "1KiB"),
        ("net.core.netdev_max_backlog", "1% of memory"),
        ("net.ipv4.conf.all.rp_filter", "3"),
        ("net.ipv4.ipfrag_time", "2147484"),
        ("net.core.flow_limit_table_len", "1000"),
    ],
)
def test_units_and_bounds_are_the_kernels(key: str, number: str) -> None:
    text = setting(f"{key}: {{at_least: {number}, why: w}}")
    assert refused(text).startswith(f"p.yaml:5: settings.{key}")


@pytest.mark.parametrize(
    ("key", "asked", "kept"),
    [
        ("net.core.rps_sock_flow_entries", 0, 0),
        ("net.core.rps_sock_flow_entries", 30000, 32768),
        ("net.core.rps_sock_flow_entries", 32768, 32768),
        ("net.netfilter.nf_conntrack_buckets", 65536, 65536),
        ("net.netfilter.nf_conntrack_buckets", 65537, 66048),
    ],
)
def test_a_table_gets_the_size_that_the_kernel_makes_it(key: str, asked: int, kept: int) -> None:
    found = parse_profile(setting(f"{key}: {{exactly: {asked}, why: w}}"), "p.yaml")
    assert resolve(found, {}.get, Memory(64 << 30)).settings[0].values == (kept,)


@pytest.mark.parametrize(
    "key",
    ["../../etc/passwd", "net.core.../../x", "net/core/rmem_max", "/proc/sys/net/core/rmem_max",
     "net.ipv4.conf.//.rp_filter", "net.ipv4.conf.../x.rp_filter", "net.ipv4.conf.IF.rp_filter",
     '"net.core.rmem_max\\nkernel.core_pattern"', '"net.core.rmem_max\\e[2J"', "SO_RCVBUF",
     "kernel.core_pattern", "net.netfilter.nf_conntrack_count", "net.core.rps_default_mask",
     "net.core_netdev_max_backlog", "net.ipv4.conf.aaaaaaaaaaaaaaaa.rp_filter", "*", "net.core.*"],
)  # fmt: skip
def test_a_key_that_is_not_a_known_sysctl_is_refused_with_its_line(key: str) -> None:
    quoted = key if key.startswith('"') else f'"{key}"'
    assert refused(setting(f"{quoted}: {{at_least: 5000, why: w}}")).startswith("p.yaml:5: ")
    assert refused(f"{HEAD}keep:\n - {quoted}\n").startswith("p.yaml:5: keep")


MAXIMUM = "  net.core.rmem_max: {at_least: 5000, why: w}\n"
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]", 1),
        ("just text", 1),
        ("{", 2),
        ("[" * 1500, 1),
        ("{a: " * 400, 1),
        ("a" * 5000, 1),
        (BOMB, 1),
        (f"{HEAD}name: q\n", 4),
        (f"{HEAD}setings: {{}}\n", 4),
        (f"{HEAD}---\nschema: 1\n", 5),
        (f"{HEAD}extends: ../../etc/shadow\n", 4),
        (f"{HEAD}extends: nobody\n", 4),
        (f"{HEAD}extends: p\n", 4),
        (f"{HEAD}limits: {{memory_share: 2}}\n", 4),
        (f"{HEAD}limits: {{memory: 1}}\n", 4),
        (f'{HEAD}application: ["a\\nb"]\n', 4),
        (f'{HEAD}application: ["\\e[31m"]\n', 4),
        (f'{HEAD}application: ["\u202eabc"]\n', 4),
        (f"{HEAD}application: [a\x00b]\n", 4),
        (f"{HEAD}application: [[a]]\n", 4),
        (f"{HEAD}application: [{'x' * 1500}]\n", 4),
        (f"{HEAD}generated: {{previous: {{kernel.x: 1}}}}\n", 4),
        (f"{HEAD}generated: {{previous: {{net.core.rmem_max: -1}}}}\n", 4),
        (f"{HEAD}generated: {{../x: 1}}\n", 4),
        (f"{HEAD}generated: {{from: [x]}}\n", 4),
        (f"{HEAD}application: text\n", 4),
        (f"{HEAD}settings: [x]\n", 4),
        (f"{HEAD}[a]: b\n", 4),
        (f"{HEAD}settings: {{[a]: b}}\n", 4),
        ("schema: 2\nname: p\nsummary: s\n", 1),
        ("schema: 01\nname: p\nsummary: s\n", 1),
        ("schema: 1\nname: ../p\nsummary: s\n", 2),
        ("schema: 1\nname: P\nsummary: s\n", 2),
        ("schema: 1\nname: p\nsummary:\n", 3),
        ("schema: 1\nname: p\n", 1),
        (f"{HEAD}# {'x' * 70000}\n", 1),
        (f"{HEAD}settings:\n  net.core.rmem_max: 5000\n", 5),
        (f"{HEAD}settings:\n  net.core.rmem_max: {{at_least: 5000}}\n", 5),
        (f"{HEAD}settings:\n  net.core.rmem_max: {{why: w}}\n", 5),
        (f"{HEAD}settings:\n  net.core.rmem_max: {{at_least: 5000, exactly: 1, why: w}}\n", 5),
        (f"{HEAD}settings:\n  net.core.rmem_max: {{at_most: 5000, why: w}}\n", 5),
        (f"{HEAD}settings:\n{MAXIMUM}{MAXIMUM}", 6),
        (f"{HEAD}keep: [net.core.rmem_max]\nsettings:\n{MAXIMUM}", 6),
    ],
)  # fmt: skip
def test_a_hostile_or_mistaken_text_is_refused_with_its_line(text: str, line: int) -> None:
    message = refused(text)
    assert message.startswith(f"p.yaml:{line}: "), message
    assert message.isprintable()
    assert len(message) < 500


@given(st.text(max_size=300))
def test_any_text_is_a_profile_or_a_profile_error(text: str) -> None:
    got: object
    try:
        got = parse_profile(text, "p")
    except ProfileError as error:
        got = error
    assert isinstance(got, Written) or str(got).isprintable()


def test_a_duplicate_names_the_key_and_the_first_line() -> None:
    text = setting("net.core.rmem_max: {at_least: 5000, why: w}\n  net.core.rmem_max: {}")
    assert refused(text) == (
        "p.yaml:6: settings: this key stands on line 5 already, got 'net.core.rmem_max'"
    )


def test_a_chain_of_too_many_bases_is_refused() -> None:
    others = [f"schema: 1\nname: o{n}\nsummary: s\nextends: o{n + 1}\n" for n in range(12)]
    assert "extends: more than 8 bases" in refused(f"{HEAD}extends: o0\n", *others)


def test_keys_with_nothing_behind_them_are_empty() -> None:
    got = load(f"{HEAD}settings:\napplication:\nkeep:\nlimits:\n")
    assert (got.settings, got.application, got.keep, got.memory_share) == ((), (), (), None)


def test_a_circle_of_bases_is_refused() -> None:
    other = "schema: 1\nname: o\nsummary: s\nextends: p\n"
    assert refused(f"{HEAD}extends: o\n", other) == (
        "o.yaml:4: extends: profiles extend each other in a circle, got 'p'"
    )


def test_what_a_profile_says_replaces_what_its_base_says() -> None:
    base = (
        "schema: 1\nname: o\nsummary: s\nlimits: {memory_share: 0.5}\nkeep: [net.core.busy_poll]\n"
        "settings:\n  net.core.rmem_max: {at_least: 9000, why: base}\n"
        "  net.core.somaxconn: {at_least: 9000, why: base}\n"
    )
    text = (
        f"{HEAD}extends: o\nkeep: [net.core.somaxconn]\nsettings:\n"
        "  net.core.rmem_max: {at_least: 5000, why: own}\n"
        "  net.core.busy_poll: {at_least: 50, why: own}\n"
    )
    got = load(text, base)
    assert {one.key: one.values for one in got.settings} == {
        "net.core.rmem_max": (5000,),
        "net.core.busy_poll": (50,),
    }
    assert got.keep == ("net.core.somaxconn",)
    assert got.memory_share == 0.5


def test_a_share_needs_a_host_that_tells_its_memory() -> None:
    text = setting("net.core.rmem_max: {at_least: 1% of memory, why: w}")
    with pytest.raises(ProfileError, match="does not tell its memory"):
        load(text, memory=None)


@pytest.mark.parametrize("path", sorted(OURS.glob("*.yaml")), ids=lambda path: path.stem)
def test_ours_have_a_source_a_reason_and_a_unit_for_each_value(path: Path) -> None:
    text = path.read_text()
    ours = {one.stem: parse_profile(one.read_text(), str(one)) for one in OURS.glob("*.yaml")}
    got = resolve(ours[path.stem], ours.get, Memory(GIB))
    assert ours[path.stem].name == path.stem
    for one in got.settings:
        known = tunable(one.key)
        assert known is not None
        assert one.why
        assert one.source
        assert known.unit != "bytes" or f"{one.key}:\n" in text
    for line in text.splitlines():
        if "at_least:" in line or "exactly:" in line:
            assert "  # " in line, "a value without its unit"


def test_all_workloads_are_there() -> None:
    want = """base quic-http3 dns-resolver dns-authoritative syslog-collector statsd-metrics
    flow-collector voip-rtp video-multicast market-data ros2-dds vpn-tunnel game-server
    gossip-validator data-acquisition tcp-ingest"""
    assert {path.stem for path in OURS.glob("*.yaml")} == set(want.split())
