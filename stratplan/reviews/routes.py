"""Pages of reviews."""

from stratplan.reviews import link_pages, links_panel, reporting

handlers: list[object] = [*reporting.handlers, *link_pages.handlers, *links_panel.handlers]
