"""Tags that mutagen writes: Vorbis comments, and those of MP4, ASF and APEv2."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from paces_live.errors import reason
from paces_live.library.tagging.fields import COPIED_AT_ONCE, NAMES, FileTags, Values, system_error

_ID3V1 = 128
"""Bytes of an ID3v1 tag, the last of a file."""


class Mutagen(FileTags):
    """What all of them have in common.

    Parameters
    ----------
    path : Path
    file : mutagen.FileType
        The same, open.

    Raises
    ------
    ValueError
        Something in it would be lost.
    """

    keys: ClassVar[Mapping[str, str]] = {name: name for name in NAMES}
    """What the format calls the fields."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path = path
        self._file = file
        # mutagen has put it for bytes that it does not understand.
        if any("\ufffd" in text for text in self._texts()):
            raise ValueError("a text in them is no UTF-8, and would be lost")

    def values(self, name: str) -> Values:
        """Return the values of a field."""
        key = self._key(self._file, name)
        return tuple(self._plain(value) for value in self._file[key]) if key in self._file else ()

    def others(self) -> list[Any]:
        """Return all other fields by their names: some formats put them into another order."""
        ours = {key.casefold() for key in self.keys.values()}
        return sorted((item for item in self._items() if item[0].casefold() not in ours), key=lambda item: item[0])

    def write(self, target: BinaryIO, fields: Mapping[str, Values]) -> None:
        """Write a copy with other tags."""
        with self._path.open("rb") as source:
            shutil.copyfileobj(source, target, COPIED_AT_ONCE)
        try:
            self._change(target, fields)
        except Exception as error:
            # As in `open_tags`: what is damaged may be met only now.
            raise system_error(error) or ValueError(reason(error)) from error

    def _change(self, target: BinaryIO, fields: Mapping[str, Values]) -> None:
        """Save other tags in a copy."""
        target.seek(0)
        copy = type(self._file)(target)
        for name, values in fields.items():
            key = self._key(copy, name)
            if values:
                copy[key] = [self._native(name, value) for value in values]
            elif key in copy:
                del copy[key]
        target.seek(0)
        self._save(copy, target)

    def _key(self, file: Any, name: str) -> str:
        """Return the key of a field as a file has it: some programs write small letters."""
        key = self.keys[name]
        return next((one for one in file.keys() if one.casefold() == key.casefold()), key)  # noqa: SIM118

    def _items(self) -> Iterable[tuple[str, Any]]:
        return self._file.items() if self._file.tags is not None else ()

    def _texts(self) -> Iterable[str]:
        return ()

    def _save(self, copy: Any, target: BinaryIO) -> None:
        copy.save(target, padding=_padding)

    def _plain(self, value: Any) -> str | int:
        return str(value)

    def _native(self, _name: str, value: str | int) -> Any:
        return value


class Vorbis(Mutagen):
    """FLAC, Ogg Vorbis, Opus, Speex, and FLAC in Ogg."""

    def bpm(self, tempo: float) -> Values:
        """Return the tempo with a decimal."""
        return (f"{tempo:.1f}",)

    def others(self) -> list[Any]:
        """Return all other comments and, of FLAC, the other blocks but the padding."""
        from mutagen.flac import Padding, VCFLACDict

        blocks = getattr(self._file, "metadata_blocks", ())
        kept = [(one.code, one.write()) for one in blocks if not isinstance(one, Padding | VCFLACDict)]
        return [*super().others(), *kept]

    def _items(self) -> Iterable[tuple[str, str]]:
        return list(self._file.tags or ())

    def _texts(self) -> Iterable[str]:
        return [text for _, text in self._items()]

    def _native(self, _name: str, value: str | int) -> str:
        return str(value)


class Ape(Vorbis):
    """WavPack, Monkey's Audio and Musepack, and an MP3 that has no other tag."""

    def others(self) -> list[Any]:
        """Return all other fields."""
        return Mutagen.others(self)

    def _items(self) -> Iterable[tuple[str, Any]]:
        return [(key, (value.kind, value.value)) for key, value in (self._file.tags or {}).items()]

    def _texts(self) -> Iterable[str]:
        return ()

    def _save(self, copy: Any, target: BinaryIO) -> None:
        with self._path.open("rb") as source:
            source.seek(-min(_ID3V1, self._path.stat().st_size), 2)
            last = source.read()
        copy.save(target)
        # mutagen takes away the ID3v1 behind it.
        if last.startswith(b"TAG"):
            target.seek(0, 2)
            target.write(last)


class Mp4(Mutagen):
    """MP4: a field with a name of its own is *freeform*."""

    keys: ClassVar[Mapping[str, str]] = {"PACES": "----:com.apple.iTunes:PACES", "BPM": "tmpo"}

    def bpm(self, tempo: float) -> Values:
        """Return the tempo as a number."""
        return (round(tempo),)

    def _plain(self, value: Any) -> str | int:
        return value if isinstance(value, int) else bytes(value).decode(errors="replace")

    def _native(self, name: str, value: str | int) -> Any:
        from mutagen.mp4 import AtomDataType, MP4FreeForm

        return int(value) if name == "BPM" else MP4FreeForm(str(value).encode(), AtomDataType.UTF8)


class Asf(Mutagen):
    """WMA."""

    keys: ClassVar[Mapping[str, str]] = {"PACES": "PACES", "BPM": "WM/BeatsPerMinute"}

    def _plain(self, value: Any) -> str | int:
        return value.value if isinstance(value.value, int) else str(value)

    def _items(self) -> Iterable[tuple[str, Any]]:
        return list(self._file.tags)


def _padding(info: Any) -> int:
    """Return how much padding is to be there: as much as there was, without what has become a field."""
    padding: int = info.padding if info.padding >= 0 else info.get_default_padding()
    return padding
