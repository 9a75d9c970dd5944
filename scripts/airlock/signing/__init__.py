"""Signatures of images, as cosign makes and verifies them."""
