"""The network backend: many listeners follow the streams of one machine, and send it their own sound.

``hub`` owns the classifier and pushes all sessions on one thread. Everything else runs in one asyncio loop in front of
it: no client has a thread. `docs/server.md` describes the protocol.
"""
