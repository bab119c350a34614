"""Pages of goals."""

handlers: list[object] = []
