"""Pages of reviews."""

from stratplan.reviews import closing_pages, desk, list_pages, opening, problem_pages, sheet_pages, template_pages

handlers: list[object] = [
    *list_pages.handlers,
    *opening.handlers,
    *problem_pages.handlers,
    *desk.handlers,
    *closing_pages.handlers,
    *sheet_pages.handlers,
    *template_pages.handlers,
]
upload_handlers = template_pages.upload_handlers
LARGEST_UPLOAD = template_pages.LARGEST_REQUEST
