"""Pages of reviews."""

from stratplan.reviews import closing_pages, desk, list_pages, opening, problem_pages, sheet_pages

handlers: list[object] = [
    *list_pages.handlers,
    *opening.handlers,
    *problem_pages.handlers,
    *desk.handlers,
    *closing_pages.handlers,
    *sheet_pages.handlers,
]
