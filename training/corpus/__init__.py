"""Songs of known tempo and meter, generated."""
