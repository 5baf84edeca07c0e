"""Writes what the library knows into the files: the field ``PACES``, and on request their tempo.

`tagger` decides what is written. `formats` knows the tags of each format, `rewrite` puts a file with other tags into
the place of the old one, and `log` keeps what was there before, for `undo`.
"""
