"""Draws the rows of a run as a picture: one bar for each program, on a scale of powers of ten."""

from collections.abc import Mapping
from html import escape
from math import log10

_ROW, _LEFT, _WIDTH, _TOP = 26, 190, 520, 34
_LEAST, _MOST = 3, 8  # powers of ten


def svg(rows: Mapping[str, float], title: str) -> str:
    """Bars of lines a second, the quickest first; ours, whose name begins with `path`, in another colour."""
    ordered = sorted(rows.items(), key=lambda row: -row[1])
    height = _TOP + _ROW * len(ordered) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 110} {height}" role="img">',
        "<style>text { font: 13px system-ui, sans-serif }</style>",
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="10" y="20" font-weight="600" fill="#222">{escape(title)}</text>',
    ]
    bottom = _TOP + _ROW * len(ordered)
    for power in range(_LEAST, _MOST + 1):
        x = _x(10**power)
        parts += [
            f'<line x1="{x:.0f}" y1="{_TOP}" x2="{x:.0f}" y2="{bottom}" stroke="#ddd"/>',
            f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle" fill="#666">{_short(10**power)}</text>',
        ]
    for number, (name, rate) in enumerate(ordered):
        y = _TOP + _ROW * number
        colour = "#1f6feb" if name.startswith("path") else "#9aa4b2"
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 17}" text-anchor="end" fill="#222">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y + 4}" width="{_x(rate) - _LEFT:.1f}" height="{_ROW - 8}" fill="{colour}"/>',
            f'<text x="{_x(rate) + 6:.1f}" y="{y + 17}" fill="#222">{_short(rate)}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(rate: float) -> float:
    share = (log10(max(rate, 10**_LEAST)) - _LEAST) / (_MOST - _LEAST)
    return _LEFT + _WIDTH * min(share, 1.0)


def _short(rate: float) -> str:
    for floor, unit in ((1e6, "M"), (1e3, "k")):
        if rate >= floor:
            return f"{rate / floor:.3g} {unit}"
    return f"{rate:.3g}"
