"""What the music is called: tags of files, and what players say over MPRIS, Bluetooth and MPD.

Importing this costs nothing: mutagen, dbus-fast and python-mpd2 are loaded where they are needed.
"""
