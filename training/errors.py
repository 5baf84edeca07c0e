"""The one error that this package raises on purpose."""


class TrainingError(Exception):
    """Something that the caller can put right; the message says what."""
