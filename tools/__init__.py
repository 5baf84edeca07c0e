"""Programs for developers that are neither tests nor parts of the product."""
