"""Songs to cases: degraded, cut, and stored as megabatches."""
