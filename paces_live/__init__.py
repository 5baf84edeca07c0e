"""Hears music and tells at which step rates one can jog to it."""

__version__ = "0.1.0"
