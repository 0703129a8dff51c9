"""What the documents say: a folder for each, with its requirements and their cases."""
