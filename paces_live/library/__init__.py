"""Music files: the paces of each, judged as one song."""
