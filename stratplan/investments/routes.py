"""Pages of investments."""

handlers: list[object] = []
