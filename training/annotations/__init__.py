"""The paces that fit a song: by rule, or as annotators found them."""
