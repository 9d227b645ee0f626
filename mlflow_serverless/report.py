"""Events, and how to show them."""
