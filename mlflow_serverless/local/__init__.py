"""The local room."""
