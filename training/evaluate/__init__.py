"""Measure how right the exported model is, on music that it was not trained on.

`run` goes from audio to predictions, `metrics` from predictions to numbers, `report` from numbers to pages.
"""
