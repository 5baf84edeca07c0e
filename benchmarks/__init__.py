"""Programs that measure what the live path costs."""
