"""Programs for developers: neither tests nor parts of the product."""
