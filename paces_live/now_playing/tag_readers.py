"""Readers of the tags of audio files: by mutagen, from the chunks of WAV and AIFF files, and by FFmpeg.

They raise whatever a damaged file makes their library raise.
"""

import struct
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from paces_live.sources.decoder import Decoder, has_decoder
from paces_live.text import shown_path

Values = list[str | bytes]
"""Values of a field; bytes if their code page is not known."""
Tags = dict[str, Values]
"""Values of some of `FIELDS`."""
FIELDS = ("title", "artist", "album", "genre")
_ID3 = ("TIT2", "TPE1", "TALB", "TCON")
_MP4 = ("©nam", "©ART", "©alb", "©gen")
_ASF = ("Title", "Author", "WM/AlbumTitle", "WM/Genre")
_INFO = (b"INAM", b"IART", b"IPRD", b"IGNR")
_AIFF = (b"NAME", b"AUTH")
_MOST_CHUNKS = 1000
"""Chunks that are looked at: enough for any file, and an end for a damaged one."""
_LONGEST_CHUNK = 1 << 16
"""Most bytes of text that are read from a chunk."""


def mutagen_tags(path: Path) -> Iterator[tuple[Tags, float | None]]:
    """Yield the tags that mutagen finds, with the duration in seconds: those of the format, then ID3v2, then APEv2.

    ID3v2 holds what ID3v1 adds to it; an ID3v1 that stands alone comes after APEv2, because it cuts long titles.
    The duration of a WAV or AIFF file is left to FFmpeg if it is there: mutagen believes sizes that a writer left open,
    and takes bytes of compressed sound for samples. So is that of an MP4 file without tags: QuickTime has its own.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> list(mutagen_tags(excerpt()))
    [({}, 91.0)]
    """
    # Deferred: importing mutagen takes about 50 ms.
    import mutagen
    from mutagen.aiff import AIFF
    from mutagen.apev2 import APEv2
    from mutagen.asf import ASFTags
    from mutagen.id3 import ID3
    from mutagen.mp4 import MP4, MP4Tags
    from mutagen.wave import WAVE

    try:
        file = mutagen.File(path)
    except mutagen.MutagenError:
        with suppress(mutagen.MutagenError):  # An ID3 is whole even if mutagen cannot read the sound after it.
            yield _named(ID3(path), _ID3), None
        raise
    if file is None:
        return
    tags = file.tags
    left_to_ffmpeg = has_decoder() and (isinstance(file, AIFF | WAVE) or (isinstance(file, MP4) and not tags))
    duration = None if left_to_ffmpeg else getattr(file.info, "length", None)
    if tags is not None and not isinstance(tags, ID3):
        names = _MP4 if isinstance(tags, MP4Tags) else _ASF if isinstance(tags, ASFTags) else FIELDS
        yield _named(tags, names), duration
        with suppress(mutagen.MutagenError):  # Some programs put an ID3 before any file.
            yield _named(ID3(path), _ID3), None
        return
    id3 = _named(tags or {}, _ID3)
    alone = tags is not None and tags.version < (2,)
    if not alone:
        yield id3, duration
    with suppress(mutagen.MutagenError):  # Most files have none.
        yield _named(APEv2(path), FIELDS), duration
    if alone:
        yield id3, duration


def chunk_tags(path: Path) -> Iterator[tuple[Tags, float | None]]:
    """Yield the texts in the ``INFO`` list of a WAV file, or in the chunks of an AIFF file; they state no duration."""
    with path.open("rb") as file:
        kind = file.read(12)
        match kind[:4], kind[8:]:
            case b"RIFF", b"WAVE":
                chunks = _info(file)
                names: tuple[bytes, ...] = _INFO
            case b"FORM", b"AIFF" | b"AIFC":
                chunks, names = _chunks(file, ">", _AIFF), _AIFF
            case _:
                return
        texts = {name: data.rstrip(b"\0") for name, data in chunks}
        yield {field: [texts[name]] for field, name in zip(FIELDS, names, strict=False) if name in texts}, None


def ffmpeg_tags(path: Path) -> Iterator[tuple[Tags, float | None]]:
    """Yield the tags that FFmpeg finds, with the duration in seconds; nothing if PyAV is not installed."""
    if not has_decoder():
        return
    with path.open("rb", buffering=0) as file, closing(Decoder(file, name=shown_path(path))) as decoder:
        tags = {name: text.encode(errors="surrogateescape") for name, text in decoder.tags.items()}
        if "author" in tags:  # as RealMedia calls the artist
            tags.setdefault("artist", tags["author"])
        yield {name: [tags[name]] for name in FIELDS if name in tags}, decoder.duration


def _named(tags: Any, names: Iterable[str]) -> Tags:
    """Return the fields that have these names in tags of mutagen."""
    return {field: _values(tags[name]) for field, name in zip(FIELDS, names, strict=True) if name in tags}


def _values(found: Any) -> Values:
    """Return the texts in a field of mutagen; those that ID3 calls Latin-1 are in any code page."""
    from mutagen.apev2 import APETextValue
    from mutagen.id3 import Encoding, TextFrame

    if isinstance(found, TextFrame):
        latin = found.encoding == Encoding.LATIN1
        return [text.encode("latin-1") if latin else text for text in map(str, getattr(found, "text", ()))]
    return [str(value) for value in found] if isinstance(found, list | APETextValue) else []


def _info(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and texts in the ``INFO`` lists of a WAV file, from after its header."""
    for _, data in _chunks(file, "<", (b"LIST",)):
        if data.startswith(b"INFO"):
            yield from _chunks(BytesIO(data[4:]), "<", _INFO)


def _chunks(file: BinaryIO, order: str, names: tuple[bytes, ...]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks that have one of these names."""
    for _ in range(_MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            return
        name, size = struct.unpack(f"{order}4sI", header)
        following = file.tell() + size + size % 2
        if name in names:
            yield name, file.read(min(size, _LONGEST_CHUNK))
        file.seek(following)
