"""Applications of frameworks, each with the paths of the examples; each needs its framework installed."""
