"""Tests of the suite with real applications: the recorder, and what it holds against applications."""
