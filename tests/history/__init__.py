"""The proof by history: bugs that released servers had, and the cases that find them."""
