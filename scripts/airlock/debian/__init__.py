"""Debian: the signed index, the closure of packages, and what a .deb holds."""
