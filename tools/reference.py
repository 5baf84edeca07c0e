"""Build the reference of the public Python names from their docstrings: ``python -m tools.reference``.

The page is ``build/reference/index.html``. What is not in it may change at any time.
"""

import sys
from pathlib import Path

import pdoc
import pdoc.render

PUBLIC = (
    "paces_live.session",
    "paces_live.events",
    "paces_live.match",
    "paces_live.errors",
    "paces_live.analysis",
    "paces_live.sources",
    "paces_live.inputs",
    "paces_live.collection.items",
    "paces_live.collection.find",
    "paces_live.library",
    "paces_live.render",
    "paces_live.schema",
    "paces_live.demo",
)
"""The modules whose ``__all__`` is the public interface."""
HIDDEN = ("paces_live.analysis.felt_beat", "paces_live.session.run", "paces_live.session.whole_song")
"""Modules with the name of a function in the ``__all__`` of their package: pdoc would take that name for them, too."""
FOLDER = Path(__file__).parents[1] / "build" / "reference"


def build(folder: Path) -> None:
    """Write the reference into `folder`."""
    pdoc.render.configure(docformat="numpy", footer_text="paces-live", search=True, show_source=False)
    pdoc.pdoc(*PUBLIC, *(f"!{module}" for module in HIDDEN), output_directory=folder)


if __name__ == "__main__":
    build(FOLDER)
    sys.stdout.write(f"{FOLDER / 'index.html'}\n")
