"""The commands of ``python -m training``, a module a step."""
