"""Make the model of paces-live: songs, cases, networks and measures."""
