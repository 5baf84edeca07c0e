"""The benchmark: hard music that installs by name, on which this model and other programs are measured in one run."""
