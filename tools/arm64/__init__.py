"""Check that an emulated arm64 Debian gives the results of this machine."""
