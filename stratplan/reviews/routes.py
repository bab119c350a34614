"""Pages of reviews."""

from stratplan.reviews import sheet_pages

handlers: list[object] = [*sheet_pages.handlers]
