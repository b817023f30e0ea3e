"""strategies.yaml to typed settings, with errors that name file, line and key."""
