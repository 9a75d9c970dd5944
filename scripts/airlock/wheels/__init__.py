"""Wheels: built from this repository or read from the store, and laid out as files."""
