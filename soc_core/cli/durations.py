"""Times as people write them on the command line: how long (`90s`, `4h`, `1w`) and since which day (`2026-03-02`)."""

from datetime import UTC, datetime, timedelta

import click

from soc_core.model.duration import parse_duration


class Duration(click.ParamType[timedelta]):
    """An option that takes a duration, written as in the settings."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it, or tell how it is written."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = Duration()


class Day(click.ParamType[datetime]):
    """An option that takes a day; its first moment in UTC."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or tell how it is written."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is no day such as 2026-03-02", param, ctx)


DAY = Day()
