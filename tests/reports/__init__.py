"""Reports are tested on invented documents, and in a real browser."""
