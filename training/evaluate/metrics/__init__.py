"""The measures: pure functions from predictions and truth to numbers."""
