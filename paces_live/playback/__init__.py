"""Plays music through the sound card: a queue, a feeder that decodes, the output, the player, skipping."""
