"""Tests of how a candidate is started, known to be ready, heard, and ended."""
