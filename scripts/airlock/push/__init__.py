"""Pushing an image and its papers: in an order that never shows half of anything."""
