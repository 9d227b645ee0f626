"""The apply room."""
