"""Pages of reviews."""

handlers: list[object] = []
