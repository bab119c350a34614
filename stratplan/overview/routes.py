"""The pages across slices, gathered: each module brings its own handlers."""

from stratplan.overview import explanation_pages, overview, task_page

handlers: list[object] = [
    *overview.handlers,
    *explanation_pages.handlers,
    *task_page.handlers,
]
