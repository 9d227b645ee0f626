"""What runs inside the function: load once, answer many; the standard library only."""
