"""Where model files are found: nearest tier first, always as a path."""
