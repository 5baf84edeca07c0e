"""The page on many runners, and the arithmetic in it."""

import json
from pathlib import Path

import pytest

from benchmarks import scaling_page, streams
from benchmarks.capacity import Machine, Stream, bottleneck, carried, carried_by_site

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_follows_from_its_figures(tmp_path: Path) -> None:
    scaling_page.write(json.loads((DOCS / "scaling.json").read_text("utf-8")), tmp_path)
    for name in ("scaling.md", "scaling.json"):
        assert (tmp_path / name).read_text("utf-8") == (DOCS / name).read_text("utf-8")


def test_a_machine_carries_what_its_scarcest_part_does() -> None:
    machine = Machine(cores=10, memory_gb=30.0, network_gbit=1.0, sockets=30_000)
    carries = carried(Stream(cores=0.01, memory_gb=0.003, network_gbit=0.0007, sockets=3), machine)
    assert carries == pytest.approx({"cores": 700.0, "memory": 7000.0, "network": 1000.0, "sockets": 7000.0})
    assert bottleneck(carries) == "cores"


def test_a_stream_is_the_sum_of_its_replica_and_its_balancer() -> None:
    found = {
        "streams": 11,
        "rate": 44_100,
        "width": 2,
        "serve": {"1": {"memory_mb": 70.0}, "11": {"memory_mb": 90.0}},
        "haproxy": {"replica": 0.1, "proxy": 0.01},
    }
    stream = scaling_page.stream_of(found)
    assert stream.cores == pytest.approx(0.01)
    # 2 MB, and its share of the 70 MB of a process that has 70 streams
    assert stream.memory_gb == pytest.approx(0.003)
    assert stream.network_gbit == pytest.approx(0.0007056)
    assert carried_by_site(stream)["the uplink"] == pytest.approx(70.0 / 0.0007056)
    assert scaling_page.stream_of(found, at_rate=22_050).network_gbit == pytest.approx(0.0003528)


def test_sessions_in_one_process_cost_something() -> None:
    found = streams.in_process(2, 3.0)
    assert 0.0 < found["cpu_s"] < 6.0
    assert found["memory_mb"] > 10.0


def test_messages_are_a_tenth_of_a_second_of_the_excerpt() -> None:
    sound = streams.messages()
    assert {len(message) for message in sound} == {8820}
    assert len(sound) == pytest.approx(910, abs=1)
