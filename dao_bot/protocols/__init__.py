"""One file for each protocol: how its operations are encoded, quoted and read back."""
