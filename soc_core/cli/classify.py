"""`soc classify`: one answer for each event, nothing stored."""

import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from soc_core.cli import screen
from soc_core.cli.exits import INPUT, PARTLY
from soc_core.cli.inputs import FORMAT_OPTION, SOURCE_OPTION, STDIN, Rejects, chosen, tell_broken, tell_formats
from soc_core.cli.session import current
from soc_core.errors import InputError

if TYPE_CHECKING:  # triage brings SQLAlchemy along
    from soc_core.stages.triage.judgement import Judgement


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@FORMAT_OPTION
@SOURCE_OPTION
@click.option("--explain", is_flag=True, help="Add every plugin's answer: the rule or table row, and the fields.")
@click.option("--json", "as_json", is_flag=True, help="One JSON answer on each line.")
@click.pass_context
def classify(
    ctx: click.Context, paths: tuple[str, ...], log_format: str, source: str | None, explain: bool, as_json: bool
) -> None:
    """Say what each event is; nothing is stored or delivered.

    Counts over several events are not kept: each line is judged by itself. Rows such as
    {"id": "7", "source": "sshd", "message": "..."} are understood, and the id comes back.
    """
    from soc_core.cli import reasoning  # noqa: PLC0415 - with what it needs
    from soc_core.stages.intake.reading import Reader  # noqa: PLC0415 - only once something is read
    from soc_core.stages.triage.judgement import judge  # noqa: PLC0415 - brings SQLAlchemy along

    session, names = current(ctx), chosen(paths, log_format)
    programs, rejects, told, read = screen.for_programs(as_json), Rejects(), set[str](), 0
    with session.soc(in_memory=True) as soc:
        floors = soc.settings.priorities.floors
        stdin = sys.stdin.buffer if STDIN in names else None
        reader = Reader(names, clock=soc.clock, format=log_format, source=source, stdin=stdin)
        broken: InputError | None = None
        try:
            for batch in reader:
                lines = []
                for judgement in judge(soc.calls, batch.events, counts=explain):
                    answer = reasoning.answer(judgement, floors)
                    if explain:
                        answer["explain"] = reasoning.answers(judgement)
                    lines.append(screen.as_line(answer) if programs else _words(answer))
                    if explain and not programs:
                        lines += _explained(judgement)
                if lines:
                    click.echo("\n".join(lines))
                read += batch.lines
                rejects.see(batch)
                if not session.quiet:
                    tell_formats(reader, (batch.input,), told)
        except InputError as error:
            broken = error
        rejects.close()
    if broken is not None:
        tell_broken(broken)
        ctx.exit(PARTLY if read else INPUT)
    ctx.exit(PARTLY if rejects.number else 0)


def _words(answer: dict[str, object]) -> str:
    from soc_core.printable import printable  # noqa: PLC0415 - with the rest

    severity = answer["severity"]
    words = printable(
        f"{answer['decision']!s:<6}  {severity:>4}  {answer['priority']!s:<7}  {answer['label']} - {answer['source']}: "
        f"{answer['reason']}"
    )
    width = shutil.get_terminal_size().columns
    return words if len(words) <= width else f"{words[: width - 1]}…"


def _explained(judgement: "Judgement") -> Iterator[str]:
    """Every answer below its event: the rule or row of a table, and what decided."""
    from soc_core.printable import printable  # noqa: PLC0415 - with the rest

    for one in judgement.classified.findings:
        yield printable(f"        {one.classifier} {one.severity:g}, rule {one.rule or '-'}: {one.reason}")
    for name, said in judgement.decided.answers if judgement.decided is not None else ():
        yield printable(f"        {name}: {said.course.value}, {said.reason}")
