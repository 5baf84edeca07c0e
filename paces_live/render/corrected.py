"""What a person says about a song, in words."""

from collections.abc import Sequence
from pathlib import Path

from paces_live.library.corrections import Correction, corrected
from paces_live.library.files import FilePaces
from paces_live.render.song import tempo_words
from paces_live.render.wording import paces_words
from paces_live.text import shown_path


def paces_text(paces: Sequence[float]) -> str:
    """Return paces as a person types them.

    Examples
    --------
    >>> paces_text((82.0, 164.25)), paces_text(())
    ('82, 164.2', 'no pace')
    """
    return ", ".join(f"{spm:.1f}".removesuffix(".0") for spm in paces) or "no pace"


def kept_words(file: Path, correction: Correction, heard: FilePaces | None) -> str:
    """Say which paces a song has from now on, and what the model found; None stands for a song that nobody scanned.

    Examples
    --------
    >>> from paces_live.events import SongPace
    >>> heard = FilePaces(Path("So What.ogg"), 215.0, (SongPace(110.2, 0.87, 1.0),))
    >>> kept_words(heard.path, Correction("sound:1", "So What", (82.0, 164.0)), heard)
    'So What.ogg has 82, 164 from now on; the model found 110.2 (87 %)'
    >>> kept_words(Path("Rain.ogg"), Correction("sound:2", "Rain", ()), None)
    'Rain.ogg has no pace from now on; your library shows it once it is scanned'
    """
    words = f"{shown_path(file.name)} has {paces_text(correction.paces)} from now on"
    if heard is None:
        return f"{words}; your library shows it once it is scanned"
    if tempo := tempo_words(corrected(heard, correction).sections):
        words += f" ({tempo}; --steady says that it does not)"
    return f"{words}; the model found {_found(heard)}"


def removed_words(file: Path, heard: FilePaces | None, *, was_there: bool) -> str:
    """Say what a song has once its correction is taken back.

    Examples
    --------
    >>> from paces_live.events import SongPace
    >>> heard = FilePaces(Path("So What.ogg"), 215.0, (SongPace(110.2, 0.87, 1.0),))
    >>> removed_words(heard.path, heard, was_there=True)
    'So What.ogg has what the model found again: 110.2 (87 %)'
    """
    name = shown_path(file.name)
    if not was_there:
        return f"nobody has corrected {name}"
    return f"{name} has what the model found again" + (f": {_found(heard)}" if heard else "")


def _found(heard: FilePaces) -> str:
    return paces_words(heard.paces) or "no pace"
