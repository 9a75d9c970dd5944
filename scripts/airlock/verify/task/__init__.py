"""What a task itself sees: `airlock-verify` run as a task in a service's place, and its report read."""
