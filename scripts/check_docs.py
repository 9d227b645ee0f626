"""Checks the documents: links, paths, generated pages. Filled by the docs room."""
