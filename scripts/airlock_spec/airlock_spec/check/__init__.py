"""What a check of DAGs is about: facts that the probe reports, findings made of them, and how both are written."""
