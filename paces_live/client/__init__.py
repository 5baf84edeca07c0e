"""Follows a stream of a server of paces-live that runs elsewhere; `docs/server.md` describes the protocol."""

from paces_live.client.server import Server

__all__ = ["Server"]
