"""What every container of a Docker network tries to reach: seen in its namespace, and again at the bridge."""
