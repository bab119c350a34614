"""Pages of reviews."""

from stratplan.reviews import closing_pages, desk, list_pages, opening

handlers: list[object] = [
    *list_pages.handlers,
    *opening.handlers,
    *desk.handlers,
    *closing_pages.handlers,
]
