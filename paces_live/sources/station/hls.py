"""HTTP live streaming (RFC 8216): which lists are of HLS, and which variant of a stream is heard.

FFmpeg reads the segments. It would fetch every variant of a stream at once, so one is chosen here.
"""

import re
from itertools import pairwise

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


def _whole(text: str) -> int:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else 0


def _lines(text: str) -> list[str]:
    return [words for line in text.splitlines() if (words := line.strip())]
