"""Applications that are mounted in a candidate."""
