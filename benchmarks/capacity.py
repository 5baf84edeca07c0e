"""How many runners a machine and a site carry, from what one runner needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from paces_live.server.cluster import FILL, STREAMS

UPLINK_GBIT = 100.0
"""Assumed connection of a site, Gbit/s."""
CLUSTER_REPLICAS = 1000
"""Assumed number of replicas that one controller of Ray Serve looks after."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine; the numbers are assumed.

    Attributes
    ----------
    cores : int
    memory_gb : float
    network_gbit : float
        What its network brings in, Gbit/s.
    sockets : int
        Files that may be open, of which each socket is one.
    """

    cores: int = 16
    memory_gb: float = 64.0
    network_gbit: float = 10.0
    sockets: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Stream:
    """What one runner needs all the time.

    Attributes
    ----------
    cores : float
        Share of a core.
    memory_gb : float
    network_gbit : float
        Sound that comes in, Gbit/s.
    sockets : int
        On the machine that serves it.
    """

    cores: float
    memory_gb: float
    network_gbit: float
    sockets: int


def carried(stream: Stream, machine: Machine) -> dict[str, float]:
    """Return how many runners a machine carries by each of its parts, filled to `FILL`; the least is its bottleneck.

    Examples
    --------
    >>> carried(Stream(0.01, 0.002, 0.001, 3), Machine(cores=10, memory_gb=20.0, network_gbit=1.0))["cores"]
    700.0
    """
    return {
        "cores": FILL * machine.cores / stream.cores,
        "memory": FILL * machine.memory_gb / stream.memory_gb,
        "network": FILL * machine.network_gbit / stream.network_gbit,
        "sockets": FILL * machine.sockets / stream.sockets,
    }


def bottleneck(carries: Mapping[str, float]) -> str:
    """Return the part that is full first.

    Examples
    --------
    >>> bottleneck({"cores": 2000.0, "network": 900.0})
    'network'
    """
    return min(carries, key=lambda part: carries[part])


def carried_by_site(stream: Stream) -> dict[str, float]:
    """Return how many runners a site with one cluster carries, by what its machines share.

    Examples
    --------
    >>> carried_by_site(Stream(0.01, 0.002, 0.001, 3))["the uplink"]
    70000.0
    """
    return {
        "the controller of Ray Serve": CLUSTER_REPLICAS * FILL * STREAMS,
        "the uplink": FILL * UPLINK_GBIT / stream.network_gbit,
    }
