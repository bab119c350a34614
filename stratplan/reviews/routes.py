"""Pages of reviews."""

from stratplan.reviews import (
    closing_pages,
    compare_pages,
    desk,
    document_pages,
    edition_pages,
    list_pages,
    opening,
    problem_pages,
    sheet_pages,
    trend_pages,
)

handlers: list[object] = [
    *list_pages.handlers,
    *opening.handlers,
    *problem_pages.handlers,
    *desk.handlers,
    *edition_pages.handlers,
    *compare_pages.handlers,
    *trend_pages.handlers,
    *closing_pages.handlers,
    *sheet_pages.handlers,
    *document_pages.handlers,
]
