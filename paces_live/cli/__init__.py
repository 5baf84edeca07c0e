"""The command line: a module for each command. Imports that cost time wait until a command needs them."""
