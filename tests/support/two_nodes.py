"""Runners send their sound to a cluster of two nodes while its parts die: ``python -m tests.support.two_nodes``.

The last line is JSON: what each runner saw. It is a program of its own because Ray leaves warnings behind in a process.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import ray
import soundfile
from ray import serve
from ray.cluster_utils import Cluster
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from paces_live.demo import excerpt
from paces_live.server.cluster import DEPLOYMENT, app
from paces_live.server.websocket import FULL

FRAME_S = 0.1
"""Length of a message of sound, seconds."""
STREAMS = 28
"""Streams of a replica: enough for all runners, but 70 % are fewer than `STEADY`, so a second replica has to come."""
STEADY, BETWEEN, LATE = 20, 4, 3
"""Runners by the first node; those by the second; those by the second after its replica was killed. These are
three, because its balancer gave two of them to one replica in some runs."""

LOSS_KNOWN_S = 5.0
"""Time for which the others are watched after the node was lost, seconds."""
PORTS = ("RAY_SERVE_WORKER_PROXY_HTTP_PORT", "RAY_SERVE_HAPROXY_METRICS_PORT", "RAY_SERVE_HAPROXY_STATS_PORT")
"""Ports of the second node: in this test it has the address of the first."""
SMALL = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
"""What a node has: room for one replica."""


class Runner:
    """Sends sound in real time, and connects again, to one node or the other, whenever the connection ends."""

    def __init__(self, name: str, ports: list[int], sound: bytes, rate: int) -> None:
        self.seen: dict[str, Any] = {"name": name, "welcomes": [], "closes": [], "readings": [], "other": []}
        self._ports = ports
        self._sound = sound
        self._rate = rate

    async def run(self) -> None:
        """Run until cancelled."""
        session = ""
        while True:
            again_s = 0.5
            try:
                async with connect(f"ws://127.0.0.1:{self._ports[0]}/v1/audio", compression=None) as connection:
                    hello = {"type": "audio-start", "rate": self._rate, "width": 2, "channels": 1, "session": session}
                    await connection.send(json.dumps(hello))
                    sending = asyncio.create_task(self._send(connection))
                    with suppress(ConnectionClosed):
                        async for message in connection:
                            session = self._take(json.loads(message), session)
                    await connection.wait_closed()
                    sending.cancel()
                    self.seen["closes"].append((time.monotonic(), connection.close_code))
                    if connection.close_code == FULL:
                        again_s = float(connection.close_reason or again_s)
            except (InvalidHandshake, OSError):
                self._ports.reverse()
            await asyncio.sleep(again_s)

    def closed_since(self, moment: float) -> list[int]:
        """Return the codes with which its connections were closed after a moment."""
        return [code for when, code in self.seen["closes"] if when > moment]

    async def _send(self, connection: Any) -> None:
        size = 2 * round(FRAME_S * self._rate)
        begun = time.monotonic()
        for number in range(len(self._sound) // size):
            await connection.send(self._sound[number * size : (number + 1) * size])
            await asyncio.sleep(begun + (number + 1) * FRAME_S - time.monotonic())

    def _take(self, record: dict[str, Any], session: str) -> str:
        match record["type"]:
            case "welcome":
                self.seen["welcomes"].append((time.monotonic(), record["stream"], record["resumed"]))
                return str(record["session"])
            case "reading":
                self.seen["readings"].append((time.monotonic(), record["t"], len(record["paces"])))
            case kind:
                self.seen["other"].append(kind)
        return session


async def until(true: Callable[[], bool], seconds: float = 40.0) -> None:
    """Wait until something is true; it is asked in a thread, since Ray blocks."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, serve.status()
        await asyncio.sleep(0.2)


def running(replicas: int, proxies: int) -> bool:
    """Return whether there are so many replicas, and so many proxies that take connections."""
    status = serve.status()
    states: Any = status.applications[DEPLOYMENT].deployments[DEPLOYMENT].replica_states
    return states.get("RUNNING") == replicas and list(status.proxies.values()) == ["HEALTHY"] * proxies


