"""How long something may take, as people write it on the command line: `90s`, `4h`, `1w`."""

from datetime import timedelta

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
