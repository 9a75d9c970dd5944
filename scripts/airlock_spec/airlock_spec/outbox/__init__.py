"""The outbox format: HTTP requests to outside a network, and their answers, as objects in a bucket.

Written by a task inside (a request, a cancellation) and by a function outside (a claim, a response), which agree
on nothing but this package: standard library only, so that the function carries it along. docs/outbox.md tells
the story, and which side may write what.

No object is ever changed but a claim, and that only by compare-and-swap; none is deleted by either side.
"""
