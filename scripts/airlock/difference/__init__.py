"""What `airlock diff` finds between two images or two sets of locks, and how it is told."""
