"""Whether a deployment keeps what ADR-001 promises: an inventory of it, rules, and a verdict on each promise."""
