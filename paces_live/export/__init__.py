"""Copies songs into a folder of a watch, a phone or a stick: named so that any player keeps their order."""
