"""What is true of a song: by rule, or as people say."""
