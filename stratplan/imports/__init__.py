"""Reads a person's document into a plan: YAML files of plans and of reports on them."""