def processes(fits: Callable[[int, bytes], bool]) -> list[int]:
    """Return the ids of the processes that fit, by their parent and their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            if fits(parent, folder.joinpath("cmdline").read_bytes()):
                found.append(int(folder.name))
    return found


def replica_of(node: Any) -> int:
    """Return the process id of the replica on a node."""
    (raylet,) = node.all_processes["raylet"]
    (replica,) = processes(lambda parent, command: parent == raylet.process.pid and b"ServeReplica" in command)
    return replica


def end_balancers(nodes: list[bytes]) -> None:
    """Kill the balancers of nodes. Ray does not end them with a node: the end of the machine would do that."""
    for pid in processes(lambda _, command: b"haproxy" in command and any(node in command for node in nodes)):
        os.kill(pid, signal.SIGKILL)


def lose(cluster: Any, node: Any) -> None:
    """Kill all processes of a node."""
    cluster.remove_node(node, allow_graceful=False)
    end_balancers([node.node_id.encode()])


async def scenario(cluster: Any, second: Any, ports: list[int]) -> dict[str, Any]:
    """Let runners come, kill a replica, lose a node, and drain the last replica; return what was seen, and when."""
    samples, rate = soundfile.read(excerpt(), dtype="int16", always_2d=True)
    sound = np.tile(samples[:, 0], 8).astype("<i2").tobytes()
    times: dict[str, float] = {}
    runners: list[Runner] = []
    tasks: list[asyncio.Task[None]] = []

    async def come(name: str, number: int, node: int) -> None:
        for _ in range(number):
            runners.append(Runner(name, [ports[node], ports[1 - node]], sound, rate))
            tasks.append(asyncio.create_task(runners[-1].run()))
        await until(lambda: all(runner.seen["welcomes"] for runner in runners))

    async def note(name: str, happens: Awaitable[Any]) -> None:
        times[name] = time.monotonic()
        await happens

    def back_since(name: str) -> bool:
        others = [runner for runner in runners if runner.seen["name"] != "steady"]
        return all(runner.seen["readings"][-1][0] > times[name] + 2.0 for runner in others)

    await come("steady", STEADY, 0)
    await until(lambda: running(2, 2))
    # The balancer of the second node knows no connections but its own: half of its runners get the first replica.
    await come("between", BETWEEN, 1)
    await asyncio.sleep(2.0)
    await note("killed", asyncio.to_thread(os.kill, replica_of(second), signal.SIGKILL))
    await until(lambda: back_since("killed") and running(2, 2))
    # The balancers hear a moment later that the new replica is there.
    await asyncio.sleep(2.0)
    await come("late", LATE, 1)
    await asyncio.sleep(2.0)
    await note("lost", asyncio.to_thread(lose, cluster, second))
    await until(lambda: back_since("lost"))
    await asyncio.sleep(LOSS_KNOWN_S)
    await note("drained", asyncio.to_thread(serve.delete, DEPLOYMENT, _blocking=False))
    await until(lambda: all(runner.closed_since(times["drained"]) for runner in runners))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"times": times, "runners": [runner.seen for runner in runners]}


def free_ports(number: int) -> list[int]:
    """Return ports that nobody uses."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main() -> None:
    """Make the cluster, and play the scenario."""
    ports = free_ports(4)
    cluster: Any = Cluster(initialize_head=True, head_node_args=SMALL)
    ray.init(cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    serve.start(proxy_location="EveryNode", http_options={"host": "127.0.0.1", "port": ports[0]})
    serve.run(app({"streams": str(STREAMS), "max_replicas": "2"}), name=DEPLOYMENT)
    # After the first replica, which is on the first node then.
    second = cluster.add_node(**SMALL, env_vars=dict(zip(PORTS, map(str, ports[1:]), strict=True)))
    try:
        seen = asyncio.run(scenario(cluster, second, ports))
    finally:
        nodes = [node.node_id.encode() for node in cluster.list_all_nodes()]
        ray.shutdown()
        cluster.shutdown()
        end_balancers(nodes)
    print(json.dumps(seen))  # noqa: T201


if __name__ == "__main__":
    main()
