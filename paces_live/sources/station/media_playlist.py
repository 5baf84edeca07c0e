"""The two kinds of HLS lists: variants of a stream, and segments of one (RFC 8216)."""

import re
from dataclasses import dataclass
from itertools import pairwise

TARGET_S = 10.0
"""Length of the longest segment if a list does not say it, seconds."""
_MARK = re.compile(r"^\s*#EXT-X-(?:TARGETDURATION|STREAM-INF|MEDIA-SEQUENCE|ENDLIST)\b", re.MULTILINE | re.IGNORECASE)
_SEGMENT_SUFFIXES = (".ts", ".m4s", ".cmfa")
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_VIDEO = re.compile(r"avc|hvc|hev|dvh|vp0?[89]|av01|mp4v", re.IGNORECASE)
_AUDIO = re.compile(r"mp4a|mp3|ac-[34]|ec-3|opus|flac|alac|vorbis", re.IGNORECASE)


def is_hls(text: str) -> bool:
    r"""Return whether a list is one of HLS and not an ordinary playlist.

    It is if it has one of the tags that HLS requires, or if all that it lists after ``#EXTINF`` are segments by their
    suffixes. A list of whole songs or stations with ``#EXTINF`` alone is an ordinary playlist.

    Examples
    --------
    >>> is_hls("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\na.mp3"), is_hls("#EXTM3U\n#EXTINF:10,\na.ts?x")
    (True, True)
    >>> is_hls("#EXTM3U\n#EXTINF:-1,Radio\nhttp://radio.example/live.mp3")
    False
    """
    if _MARK.search(text):
        return True
    lines = _lines(text)
    listed = [line.partition("?")[0].lower() for line in lines if not line.startswith("#")]
    has_lengths = any(line.upper().startswith("#EXTINF") for line in lines)
    return has_lengths and bool(listed) and all(line.endswith(_SEGMENT_SUFFIXES) for line in listed)


def variants(text: str) -> list[str]:
    r"""Return the locations of a stream's variants: without video first, then those that need least.

    Examples
    --------
    >>> variants("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000\nb\n#EXT-X-STREAM-INF:BANDWIDTH=64000\na")
    ['a', 'b']
    """
    renditions: dict[str, str] = {}
    found: list[tuple[bool, int, str]] = []
    for line, following in pairwise([*_lines(text), ""]):
        tag, _, rest = line.partition(":")
        given = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(rest)}
        if tag == "#EXT-X-MEDIA" and given.get("TYPE") == "AUDIO" and "URI" in given:
            if given.get("DEFAULT") == "YES" or given.get("GROUP-ID", "") not in renditions:
                renditions[given.get("GROUP-ID", "")] = given["URI"]
        elif tag == "#EXT-X-STREAM-INF" and following and not following.startswith("#"):
            codecs = given.get("CODECS", "")
            if codecs and not _AUDIO.search(codecs) and "AUDIO" not in given:
                continue
            has_video = "RESOLUTION" in given or _VIDEO.search(codecs) is not None
            bandwidth = given.get("BANDWIDTH", "")
            location = renditions.get(given.get("AUDIO", ""))
            found.append((has_video and not location, _whole(bandwidth), location or following))
    return list(dict.fromkeys(location for _, _, location in sorted(found)))


@dataclass(frozen=True, slots=True)
class Part:
    """Where bytes are: an address, and the first byte and the one after the last if they are only a part of it."""

    location: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A few seconds of a stream.

    Attributes
    ----------
    number : int
        It stays the same while the list changes.
    part : Part
    header : Part or None
        What its decoder must read first.
    title : str
    """

    number: int
    part: Part
    header: Part | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """A media playlist: its segments, the length of the longest, seconds, and whether no more will come."""

    segments: list[Segment]
    longest_s: float = TARGET_S
    is_complete: bool = False
    is_encrypted: bool = False


def read_media_playlist(text: str) -> MediaPlaylist:
    r"""Return what a media playlist lists.

    Examples
    --------
    >>> found = read_media_playlist("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:9\n#EXTINF:6,A\na.ts")
    >>> found.longest_s, found.segments
    (6.0, [Segment(number=9, part=Part(location='a.ts', start=None, end=None), header=None, title='A')])
    """
    segments: list[Segment] = []
    number, longest, title, header, spread, last = 0, TARGET_S, "", None, "", Part("")
    is_complete = is_encrypted = False
    for line in _lines(text):
        tag, _, rest = line.partition(":")
        given = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(rest)}
        match tag.upper():
            case "#EXT-X-TARGETDURATION" if re.fullmatch(r"\d{1,4}(\.\d+)?", rest.strip()):
                longest = float(rest)
            case "#EXT-X-MEDIA-SEQUENCE":
                number = _whole(rest)
            case "#EXTINF":
                title = rest.partition(",")[2]
            case "#EXT-X-BYTERANGE":
                spread = rest
            case "#EXT-X-MAP" if "URI" in given:
                header = _part(given["URI"], given.get("BYTERANGE", ""), Part(""))
            case "#EXT-X-KEY" | "#EXT-X-SESSION-KEY":
                is_encrypted = is_encrypted or given.get("METHOD") != "NONE"
            case "#EXT-X-ENDLIST":
                is_complete = True
            case _ if not line.startswith("#"):
                last = _part(line, spread, last)
                segments.append(Segment(number, last, header, title))
                number, title, spread = number + 1, "", ""
    return MediaPlaylist(segments, longest, is_complete, is_encrypted)


def _part(location: str, spread: str, last: Part) -> Part:
    """Return a part whose length, and perhaps its first byte, `spread` has as ``LENGTH[@FIRST]``."""
    length, at, first = spread.partition("@")
    if not length.strip():
        return Part(location)
    start = _whole(first) if at else (last.end or 0) if last.location == location else 0
    return Part(location, start, start + _whole(length))


def _whole(text: str) -> int:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else 0


def _lines(text: str) -> list[str]:
    return [words for line in text.splitlines() if (words := line.strip())]
