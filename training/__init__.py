"""From nothing to the model that ships; see ``python -m training --help``."""
