"""Genres: a few words that stand for the many that files and groove libraries use."""

import re
from collections.abc import Mapping
from types import MappingProxyType

# The first pattern that matches counts: jazz rock is jazz here, and a rock ballad is rock.
_SIGNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        genre: re.compile(signs, re.IGNORECASE)
        for genre, signs in (
            ("hip hop", r"hip.?hop|trip.?hop|\btrip\b|\brap\b"),
            ("reggae", r"reggae|\bska\b|\bdub\b|dance.?hall"),
            ("jazz", r"jazz|swing|bebop|big ?band|fusion|evansish|foxtrot|broadway|dixie|ragtime|charleston|quickstep"),
            ("blues", r"blues|bo+g+ie"),
            (
                "latin",
                r"latin|salsa|samba|bossa|mambo|tango|r[hu]+mba|cha.?cha|merengue|bolero|calypso|afro|cuban|\bson\b",
            ),
            ("electronic", r"electr|techno|trance|house|\brave\b|ambient|dance|edm|dnb|drum.{1,3}bass"),
            ("soul", r"soul|funk|motown|gospel|disco|r ?(&|\+|n) ?b|\brb\b"),
            ("metal", r"metal|mtl|punk|hard.?core|hrk"),
            ("folk", r"folk|country|cntry|western|bluegrass|celtic|zydeco|polka|mazurka|jig|shanty|march|wal(tz|zer)"),
            ("classical", r"classical|baroque|\bopera\b|symphony|serenade|lullaby|hymn"),
            ("rock", r"rock|indie|grunge|twist"),
            ("pop", r"pop|ballad|beat|schlager"),
        )
    }
)

GENRES = tuple(_SIGNS)
"""All genres, in the order of the networks' inputs."""


def genre_of(text: str) -> str:
    """Return the genre of a file's tag or of a groove family's name, or an empty text if it is unknown.

    Examples
    --------
    >>> genre_of("stdlib/bossanova"), genre_of("Hip-Hop"), genre_of("Travel")
    ('latin', 'hip hop', '')
    """
    return next((genre for genre, signs in _SIGNS.items() if signs.search(text)), "")
