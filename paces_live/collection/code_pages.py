"""The code pages that names of files are written in."""

import os
from collections.abc import Iterator
from contextlib import suppress

CODE_PAGES = (
    *("cp1252", "latin_1", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "iso8859_15", "koi8_r", "koi8_u", "cp866", "cp850", "cp437", "mac_roman"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
"""Those of Windows, then those of other systems, then those of East Asia; existing names decide."""


def in_other_code_pages(name: str) -> Iterator[str]:
    r"""Yield a name of a file as it would be if it had been written, or read, in each of the code pages.

    Examples
    --------
    >>> "Молва.wav" in in_other_code_pages(os.fsdecode("Молва.wav".encode("cp1251")))
    True
    >>> os.fsdecode(b"caf\xe9.wav") in in_other_code_pages("café.wav")
    True
    """
    if name.isascii():
        return
    try:
        data = os.fsencode(name)
    except UnicodeEncodeError:
        return
    for page in CODE_PAGES:
        with suppress(UnicodeDecodeError):
            yield data.decode(page)
        with suppress(UnicodeEncodeError):
            yield os.fsdecode(name.encode(page))
