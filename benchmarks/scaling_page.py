"""The page on what many runners cost; all figures in it are measured, or computed from them."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.capacity import CLUSTER_REPLICAS, UPLINK_GBIT, Machine, Stream, bottleneck, carried, carried_by_site
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE
from paces_live.server.cluster import CHECK_S, DRAIN_S, FILL, STREAMS, UNSEEN_S
from paces_live.server.contribution import REATTACH_S
from training.evaluate.report.markdown import percent, table

RUNNERS = (100, 10_000, 1_000_000)
"""Runners at once."""
PAGE = """\
# Beyond one machine

Written by `python -m benchmarks scaling` ({machine}). Compare figures only within one table: other machines
give other figures. All measured figures are in [scaling.json](scaling.json).

## Start a cluster

[Ray Serve](https://docs.ray.io/en/latest/serve/) runs the same application as `paces-live serve`, in as many
processes as its runners need. They are called replicas. Run `pip install '.[cluster,serve]'` in a checkout
on each machine, and set this for all of Ray's processes:

```sh
export RAY_SERVE_ENABLE_HA_PROXY=1                # HAProxy brings the sound to the replicas
export RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S=86400  # a stream outlives a change of the replicas
export RAY_SERVE_HAPROXY_MAXCONN=100000           # runners who may come by one machine
```

Then start it with Ray's own commands:

```sh
ray start --head                                # on the first machine
ray start --address FIRST:6379                  # on each other machine
serve run paces_live.server.cluster:app max_replicas=20
```

| argument | meaning | default |
|---|---|---|
| `streams` | streams of a replica | {replica} |
| `min_replicas`, `max_replicas` | replicas at least and at most | 1, 10 |
| `cpus` | cores that Ray reserves for a replica | 1 |
| `target`, `tolerance` | of runners who choose none | {target}, {tolerance} |

`serve deploy` takes them under `args` in its file, with `import_path: paces_live.server.cluster:app`.

A replica has no input of its own, so there is no stream `main`. Ray Serve starts another replica when those
that are there have {per_replica} streams each on average, {fill} of their limit.

**Put a balancer in front** that speaks TLS, asks for a password if you want one, and spreads connections over the
machines. They listen on port 8000 of all their addresses, and on the ports of Ray and of the replicas. Let nobody
reach these ports but the machines themselves and the balancer, and give the machines a
[token](https://docs.ray.io/en/latest/ray-security/token-auth.html): who reaches Ray without one can run any program.

## What happens when something goes away

| event | what runners see |
|---|---|
| a replica dies | its runners lose their connection (1006), connect again, and begin a new window elsewhere |
| a machine dies | the same for the runners of its replicas; those who only came by it may find their window again |
| a replica is spare, or old | soon after {unseen} seconds, its runners get 1001, and connect again |
| it happens to others | nothing |

The tests do all this on two nodes: `tests/server/test_cluster.py`.

- **A session lives in its replica.** A runner who comes back within {reattach} seconds goes on with the same
  window only if the balancer finds the same replica. Else `resumed` is false, and a new stream begins. Ray
  Serve has a router that ties clients to replicas by a header. It is experimental, it does not look at how full
  a replica is, and a page cannot set headers on a WebSocket, so this is not used.
- **The same holds for those who follow** a stream by its id: with more than one replica, they may not find it.
  Follow your own stream on the connection that sends it.
- **Ray Serve waits for streams to end, and ours never do.** It does not inform a replica that is to go, and
  would cut all streams after {drain} seconds. So a replica that nobody looks after any more asks Ray Serve
  whether one is being stopped, and closes its streams.
- **HAProxy starts again when replicas come or go,** and by default its predecessor soon drops its connections.
  That is what the second variable is for.
- **Ray's own proxy also works,** without the first variable. It costs {dearer:.1f} times as much, since each
  message goes through another Python process. And when a machine dies, streams elsewhere that came by it hold
  up their whole replica, until Ray has noticed.
- **Some limits of `serve` do not hold:** those on slow requests, and that nothing is compressed, which costs
  processor time and memory. Let the balancer in front remove `Sec-WebSocket-Extensions` from requests.

## What a stream costs

{streams} runners send the bundled excerpt in real time, at {rate} Hz, one channel of 16 bits, ten messages a
second, and get a reading a second. Their own processes do not count. Processor time is counted over
{seconds:.0f} s, once all windows are full.
The load of the machine was {load} before, so other programs ran at the same time if that is not about 0.

{costs}
The first stream comes with {first_mb:.0f} MB. A server is two processes here, the event loop and one
worker. On one machine, `serve` starts a worker for each core.

On the network, a stream is {kilobytes:.1f} kB/s of samples, {megabits:.2f} Mbit/s or {megabytes_h:.0f} MB an
hour (computed; the overhead of WebSocket, TLS and TCP comes on top). The method itself works at {own_rate} Hz.
A client that sends at this rate needs {own_megabytes_h:.0f} MB an hour.

## What many runners cost

Computed from the figures above. Machines are assumed to have {assumed} and {sockets} files that may be open,
uplinks {uplink} Gbit/s, and one controller of Ray Serve to look after {cluster_replicas} replicas. All is
filled to {fill}.

One such machine carries, by each of its parts:

{carries}
{needs}
## Where the bottleneck is

{steps}
- **One replica.** Its limit of {replica} streams is set, not measured. A replica that has a core of its own takes up
  to {full}; the rest is for those who follow, for uploads, and for neighbours on the core.
- **One machine.** A balancer in front has {ports} ports for connections to one address, unless it is set
  otherwise. Each runner takes one.
- **One site.** Clients that send at {own_rate} Hz need {share} times the network: the uplink then carries
  {slow_site} runners.
- **Many sites.** They share nothing. A runner belongs to the nearest one, by DNS, and nothing has to move
  between them.
"""


def stream_of(found: Mapping[str, Any], *, at_rate: int | None = None) -> Stream:
    """Return what a runner needs on Ray Serve behind HAProxy, from the measured figures."""
    number, serve = found["streams"], found["serve"]
    memory_mb = (serve[f"{number}"]["memory_mb"] - serve["1"]["memory_mb"]) / (number - 1)
    # A full process brings the memory of an empty one with it.
    memory_mb += serve["1"]["memory_mb"] / (FILL * STREAMS)
    return Stream(
        cores=sum(found["haproxy"].values()) / number,
        memory_gb=memory_mb / 1000.0,
        network_gbit=8e-9 * (at_rate or found["rate"]) * found["width"],
        # Of the balancer two, of the replica one.
        sockets=3,
    )


def write(found: Mapping[str, Any], folder: Path) -> None:
    """Write ``scaling.json`` and ``scaling.md``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scaling.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (folder / "scaling.md").write_text(text(found), "utf-8")


def text(found: Mapping[str, Any]) -> str:
    """Return the page in Markdown."""
    stream, machine = stream_of(found), Machine()
    carries = carried(stream, machine)
    slow = stream_of(found, at_rate=found["own_rate"])
    full = found["streams"] / found["serve"][f"{found['streams']}"]["cpu"]
    return PAGE.format(
        machine=found["machine"],
        streams=found["streams"],
        seconds=found["seconds"],
        costs=_costs(found),
        first_mb=found["serve"]["1"]["memory_mb"],
        dearer=sum(found["ray_proxy"].values()) / sum(found["haproxy"].values()),
        rate=found["rate"],
        kilobytes=found["rate"] * found["width"] / 1000.0,
        megabits=1000.0 * stream.network_gbit,
        megabytes_h=3600.0 * found["rate"] * found["width"] / 1e6,
        own_rate=found["own_rate"],
        own_megabytes_h=3600.0 * found["own_rate"] * found["width"] / 1e6,
        fill=percent(FILL, 0),
        assumed=f"{machine.cores} cores, {machine.memory_gb:.0f} GB and {machine.network_gbit:.0f} Gbit/s",
        sockets=f"{machine.sockets:,}",
        uplink=f"{UPLINK_GBIT:.0f}",
        cluster_replicas=f"{CLUSTER_REPLICAS:,}",
        full=f"{full:.0f}",
        load=f"{found['load']:.1f}",
        replica=STREAMS,
        per_replica=f"{FILL * STREAMS:.0f}",
        carries=table(("part", "runners"), [(part, f"{number:,.0f}") for part, number in carries.items()]),
        needs=_needs(stream, machine),
        steps=_steps(stream, machine),
        slow_site=f"{FILL * UPLINK_GBIT / slow.network_gbit:,.0f}",
        ports=f"{found['ports']:,}",
        unseen=f"{UNSEEN_S:.0f}",
        drain=f"{DRAIN_S:.0f}",
        reattach=f"{REATTACH_S:.0f}",
        target=f"{DEFAULT_TARGET:g}",
        tolerance=f"{DEFAULT_TOLERANCE:g}",
        share=f"{found['own_rate'] / found['rate']:.2g}",
    )


def _costs(found: Mapping[str, Any]) -> str:
    """Return the table of the measured costs of a stream."""
    number, compute, serve = found["streams"], found["compute"], found["serve"]
    memory_mb = (serve[f"{number}"]["memory_mb"] - serve["1"]["memory_mb"]) / (number - 1)
    rows = [
        ("the compute alone, pushed in one process", compute["cpu"], f"{compute['memory_mb']:.2f}"),
        ("`paces-live serve`", serve[f"{number}"]["cpu"] / number, f"{memory_mb:.2f}"),
        ("a replica on Ray Serve, behind HAProxy", found["haproxy"]["replica"] / number, "–"),
        ("HAProxy, and the process that looks after it", found["haproxy"]["proxy"] / number, "–"),
        ("a replica behind Ray's own proxy", found["ray_proxy"]["replica"] / number, "–"),
        ("Ray's own proxy", found["ray_proxy"]["proxy"] / number, "–"),
    ]
    return table(
        ("", "CPU ms for 1 s of sound", "streams a core", "MB a stream"),
        [(name, f"{1000 * cpu:.1f}", f"{1 / cpu:.0f}", memory) for name, cpu, memory in rows],
    )


def _needs(stream: Stream, machine: Machine) -> str:
    """Return the table of what numbers of runners need."""
    carries = carried(stream, machine)
    rows: dict[str, Callable[[int], float]] = {
        "cores, busy": lambda runners: runners * stream.cores,
        "memory, GB": lambda runners: runners * stream.memory_gb,
        "sound that comes in, Gbit/s": lambda runners: runners * stream.network_gbit,
        "sockets": lambda runners: runners * stream.sockets,
        "replicas": lambda runners: math.ceil(runners / (FILL * STREAMS)),
        "machines": lambda runners: math.ceil(runners / min(carries.values())),
        "looks at the health of replicas, a second": lambda runners: runners / (FILL * STREAMS) / CHECK_S,
        "clusters": lambda runners: math.ceil(runners / (FILL * STREAMS) / CLUSTER_REPLICAS),
        "uplinks": lambda runners: math.ceil(runners * stream.network_gbit / (FILL * UPLINK_GBIT)),
    }
    lines = [(name, *(_number(needed(runners)) for runners in RUNNERS)) for name, needed in rows.items()]
    site = carried_by_site(stream)
    limits = [bottleneck(site if runners > min(site.values()) else carries) for runners in RUNNERS]
    return table(("runners at once", *(f"{runners:,}" for runners in RUNNERS)), [*lines, ("bottleneck", *limits)])


def _steps(stream: Stream, machine: Machine) -> str:
    """Return the table of the bottlenecks, from one replica to many sites."""
    carries = carried(stream, machine)
    site = carried_by_site(stream)
    steps = [
        ("one replica", FILL * STREAMS, "its limit of streams", "more replicas"),
        ("one machine", min(carries.values()), f"its {bottleneck(carries)}", "more machines"),
        ("one site, one cluster", min(site.values()), bottleneck(site), "more clusters, more sites"),
    ]
    return table(
        ("step", "runners at once", "bottleneck", "what is next"),
        [(step, f"{runners:,.0f}", limit, then) for step, runners, limit, then in steps],
    )


def _number(value: float) -> str:
    return f"{value:,.1f}" if value < 10 and value != round(value) else f"{value:,.0f}"
