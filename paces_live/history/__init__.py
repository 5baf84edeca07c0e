"""The songs that you heard: titles and paces, in a database."""
