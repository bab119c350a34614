"""Pages of the SWOT: the matrix, and the answers chosen on a task's page."""

from stratplan.swot import entries, task_links

handlers: list[object] = [*entries.handlers, *task_links.handlers]
