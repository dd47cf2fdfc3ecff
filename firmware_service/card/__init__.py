"""Cards: what Raspberry Pi OS reads at its first start, written to a blank one and read back."""
