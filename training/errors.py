"""The error that this package raises on purpose."""


class TrainingError(Exception):
    """A problem that the user can fix; the message says what is wrong and what to do."""
