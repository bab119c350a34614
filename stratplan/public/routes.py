"""Every page of the public view, and where planners decide what is in it."""

from stratplan.public import crawlers, figure_pages, files, money_pages, pages, publishing, review_pages, widget

handlers: list[object] = [
    *pages.handlers,
    *money_pages.handlers,
    *review_pages.handlers,
    *figure_pages.handlers,
    *files.handlers,
    *widget.handlers,
    *crawlers.handlers,
    *publishing.handlers,
]
