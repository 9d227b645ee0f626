"""What users may configure."""
