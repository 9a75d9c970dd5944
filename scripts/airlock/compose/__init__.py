"""Composing: files become fragments, fragments layers, layers an OCI layout."""
