"""The backend on many machines: the same application, in as many replicas as Ray Serve needs for its streams.

Start it with Ray's own commands. They take the arguments of `app`::

    serve run paces_live.server.cluster:app max_replicas=20

`docs/scaling.md` says what a replica carries, and how many of them how many runners need.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from paces_live.errors import ServerError, UsageError, pip_install
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener
from paces_live.server.backend import Backend, Limits

if TYPE_CHECKING:
    from starlette.applications import Starlette

DEPLOYMENT = "paces-live"
"""What Ray Serve calls the replicas together."""
STREAMS = Limits().streams
"""Streams of a replica, which is one process. ``python -m benchmarks scaling`` measures how many a core carries; these
are fewer, since a replica shares its core with others and has to take the listeners of its streams, too."""
LISTENERS = 2 * STREAMS
"""Connections of a replica that follow a stream: its senders, and another one for each of them."""
FILL = 0.7
"""Share of its streams that a replica should have: the rest is for those who come until another replica is there."""
QUEUED = 100
"""Requests for which a proxy may look for a replica at a time; it answers 503 to more."""
CHECK_S = 1.0
"""Time between two looks of Ray Serve at the health of a replica, seconds."""
UNSEEN_S = 3.0
"""Time without such a look after which a replica asks whether it is being drained, seconds."""
DRAIN_S = 30.0
"""Time that a drained replica has, seconds: for `UNSEEN_S`, for its goodbyes, and for an upload in progress."""
_ARGUMENTS: Mapping[str, type] = {
    "streams": int,
    "min_replicas": int,
    "max_replicas": int,
    "cpus": float,
    "target": float,
    "tolerance": float,
}


class Replica:
    """The deployment: one backend, whose lifespan is that of the application, in the process of a replica.

    Parameters
    ----------
    listener : Listener
        Target and tolerance of those who choose none.
    limits : Limits
    """

    def __init__(self, listener: Listener, limits: Limits) -> None:
        from paces_live.analysis.classifier import load_classifier  # in the replica: Ray sends no classifier

        self._backend = Backend(load_classifier(), listener, limits=limits)
        self._leaving: asyncio.Task[None] | None = None
        self._closed = False

    def __serve_build_asgi_app__(self) -> "Starlette":
        """Return the application; Ray Serve runs its lifespan."""
        from paces_live.server.app import create_app  # in the replica: whoever starts the cluster needs no Starlette

        return create_app(self._backend)

    async def check_health(self) -> None:
        """Note that Ray Serve still looks after this replica.

        A replica that is to go finishes its requests first. It is not informed, and our streams never end by
        themselves, so all of them would be cut after `DRAIN_S`. But nobody looks at its health any more.

        Raises
        ------
        ServerError
            This replica took itself for one that goes, and was wrong. Ray Serve puts another one in its place.
        """
        if self._closed:
            raise ServerError("the streams of this replica have ended")
        if self._leaving is not None:
            self._leaving.cancel()
        self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        """Wait until nobody looks after this replica any more; if it is being drained, end its streams."""
        # In steps: a process that was stopped for a while notes first what came meanwhile.
        for _ in range(round(UNSEEN_S / CHECK_S)):
            await asyncio.sleep(CHECK_S)
        while True:
            # The controller may just be busy, or gone for a moment: then nobody must notice.
            if await asyncio.to_thread(_draining):
                self._closed = True
                self._backend.close()
            await asyncio.sleep(CHECK_S)


def _draining() -> bool:
    """Return whether a replica is being stopped; false if nobody knows."""
    from ray import serve
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        application = serve.status().applications.get(serve.get_replica_context().app_name)
    except (RayError, RayServeException, TimeoutError):
        return False
    if application is None:
        # There is no controller at the moment.
        return False
    deployment = application.deployments.get(DEPLOYMENT)
    # The deployments of an application that is being deleted are not listed.
    return deployment is None or "STOPPING" in deployment.replica_states


def app(arguments: dict[str, str]) -> Any:
    """Return the Ray Serve application; ``serve run`` and the configuration files of Ray Serve call it.

    Parameters
    ----------
    arguments : dict
        ``streams`` of a replica; ``min_replicas`` and ``max_replicas``; ``cpus`` of a replica, as Ray counts them;
        ``target`` and ``tolerance`` of runners who choose none.

    Raises
    ------
    UsageError
        An argument is unknown, or no number.
    ServerError
        Ray Serve is not installed.

    Examples
    --------
    >>> app({"stream": "300"})
    Traceback (most recent call last):
    paces_live.errors.UsageError: ...
    """
    chosen = _chosen(arguments)
    streams = chosen.get("streams", STREAMS)
    limits = Limits(streams, LISTENERS * streams // STREAMS, workers=1)
    listener = Listener(chosen.get("target", DEFAULT_TARGET), chosen.get("tolerance", DEFAULT_TOLERANCE))
    try:
        from ray import serve  # takes a second
    except ImportError:
        raise ServerError(
            "a cluster needs Ray Serve, which is not installed",
            hint=pip_install("ray[serve]"),
            code="server.package_missing",
        ) from None
    deployment = serve.deployment(
        name=DEPLOYMENT,
        # The backend refuses the stream that is too many in words that clients know. Ray Serve would let it wait.
        max_ongoing_requests=limits.streams + limits.listeners,
        max_queued_requests=QUEUED,
        autoscaling_config={
            "min_replicas": chosen.get("min_replicas", 1),
            "max_replicas": chosen.get("max_replicas", 10),
            "target_ongoing_requests": FILL * limits.streams,
            # Runners come in waves, so a replica is started soon. One that goes costs each of its runners a window.
            "look_back_period_s": 15.0,
            "upscale_delay_s": 5.0,
            "downscale_delay_s": 600.0,
        },
        health_check_period_s=CHECK_S,
        graceful_shutdown_timeout_s=DRAIN_S,
        ray_actor_options={"num_cpus": chosen.get("cpus", 1.0)},
    )
    return deployment(serve.ingress()(Replica)).bind(listener, limits)


def _chosen(arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of arguments, each of which has the type that it needs."""
    chosen = {}
    for key, text in arguments.items():
        try:
            chosen[key] = _ARGUMENTS[key](text)
        except KeyError:
            raise UsageError(f"{key!r} is no argument", hint=f"use {', '.join(_ARGUMENTS)}") from None
        except ValueError:
            raise UsageError(f"{key} {text!r} is not a number", hint=f"such as {key}=20") from None
    return chosen
