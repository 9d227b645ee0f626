"""The judge's power: whole rollouts over simulated traffic, every look counted."""
