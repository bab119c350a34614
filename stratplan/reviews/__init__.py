"""The quarter: reviews that units report in, that are closed as frozen editions, and what changed between two."""
