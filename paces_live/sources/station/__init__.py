"""An internet radio station: its address, its lists, its titles and its sound.

Every byte comes through `http`, so that one place knows time limits, passwords and how to stop. `lists` judges by their
first bytes what they are. What holds sound becomes a stream, whose bytes FFmpeg decodes: `icy`, `hls` or `remote`.
"""

from paces_live.sources.station.source import RadioSource

__all__ = ["RadioSource"]
