"""Recordings of bands and singers in Debian packages: fetched, labelled by other programs, and made a corpus."""
