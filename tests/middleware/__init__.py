"""Tests of middlewares as candidates."""
