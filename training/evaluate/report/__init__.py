"""Pages, tables, figures and the model card: from measures to Markdown and pictures."""
