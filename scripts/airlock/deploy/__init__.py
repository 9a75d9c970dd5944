"""Putting the image into service on Amazon ECS, and taking it back where it does not work."""
