"""The plan's overview."""

handlers: list[object] = []
