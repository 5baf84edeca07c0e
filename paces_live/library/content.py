"""The sound of a file as a key: a file that is moved, renamed or tagged again keeps it."""

import hashlib
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from paces_live.errors import SourceError, cannot_open
from paces_live.sources.decoder import Decoder, has_decoder
from paces_live.text import shown_path

READ_BYTES = 1 << 20
"""Bytes that are read at once."""


def content_key(path: Path) -> str:
    """Return a key that files have in common if their sound is the same, bit by bit.

    It is a hash of the encoded sound, which FFmpeg takes out of the file without decoding it: tags are not part of it.
    If FFmpeg is not there or cannot do that, it is a hash of the whole file.

    Raises
    ------
    SourceError
        The file cannot be read.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> content_key(excerpt()).partition(":")[0]
    'sound'
    """
    name = shown_path(path)
    try:
        # A named pipe would wait for a writer.
        if not path.is_file() and path.exists():
            raise SourceError(f"{name}: is not a regular file", hint="give a file of music")
        with path.open("rb", buffering=0) as file:
            if has_decoder():
                try:
                    with closing(Decoder(file, name=name)) as decoder:
                        return f"sound:{_hash(decoder.packets())}"
                except SourceError:
                    file.seek(0)
            return f"file:{_hash(iter(lambda: file.read(READ_BYTES), b''))}"
    except (OSError, ValueError) as error:
        raise cannot_open(name, error) from error


def _hash(parts: Iterable[bytes | memoryview]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
