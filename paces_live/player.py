"""What a user interface may ask of a player."""

from typing import Protocol


class Controls(Protocol):
    """The keys of a player."""

    def next(self) -> None:
        """Go on to the next track."""

    def previous(self) -> None:
        """Go back to the previous track."""

    def pause(self, paused: bool) -> None:
        """Pause, or play on."""
