"""Accounts: who acts."""
