"""Write the measures down: pages, figures, the manifest and the model card."""
