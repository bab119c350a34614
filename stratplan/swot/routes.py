"""Pages of swot."""

from stratplan.swot import task_links

handlers: list[object] = [*task_links.handlers]
