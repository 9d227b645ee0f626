"""The lowering library: symbols, frames, trees, and the registry of recipes."""
