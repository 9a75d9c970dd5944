"""The services of the lab's image; each command runs one of them (docs/lab.md)."""
