"""Pages of reviews."""

from stratplan.reviews import (
    closing_pages,
    compare_pages,
    desk,
    document_pages,
    edition_pages,
    link_pages,
    links_panel,
    list_pages,
    opening,
    problem_pages,
    reporting,
    sheet_pages,
    template_pages,
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
    *reporting.handlers,
    *links_panel.handlers,
    *link_pages.handlers,
    *sheet_pages.handlers,
    *document_pages.handlers,
    *template_pages.handlers,
]
upload_handlers = template_pages.upload_handlers
LARGEST_UPLOAD = template_pages.LARGEST_REQUEST
