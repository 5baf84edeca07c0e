"""What the user sees: the terminal UI, lines of text or JSON, tables."""
