"""Pages of plans: the list, and a plan's own fields."""

from stratplan.plans import terms

handlers = [*terms.handlers]
