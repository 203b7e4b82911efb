"""`soc rules verdicts`: how often each rule was right, by what analysts said about its incidents."""

import click

from soc_core.cli import screen
from soc_core.cli.session import current
from soc_core.model.wording import count


@click.command()
@screen.JSON_OPTION
@click.pass_context
def verdicts(ctx: click.Context, as_json: bool) -> None:
    """Show how often each rule was right, as far as somebody judged.

    Precision is the share of true positives among the incidents with a verdict.
    """
    with current(ctx).reports() as reports:
        rules = sorted(
            (one for one in reports.figures().rules if one.incidents),
            key=lambda one: (-one.false_positives, -one.judged, -one.incidents, one.rule),
        )
    if screen.for_programs(as_json):
        rows = [
            {
                "rule": one.rule,
                "incidents": one.incidents,
                "judged": one.judged,
                "true_positives": one.true_positives,
                "false_positives": one.false_positives,
                "benign": one.judged - one.true_positives - one.false_positives,
                "precision": one.precision,
                "false_share": one.false_share,
            }
            for one in rules
        ]
        screen.emit(screen.versioned(rules=rows))
        return
    cells = [
        (one.rule, str(one.incidents), str(one.judged), _share(one.precision), _share(one.false_share)) for one in rules
    ]
    columns = ("Rule", "Incidents", "Judged", "Precision", "False")
    screen.table(columns, cells, stretch="Rule", right=columns[1:])
    judged = sum(one.judged for one in rules)
    screen.closing(f'{count(judged, "verdict")}. Give one with: soc incident verdict ID "false positive"')


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
