"""Every page of the slice: the plan's own forms, its texts, terms and funding sources."""

from stratplan.plans import asking, plan_forms, sections, sources, terms

handlers = [*asking.handlers, *plan_forms.handlers, *sections.handlers, *sources.handlers, *terms.handlers]
