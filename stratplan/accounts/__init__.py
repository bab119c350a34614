"""Accounts: the people who sign in, their sessions, and their roles in plans."""
