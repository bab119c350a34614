"""Who has which role in a plan, and what each role may do."""
