"""Songs heard, kept in a database of the user's: what they were called and at which paces they could be run to."""
