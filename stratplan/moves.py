"""Moving an entry in its list: to a place (a drop), or one step up or down (a button beside it)."""

from typing import Annotated, Literal

from pydantic import Field

from stratplan.forms import Versioned


class Move(Versioned):
    """What a move form sends: `position` counts from 1; a step, where there is one, is what was meant."""

    position: Annotated[int, Field(ge=1, le=100_000)] = 1
    step: Literal["up", "down"] | None = None

    def place(self, now: int) -> int:
        """The place to go to, for an entry that is at place `now`."""
        match self.step:
            case "up":
                return max(1, now - 1)
            case "down":
                return now + 1
        return self.position
