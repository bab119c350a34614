"""SWOT: strengths, weaknesses, opportunities and threats, and what answers them."""
