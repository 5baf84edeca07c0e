"""Short audio files with tags, made by code; a song is what a file's tags say."""

import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TALB, TCON, TIT2, TPE1

from tests.support.encoded import FORMATS, encode

RATE = 48_000
SONG = {"title": "Небо и Grün", "artist": "Земфира", "album": "Вендетта", "genre": "Rock"}
"""Tags in two scripts, for formats that hold Unicode."""
RUSSIAN = {"title": "Хочешь?", "artist": "Земфира", "album": "Вендетта", "genre": "Рок"}
FRENCH = {"title": "Café…", "artist": "Françoise Hardy", "album": "Éternelle", "genre": "Rock"}


def sound(path: Path, **texts: str) -> Path:
    """Write a third of a second of quiet sound in the format of the suffix, with the texts that libsndfile writes."""
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for name, text in texts.items():
            setattr(file, name, text)
        file.write(0.01 * np.sin(np.arange(RATE // 3) / 7.0))
    return path


def encoded(path: Path, codec: str, tags: Mapping[str, str]) -> Path:
    """Write the same with FFmpeg, which has more formats."""
    samples = (0.01 * np.sin(np.arange(RATE // 3) / 7.0)).astype(np.float32)
    container, _ = FORMATS[path.suffix.removeprefix(".")]
    path.write_bytes(encode(samples, container, codec, rate=RATE, bit_rate=64_000, tags=tags))
    return path


def id3v2(
    path: Path, song: Mapping[str, str], *, encoding: int = 3, code_page: str = "latin-1", version: int = 4
) -> Path:
    """Put ID3v2.3 or ID3v2.4 before a file; in encoding 0, which ID3 calls Latin-1, in any code page."""
    tags = ID3()
    kinds: dict[str, Any] = {"title": TIT2, "artist": TPE1, "album": TALB, "genre": TCON}
    for name, frame in kinds.items():
        if name in song:
            text = song[name].encode(code_page).decode("latin-1") if encoding == 0 else song[name]
            tags.add(frame(encoding=encoding, text=text))
    before = BytesIO()
    tags.save(before, v2_version=version)
    path.write_bytes(before.getvalue() + path.read_bytes())
    return path


def id3v22(path: Path, song: Mapping[str, str], code_page: str) -> Path:
    """Put ID3v2.2 before a file: its frames have names of three letters."""
    frames = b""
    for name, frame in {"title": b"TT2", "artist": b"TP1", "album": b"TAL", "genre": b"TCO"}.items():
        text = b"\0" + song[name].encode(code_page)
        frames += frame + len(text).to_bytes(3, "big") + text
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x02\0\0" + size + frames + path.read_bytes())
    return path


def id3v1(path: Path, song: Mapping[str, str], code_page: str = "latin-1", genre: int = 17) -> Path:
    """Put ID3v1 after a file, which cuts texts after 30 bytes and has numbers for genres."""
    texts = (song.get(name, "").encode(code_page)[:30].ljust(30, b"\0") for name in ("title", "artist", "album"))
    path.write_bytes(path.read_bytes() + b"TAG" + b"".join(texts) + bytes(34) + bytes([genre]))
    return path


def apev2(path: Path, song: Mapping[str, Any]) -> Path:
    """Put APEv2 after a file."""
    tags = APEv2()
    tags.update(song)
    tags.save(path)
    return path


def info(path: Path, song: Mapping[str, str], code_page: str) -> Path:
    """Put an ``INFO`` list after the samples of a WAV file."""
    names = {"title": b"INAM", "artist": b"IART", "album": b"IPRD", "genre": b"IGNR"}
    listed = b"INFO" + b"".join(chunk(names[name], text.encode(code_page) + b"\0") for name, text in song.items())
    data = path.read_bytes() + chunk(b"LIST", listed)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a WAV file."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def asf(*objects: tuple[str, bytes]) -> bytes:
    """Return the header of an ASF file with objects of these ids."""
    data = b"".join(bytes.fromhex(name) + struct.pack("<Q", 24 + len(body)) + body for name, body in objects)
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
    return head + struct.pack("<QIBB", 30 + len(data), len(objects), 1, 2) + data
