TABLES = ("orders", "customers")
