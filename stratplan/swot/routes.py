"""Pages of swot."""

handlers: list[object] = []
