"""The pages of investments, gathered: each module brings its own handlers."""

from stratplan.investments import lines, plan_page, spending

handlers: list[object] = [*plan_page.handlers, *lines.handlers, *spending.handlers]
