"""What only those may do with whom everything is shared: change the input, play songs, and see the history."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paces_live.collection.items import Item
from paces_live.errors import ServerError, UsageError
from paces_live.inputs import Input
from paces_live.server.access.refusal import RefusedError
from paces_live.server.machine import Machine
from paces_live.sources.devices import list_inputs

MOST_SONGS = 1000
"""Most songs of the history in an answer."""


class Inputs:
    """The inputs of this machine, one of which is heard.

    Parameters
    ----------
    spec : str
        The one that is heard first, as ``--input`` names it.
    open_input : callable
        Opens one by its name.
    machine : callable
        Returns the machine that hears it.
    player : callable, optional
        Returns an input that plays songs; without it, none are played.
    """

    def __init__(
        self,
        spec: str,
        open_input: Callable[[str], Input],
        machine: Callable[[], Machine | None],
        player: Callable[[Sequence[Item]], Input] | None = None,
    ) -> None:
        self._spec = spec
        self._open = open_input
        self._machine = machine
        self._player = player

    @property
    def plays(self) -> bool:
        """Whether songs may be played."""
        return self._player is not None

    @property
    def playing(self) -> bool:
        """Whether songs are played at the moment."""
        machine = self._machine()
        return machine is not None and machine.inserted

    async def record(self) -> dict[str, Any]:
        """Return what is heard, and what could be: the inputs of this machine that need no more options."""
        # It asks the sound server and the sound cards, which may take a second.
        found = await asyncio.to_thread(list_inputs)
        usable = [{"spec": one.spec, "name": one.name} for one in found if one.problem is None and not one.options]
        return {"input": self._spec, "inputs": usable}

    def change(self, record: Mapping[str, Any]) -> None:
        """Hear what a request names.

        Raises
        ------
        UsageError
            It is no input of this machine that a listener may choose: a path or an address could be anything.
        """
        spec = record.get("input")
        kind, colon, _ = str(spec).partition(":")
        known = kind in ("mic", "monitor") or (kind == "player" and bool(colon))
        if not isinstance(spec, str) or not known:
            raise UsageError(f"{spec!r:.40} cannot be chosen", hint="choose one of the inputs", code="usage.input")
        machine = self._heard_by()
        self._open(spec)
        machine.change(lambda: self._open(spec))
        self._spec = spec

    def require_player(self) -> Callable[[Sequence[Item]], Input]:
        """Return what plays songs; raise a `RefusedError` if nothing may."""
        if self._player is None:
            raise RefusedError(403, "this server plays nothing", hint="start it with --allow-play", code="access.share")
        return self._player

    def play(self, songs: Sequence[Item]) -> None:
        """Play songs on this machine, and hear them; then hear the input again.

        Raises
        ------
        RefusedError
            This server plays nothing.
        SourceError
            There is no sound card.
        """
        played = self.require_player()(songs)
        self._heard_by().insert(lambda: played)

    def stop(self) -> None:
        """Hear the input again, if songs are played."""
        self._heard_by().resume()

    def _heard_by(self) -> Machine:
        machine = self._machine()
        if machine is None:
            raise ServerError("the input is not open yet", hint="try again soon", code="server.no_input")
        return machine


def player_input(songs: Sequence[Item], *, sample_rate: int) -> Input:
    """Return an input that plays songs through the sound card of this machine.

    Raises
    ------
    SourceError
        It has none.
    """
    # Deferred: few servers play anything.
    from paces_live.playback.player import Player
    from paces_live.playback.queue import Queue
    from paces_live.sources import portaudio

    # Said now, and not when it is to sound.
    portaudio.find(portaudio.devices("output"), None, "output")
    return Input(Player(Queue(songs), sample_rate))


async def heard(parameters: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the newest songs of the history, as `paces-live history --json` writes them.

    Raises
    ------
    UsageError
        The `limit` in `parameters` is none.
    """
    limit = parameters.get("limit", "50")
    if not limit.isdecimal() or len(limit) > len(str(MOST_SONGS)) or not 1 <= int(limit) <= MOST_SONGS:
        raise UsageError(f"limit {limit[:20]!r} is out of range", hint=f"choose 1 to {MOST_SONGS}", code="usage.limit")
    return await asyncio.to_thread(_songs, int(limit))


def _songs(limit: int) -> list[dict[str, Any]]:
    # Deferred: SQLite, which only the history needs.
    from paces_live.history.database import History, default_path
    from paces_live.render.history import heard_record

    with History(default_path()) as history:
        return [heard_record(song) for song in history.songs(limit=limit)]
