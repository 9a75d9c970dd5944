"""DAG releases: published to S3 or a folder, listed, rolled back, collected, pulled."""
