"""The pages across slices, gathered: each module brings its own handlers."""

from stratplan.overview import (
    explanation_pages,
    export_history,
    export_investments,
    export_routes,
    goal_page,
    line_page,
    my_work,
    overview,
    plan_list,
    task_page,
    timeline,
    unit_page,
)

handlers: list[object] = [
    *overview.handlers,
    *explanation_pages.handlers,
    *task_page.handlers,
    *goal_page.handlers,
    *export_routes.handlers,
    *line_page.handlers,
    *export_investments.handlers,
    *export_history.handlers,
    *plan_list.handlers,
    *unit_page.handlers,
    *timeline.handlers,
    *my_work.handlers,
]
