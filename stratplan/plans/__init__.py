"""Plans: what is promised, by whom it was decided, its texts, terms and funding sources."""
