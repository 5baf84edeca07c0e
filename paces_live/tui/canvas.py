"""A widget that shows a drawn picture, and reports where on its scale the mouse points."""

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from paces_live.tui.screen import Picture


class Canvas(Widget):
    """Draws only the lines of a picture that have changed, which costs a fraction of drawing them all."""

    @dataclass
    class Aimed(Message):
        """The mouse was pressed or dragged on the scale, at a rate in steps per minute."""

        spm: float

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._picture: Picture | None = None
        self._dragging = False

    @property
    def lines(self) -> tuple[Text, ...]:
        """The lines on the screen."""
        return self._picture.lines if self._picture else ()

    def show(self, picture: Picture) -> None:
        """Show `picture`."""
        before, self._picture = self.lines, picture
        if len(before) != len(picture.lines):
            self.refresh()
            return
        changed = [row for row, line in enumerate(picture.lines) if line != before[row]]
        self.refresh(*(Region(0, row, self.size.width, 1) for row in changed))

    def render_line(self, y: int) -> Strip:
        """Return line `y` as Textual wants it."""
        width, style = self.size.width, self.rich_style
        if y >= len(self.lines):
            return Strip.blank(width, style)
        return Strip(self.lines[y].render(self.app.console)).apply_style(style).adjust_cell_length(width, style)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag if the mouse is on the scale."""
        self._dragging = self._aim(event)
        if self._dragging:
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while it drags."""
        if self._dragging:
            self._aim(event)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End the dragging."""
        self._dragging = False
        self.release_mouse()

    def _aim(self, event: events.MouseEvent) -> bool:
        """Report the rate that the mouse points at; return whether it points at the scale."""
        spm = self._picture.spm(int(event.x), int(event.y)) if self._picture else None
        if spm is not None:
            self.post_message(self.Aimed(spm))
        return spm is not None
