"""Music files: the paces of each, judged as one song."""

from paces_live.library.files import FilePaces, analyze_files, analyze_item

__all__ = ["FilePaces", "analyze_files", "analyze_item"]
