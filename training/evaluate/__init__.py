"""How right the exported model is, on what it was not trained on."""
