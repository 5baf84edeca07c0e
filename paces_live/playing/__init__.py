"""Playback that is analysed as it is heard: playlists, a feeder that decodes, the card, the player, skipping."""
