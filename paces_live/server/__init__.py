"""The network backend: many listeners follow the streams of one machine, and send it their own sound.

One asyncio loop serves all clients; no client has a thread. The machine's own input has one, and worker processes judge
what clients send. `docs/server.md` describes the protocol.
"""
