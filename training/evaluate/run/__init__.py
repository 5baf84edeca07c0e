"""Run the model and other programs on songs and sounds."""
