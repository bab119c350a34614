"""Goals, their tasks, milestones and reports: what was promised, by whom, by when, and how far it is."""
