"""The measures: pure functions of predictions and truth."""
