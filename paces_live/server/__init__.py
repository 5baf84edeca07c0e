"""The network backend: streams for any number of listeners, and who may listen."""
