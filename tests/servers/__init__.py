"""Servers as processes, wrong ones and real ones, and the suite run against them."""
