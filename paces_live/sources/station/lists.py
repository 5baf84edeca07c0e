"""What a server sends, judged by its first bytes: sound, a list of stations, or a page for people."""

import re
from typing import TYPE_CHECKING

from paces_live.errors import SourceError
from paces_live.sources.station.address import Address, parse_address
from paces_live.sources.station.hls import is_hls, variants
from paces_live.text import decoded, utf16

if TYPE_CHECKING:
    from paces_live.sources.station.http import Body

GLANCE_BYTES, HEAD_BYTES = 16, 1024
"""Bytes that show most sound to be sound, and bytes that show all text to be text."""
LIST_BYTES = 1 << 20
"""Most bytes of a list that are read."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
_PAGE = re.compile(r"<!doctype html|<html\b|\A\s*<(?:head|body)\b", re.IGNORECASE)
_JSON = re.compile(r"\s*(?:\{|\[\s*[\{\"\]])")


def text_of(body: "Body") -> str | None:
    """Return the text that a server sends, at most `LIST_BYTES` of it; None, and nothing is read, if it is sound."""
    for size in (GLANCE_BYTES, HEAD_BYTES):
        if not _is_text(body.peek(size)):
            return None
    data = body.read_whole(LIST_BYTES)
    return decoded(data).lstrip("\ufeff")


def _is_text(head: bytes) -> bool:
    r"""Return whether `head` can be the beginning of a text.

    Examples
    --------
    >>> _is_text(b"[playlist]"), _is_text("caf\xe9.mp3".encode("utf-16")), _is_text(b"ID3\x04\x00")
    (True, True, False)
    """
    encoding = utf16(head)
    return not _CONTROL.search(head.decode(encoding, "ignore") if encoding else head.decode("latin-1"))


def addresses(text: str, base: Address, *, name: str) -> list[Address]:
    """Return the addresses in a list, best first: those that are not of HTTP are left out.

    Parameters
    ----------
    text : str
        The list, of any format; of an HLS playlist with variants, the one that needs least is the best.
    base : Address
        Where it comes from; entries can be relative to it.
    name : str
        What error messages call it.

    Raises
    ------
    SourceError
        It is a page for people, or lists no address.
    """
    if _PAGE.search(text[:HEAD_BYTES]):
        raise SourceError(
            f"{name} is a web page, not sound",
            hint="give the address of the stream, which the page or a directory of stations has",
            code="source.unreadable",
        )
    found = []
    for location in variants(text) if is_hls(text) else _locations(text, name):
        try:
            found.append(parse_address(location, base=base.url))
        except ValueError:
            continue
    if not found or _JSON.match(text):
        raise SourceError(
            f"{name} is text that lists no station",
            hint="give the address of the stream itself",
            code="source.unreadable",
        )
    return found


def is_media_playlist(text: str) -> bool:
    """Return whether `text` lists the segments of one HLS stream."""
    return is_hls(text) and not variants(text)


def _locations(text: str, name: str) -> list[str]:
    """Return the locations in a playlist; none if it is no playlist."""
    # Deferred: it takes 10 ms, which other sources need not wait for.
    from paces_live.collection.playlist import entries

    try:
        return [entry.location for entry in entries(text.encode(), name=name)]
    except SourceError:
        return []
