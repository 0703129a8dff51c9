"""Tests of what drives the wire."""
