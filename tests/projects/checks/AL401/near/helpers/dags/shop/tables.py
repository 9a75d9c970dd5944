"""A plain module, which nobody takes for more."""

TABLES = ("orders", "customers")


def statement(table):
    return f"SELECT * FROM {table}"


STATEMENTS = [statement(table) for table in TABLES]
