"""Measures speed side by side, as ratios that mean the same on any computer; not part of the product."""
