"""Networks: read from TOML experiments, built, trained, compared and exported."""
