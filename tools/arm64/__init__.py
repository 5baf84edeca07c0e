"""The gate for arm64: a Debian root for it, run under QEMU, must give the results that this machine gives."""
