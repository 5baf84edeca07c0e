"""HTTP live streaming (RFC 8216): which lists are of HLS, and which variant of a stream is heard.

FFmpeg reads the segments. It would fetch every variant of a stream at once, so one is chosen here.
"""

import re
from itertools import pairwise

LONGEST_LINE = 4096
"""Most characters of a line; longer ones are left out, because patterns would take for ever."""
_MARK = re.compile(
    r"^[ \t]*#EXT-X-(?:TARGETDURATION|STREAM-INF|MEDIA-SEQUENCE|ENDLIST)\b", re.MULTILINE | re.IGNORECASE
)
_LENGTH = re.compile(r"#EXTINF:\s*(?!0+(?:\.0*)?\s*(?:,|$))\d", re.IGNORECASE)
_SEGMENT_SUFFIXES = (".ts", ".m4s", ".cmfa")
_ATTRIBUTE = re.compile(r'(?<![A-Z0-9-])([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_VIDEO = re.compile(r"avc|hvc|hev|dvh|vp0?[89]|av01|mp4v", re.IGNORECASE)
_AUDIO = re.compile(r"mp4a|mp3|ac-[34]|ec-3|opus|flac|alac|vorbis", re.IGNORECASE)


def is_hls(text: str) -> bool:
    r"""Return whether a list is one of HLS and not an ordinary playlist.

    It is if it has one of the tags that HLS requires, or if all that it lists are segments by their suffixes, with a
    length in ``#EXTINF``. A list of whole songs or stations with ``#EXTINF`` alone is an ordinary playlist.

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
    lengths = [line for line in lines if line.upper().startswith("#EXTINF:")]
    # Lists of television stations have lengths of 0 and -1.
    return bool(lengths and listed) and (
        all(_LENGTH.match(line) for line in lengths) and all(line.endswith(_SEGMENT_SUFFIXES) for line in listed)
    )


def variants(text: str) -> list[str]:
    r"""Return the locations of a stream's variants: with sound alone first, then those that need least.

    Examples
    --------
    >>> variants("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000\nb\n#EXT-X-STREAM-INF:BANDWIDTH=64000\na")
    ['a', 'b']
    """
    renditions: dict[str, str] = {}
    found: list[tuple[bool, bool, int, str]] = []
    # Comments may stand between a tag and its location.
    lines = [line for line in _lines(text) if not line.startswith("#") or line.upper().startswith("#EXT")]
    for line, following in pairwise([*lines, ""]):
        tag, _, rest = line.partition(":")
        given = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(rest)}
        if tag == "#EXT-X-MEDIA" and given.get("TYPE") == "AUDIO" and "URI" in given:
            if given.get("DEFAULT") == "YES" or given.get("GROUP-ID", "") not in renditions:
                renditions[given.get("GROUP-ID", "")] = given["URI"]
        elif tag == "#EXT-X-STREAM-INF" and following and not following.startswith("#"):
            codecs = given.get("CODECS", "")
            sound = renditions.get(given.get("AUDIO", ""))
            # Some lists leave the codec of the sound out.
            seems_silent = bool(codecs) and not _AUDIO.search(codecs) and not sound
            has_video = not sound and ("RESOLUTION" in given or _VIDEO.search(codecs) is not None)
            found.append((seems_silent, has_video, _whole(given.get("BANDWIDTH", "")), sound or following))
    return list(dict.fromkeys(location for *_, location in sorted(found)))


def segments(text: str) -> list[str]:
    r"""Return the locations of the segments in a list, the newest last.

    Examples
    --------
    >>> segments("#EXTM3U\n#EXTINF:6,\na.ts\n#EXTINF:6,\nb.ts\n")
    ['a.ts', 'b.ts']
    """
    return [line for line in _lines(text) if not line.startswith("#")]


def _whole(text: str) -> int:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else 0


def _lines(text: str) -> list[str]:
    return [words for line in text.splitlines() if (words := line.strip()) and len(words) <= LONGEST_LINE]
