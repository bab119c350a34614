"""History: what was changed, by whom and when, and taking it back."""
