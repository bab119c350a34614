"""Files kept as evidence of what was done for a task."""
