"""Events and songs as text: wording, plain lines, JSON, tables, colours."""
