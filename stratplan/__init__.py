"""stratplan keeps a public organisation's strategy alive; see README.md for the map."""

__version__ = "0.1.0"
