"""Text as it is searched: nobody types capitals and accents."""

import unicodedata


def folded(text: str) -> str:
    """Return `text` in small letters without accents.

    Examples
    --------
    >>> folded("Motörhead"), folded("STRASSE") == folded("Straße")
    ('motorhead', True)
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
