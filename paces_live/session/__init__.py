"""One stream of audio: blocks are pushed into a session, events come out.

`Session` is the core. `run` reads a source into one. `whole_song` judges a whole song.
"""

from paces_live.session.config import SessionConfig
from paces_live.session.listening import Listening
from paces_live.session.run import NowPlaying, run
from paces_live.session.session import Session
from paces_live.session.whole_song import WholeSong, whole_song
from paces_live.sources.block import Block, Source

__all__ = ["Block", "Listening", "NowPlaying", "Session", "SessionConfig", "Source", "WholeSong", "run", "whole_song"]
