"""GitHub: what a run shows, and what its API is asked."""
