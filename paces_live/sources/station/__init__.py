"""An internet radio station: its address, its lists, its titles and its sound.

Requests go through `http`, which knows time limits, passwords and how to stop. `lists` judges by its first bytes what a
server sends. Sound becomes a stream that FFmpeg decodes: `icy` gives it the bytes without the titles between them, and
`direct` lets FFmpeg fetch what only it can: HLS, whose lists `hls` knows, and files in which it has to seek.
"""

from paces_live.sources.station.source import RadioSource

__all__ = ["RadioSource"]
