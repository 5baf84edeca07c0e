"""Events and songs as text: wording, plain lines, JSON, tables, colours."""

from paces_live.render.json_lines import JsonWriter, error_line, event_line, file_line

__all__ = ["JsonWriter", "error_line", "event_line", "file_line"]
