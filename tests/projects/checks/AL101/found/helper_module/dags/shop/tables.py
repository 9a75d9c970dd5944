TABLES = ["orders", "customers"]
LARGEST = TABLES[2]  # expect: AL101
