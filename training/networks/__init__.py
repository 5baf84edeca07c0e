"""Networks described in TOML: built, trained, compared and exported."""
