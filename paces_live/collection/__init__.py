"""Music as people have it: files, folders and playlists become items in an order."""
