"""The line of keys at the bottom of the screen."""

from textual.containers import HorizontalGroup
from textual.widget import Widget
from textual.widgets import Footer


class Keybar(Footer):
    """Textual's footer with as many keys as there is room for: none is cut in its middle."""

    async def recompose(self) -> None:
        """Make the keys again, and check which of them fit."""
        await super().recompose()
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        """Check again which keys fit."""
        self._fit()

    def _fit(self) -> None:
        following: Widget | None = None
        for key in reversed(self.children):
            # The words for a group of keys are next to the group.
            last = following if following and isinstance(key, HorizontalGroup) else key
            key.visible = last.virtual_region.right <= self.size.width
            following = key
