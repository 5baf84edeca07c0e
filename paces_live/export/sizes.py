"""Sizes of files, as people write and read them: a stick of 16 GB has 16,000,000,000 bytes."""

import re

from paces_live.errors import UsageError

__all__ = ["parse_size", "size_words"]

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d*)?)([kmgt]?)(i?)b?", re.IGNORECASE)


def parse_size(text: str, *, name: str = "max-size") -> int:
    """Return a size in bytes.

    Raises
    ------
    UsageError
        The text is no size, or that of nothing.

    Examples
    --------
    >>> [parse_size(text) for text in ("3G", "1.5 GB", "512MiB", "1000000")]
    [3000000000, 1500000000, 536870912, 1000000]
    """
    found = _SIZE.fullmatch(text.replace(" ", ""))
    size = 0
    if found:
        unit = _UNITS[found[2].lower()]
        size = int(float(found[1]) * (1024 ** (len(f"{unit}") // 3) if found[3] else unit))
    if size < 1:
        hint = "write 3G, 500M or 512MiB"
        raise UsageError(f"{name}: {text!r} is no size", hint=hint, code=f"usage.{name.replace('-', '_')}")
    return size


def size_words(size: float) -> str:
    """Return a size in words.

    Examples
    --------
    >>> size_words(7_245_123), size_words(3e9), size_words(999_999), size_words(12)
    ('7.2 MB', '3.0 GB', '1.0 MB', '12 B')
    """
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"
        size /= 1000.0
    return f"{size:.1f} GB"
