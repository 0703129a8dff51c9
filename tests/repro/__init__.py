"""Tests of the files that show failed cases."""
