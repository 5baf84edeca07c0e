"""The tags of a file, by its format."""

from pathlib import Path
from typing import Any

from paces_live.errors import TagError, reason
from paces_live.library.tagging.by_mutagen import Ape, Asf, Mp4, Vorbis
from paces_live.library.tagging.fields import FileTags, system_error
from paces_live.library.tagging.id3_files import Id3Chunk, Id3InFront
from paces_live.text import shown_path


def open_tags(path: Path) -> FileTags:
    """Return the tags of a file.

    Raises
    ------
    TagError
        They cannot be read, or its format has none that we write.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> open_tags(excerpt()).values("PACES")
    ()
    """
    try:
        tags = _tags(path)
    except Exception as error:
        # mutagen meets any bytes here.
        if system := system_error(error):
            raise system from None
        raise TagError(
            f"{shown_path(path)}: its tags cannot be read: {reason(error)}",
            hint="save them again with a tag editor",
            code="tag.unreadable",
        ) from error
    if tags is None:
        raise TagError(
            f"{shown_path(path)}: its format has no tags that we write",
            hint="MP3, WAV, AIFF, FLAC, Ogg, MP4, WMA and WavPack files have",
            code="tag.format",
        )
    return tags


def _tags(path: Path) -> FileTags | None:
    # Deferred: importing mutagen takes about 50 ms.
    import mutagen
    from mutagen.aiff import AIFF
    from mutagen.apev2 import APEv2File
    from mutagen.asf import ASF
    from mutagen.flac import FLAC
    from mutagen.id3 import ID3FileType
    from mutagen.mp4 import MP4
    from mutagen.ogg import OggFileType
    from mutagen.wave import WAVE

    file: Any = mutagen.File(path)
    match file:
        case AIFF() | WAVE():
            return Id3Chunk(path)
        case ID3FileType():
            front = Id3InFront(path)
            ape = APEv2File(path) if front.is_new else None
            # Some programs read nothing after an ID3v2, and an APEv2 holds more than an ID3v1.
            return Ape(path, ape) if ape and ape.tags else front
        case MP4():
            return Mp4(path, file)
        case ASF():
            return Asf(path, file)
        case FLAC() | OggFileType():
            return Vorbis(path, file)
        case APEv2File():
            return Ape(path, file)
    return None
