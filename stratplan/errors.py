"""The failures a person is told about: each message says in one sentence what is wrong and what to do."""


class StratplanError(Exception):
    """A failure whose message is shown to a person as it is, without a traceback."""


class DatabaseUnavailable(StratplanError):
    """The database cannot be found, started or reached."""
