"""Run the model, and other programs beside it, on songs and sounds: from audio to what is found in it."""
