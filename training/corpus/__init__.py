"""Songs of known paces: generated, or recordings that people annotated."""
