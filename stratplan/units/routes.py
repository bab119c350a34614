"""Pages of units."""

handlers: list[object] = []
