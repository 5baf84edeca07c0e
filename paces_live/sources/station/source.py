"""The source of a station, and the thread that reads and decodes it."""

import logging
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from paces_live.errors import SourceError, UsageError, reason
from paces_live.events import Track
from paces_live.sources.block import Block
from paces_live.sources.decoder import Decoder, has_decoder
from paces_live.sources.reading_thread import in_thread
from paces_live.sources.reconnect import Reconnection
from paces_live.sources.resample import mono_blocks
from paces_live.sources.station.address import Address, parse_address
from paces_live.text import decoded_together

if TYPE_CHECKING:
    from paces_live.sources.station.http import Body, Client

_log = logging.getLogger(__name__)

SILENT_S = 30.0
"""Time without sound after which a station is gone, whatever it sends, seconds: three long segments of HLS."""
SEGMENTS_ASKED = 3
"""Segments of a list that are asked for until the server gives one."""
MOST_ADDRESSES = 20
"""Most addresses that are tried for one station: lists can list lists."""


class RadioSource:
    """A station, or any other audio at an HTTP or HTTPS address, as fast as the server sends it.

    If a station breaks off, the source connects again. A file on a server has an end, and ends the source.

    Parameters
    ----------
    address : str
        URL of the stream, or of a list that names it: M3U, PLS, XSPF, ASX or HLS.
    sample_rate : int
        Sample rate of the blocks, Hz.

    Raises
    ------
    UsageError
        `address` is none.
    """

    live = True

    def __init__(self, address: str, sample_rate: int) -> None:
        try:
            self._address = parse_address(address)
        except ValueError:
            # The address itself may hold a password.
            raise UsageError(
                "the address of the station cannot be understood",
                hint="give one such as http://radio.example:8000/live, and write / @ : in a password as %2F %40 %3A",
                code="usage.input",
            ) from None
        self._sample_rate = sample_rate
        self._reconnection = Reconnection("radio", sample_rate)

    @property
    def name(self) -> str:
        """``radio:`` and the address without its password and its query, which may hold a key."""
        return f"radio:{self._address.name}"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield samples as they are sent, and an empty block every half second without data; see `Source.blocks`."""
        return self._reconnection.blocks(self._connect)

    def _connect(self) -> Generator[Block, None, None]:
        if not has_decoder():
            raise SourceError(
                f"{self.name} needs PyAV, which this system does not have",
                hint="use a 64-bit system, or pipe the station in with ffmpeg",
                code="source.decoder_missing",
            )
        station = _Station(self._address, self._sample_rate, name=self.name)
        with closing(in_thread(station.blocks, name="radio")) as blocks:
            for block in blocks:
                if len(block.samples):
                    station.alive_at = time.monotonic()
                elif time.monotonic() - station.alive_at > SILENT_S:
                    raise SourceError(
                        f"{self.name} gives no sound", hint="check that it is on air", code="source.unreadable"
                    )
                yield block


class _Stream(Protocol):
    """The sound, and what the station says about it."""

    @property
    def track(self) -> Track | None: ...
    @property
    def has_titles(self) -> bool: ...
    @property
    def error(self) -> Exception | None: ...
    @property
    def is_complete(self) -> bool: ...

    def decoder(self, *, name: str) -> Decoder: ...
    def close(self) -> None: ...


class _Station:
    """What is at an address, as the reading thread hears it.

    Attributes
    ----------
    alive_at : float
        When it gave a sign of life, on the monotonic clock: sound, or another try.
    """

    def __init__(self, address: Address, sample_rate: int, *, name: str) -> None:
        self.alive_at = time.monotonic()
        self._address = address
        self._sample_rate = sample_rate
        self._name = name
        self._given = False

    def blocks(self, stopping: threading.Event) -> Iterator[Block]:
        """Yield the sound of the address, or of the first one in its lists that gives any."""
        try:
            yield from self._first_that_sounds(stopping)
        except SourceError:
            raise
        except Exception as error:
            # A station can send anything, and it must not end the program.
            _log.info("unexpected", exc_info=True)
            raise SourceError(f"{self._name} cannot be read ({reason(error)})", code="source.unreadable") from error

    def _first_that_sounds(self, stopping: threading.Event) -> Iterator[Block]:
        # Deferred, here and below: all that a station needs takes 60 ms, which other sources need not wait for.
        from paces_live.sources.station.http import Client

        client = Client(stopping)
        waiting, seen = [self._address], set[str]()
        failure: SourceError | None = None
        while waiting and len(seen) < MOST_ADDRESSES and not stopping.is_set():
            address = waiting.pop(0)
            if address.url in seen:
                continue
            seen.add(address.url)
            self.alive_at = time.monotonic()
            name = self._name if address is self._address else f"{self._name}: {address.name}"
            try:
                with closing(client.get(address, name=name)) as body:
                    found = self._open(client, body, name)
                    if isinstance(found, list):
                        waiting[:0] = found
                        continue
                    with closing(found):
                        yield from self._decoded(found, name)
                        return
            except SourceError as error:
                if self._given:
                    raise
                _log.info("%s", error)
                failure = failure or error
        raise failure or SourceError(
            f"{self._name} is a list that leads to no station",
            hint="give the address of the stream itself",
            code="source.unreadable",
        )

    def _open(self, client: "Client", body: "Body", name: str) -> "_Stream | list[Address]":
        """Return the stream that a server sends, or the addresses in its list."""
        from paces_live.sources.station.direct import DirectStream, needs_seeking
        from paces_live.sources.station.http import error_words, unreadable
        from paces_live.sources.station.icy import IcyStream
        from paces_live.sources.station.lists import addresses, is_media_playlist, text_of

        body.unpack()
        if not body.peek(1):
            raise unreadable(name, error_words(body.error) if body.error else "it sends nothing")
        text = text_of(body)
        if text is None:
            return DirectStream(body, client) if needs_seeking(body) else IcyStream(body)
        if is_media_playlist(text):
            _ask_for_segment(client, body.address, text, name)
            return DirectStream(body, client, hls=text)
        return addresses(text, body.address, name=name)

    def _decoded(self, stream: _Stream, name: str) -> Iterator[Block]:
        from paces_live.sources.station.http import CHECK, error_words, unreadable

        try:
            with closing(stream.decoder(name=name)) as decoder:
                for block in mono_blocks(decoder.frames(), self._sample_rate, name=name):
                    if len(block.samples):
                        self._given = True
                        yield replace(block, track=self._track(stream, decoder.tags))
        except SourceError:
            # If the network failed, FFmpeg knows only that the data ended.
            if stream.error is None:
                raise
        match stream.error:
            case SourceError() as error:
                raise error
            case Exception() as error if self._given:
                raise SourceError(f"{name} broke off ({error_words(error)})", hint=CHECK)
            case Exception() as error:
                raise unreadable(name, error_words(error))
        if not self._given:
            raise SourceError(
                f"{name} gives no sound as a stream",
                hint="choose another address, or download the file and give that",
                code="source.unreadable",
            )
        if not stream.is_complete:
            raise SourceError(f"{name} broke off", hint=CHECK)

    def _track(self, stream: _Stream, tags: dict[str, str]) -> Track | None:
        """Return what plays, by what the station says or else by the tags in the sound."""
        track = stream.track if stream.has_titles else _tagged(tags)
        return None if track is None else replace(track, location=self._name)


def _ask_for_segment(client: "Client", base: Address, text: str, name: str) -> None:
    """Raise the error of the server if it has none of the newest segments; FFmpeg would ask again for 10 s, unseen."""
    from paces_live.sources.station.hls import segments

    failure: SourceError | None = None
    for location in reversed(segments(text)[-SEGMENTS_ASKED:]):
        try:
            client.get(parse_address(location, base=base.url), name=name).close()
        except SourceError as error:
            failure = failure or error
        except ValueError:
            continue
        else:
            return
    if failure:
        raise failure


def _tagged(tags: dict[str, str]) -> Track | None:
    from paces_live.sources.station.titles import caption

    title, artist = decoded_together(*(os.fsencode(tags.get(name, "")) for name in ("title", "artist")))
    words = caption(title)
    return None if words is None else Track(title=words, artist=artist)
