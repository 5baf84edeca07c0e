"""The current track: from tags, MPRIS, Bluetooth and MPD.

Importing this costs nothing: mutagen, dbus-fast and python-mpd2 are loaded where they are needed.
"""
