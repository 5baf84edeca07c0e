"""The commands of the command line, a module each; what costs time to import waits inside the command that needs it."""
