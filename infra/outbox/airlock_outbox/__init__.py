"""What stands outside the network and answers the outbox: a function of AWS Lambda, or a loop.

Its means are the standard library, boto3 and airlock_spec.outbox, which is packed along (pack.py).
"""
