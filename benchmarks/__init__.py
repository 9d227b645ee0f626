"""What the claims rest on: run on demand, printed with ratios and floors."""
