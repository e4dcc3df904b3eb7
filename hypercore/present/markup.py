"""Pieces of the report: figures, tables, folds and figures of numbers, as HTML."""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from hypercore.present.written import read
from hypercore.spec.stack import rounded

# Of its bundles the one of lines and bars alone, a quarter of the one that comes with Python's plotly.
PLOTLY = Path(__file__).parent / "plotlyjs" / "plotly-basic.min.js.gz"
# A script of this type is left alone by browsers; the library runs it once it is there itself.
WAITING = "text/x-figure"
# What margins of 12 mm leave of A4, in CSS pixels: while it prints, a page's figures keep its screen's width.
_A4_PX = 702
# What stands above and below axes in all, and below alone: where a legend follows there, and else.
AROUND_PX, _BELOW_PX, _FOOT_PX = 150, 62, 65
# Plotly breaks no title's lines and makes a figure no higher for its legend: both are fitted to the width
# that it is drawn at. On paper, where headings stand above, figures are less high and have no second title.
_FITTED = f"""
  const broken = (text, most) => text.split(" ").reduce((lines, word) => {{
    const longer = `${{lines.at(-1)}} ${{word}}`;
    return longer.length > most ? [...lines, word] : [...lines.slice(0, -1), longer];
  }}, [""]).map(line => line.trim()).filter(Boolean);
  const beneath = (names, wide) => {{
    const longest = Math.max(...names.flatMap(name => name.split("<br>")).map(line => line.length));
    const columns = Math.max(1, Math.min(names.length, Math.floor((wide - 80) / (7 * longest + 45))));
    const lines = names.reduce((sum, name) => sum + name.split("<br>").length, 0);
    const legend = {{
      orientation: "h", x: 0, xref: "container", y: 0, yref: "container", yanchor: "bottom",
      tracegroupgap: 0, maxheight: 1, entrywidth: (wide - 80) / columns - 45,
    }};
    return [legend, 14 + 19 * Math.ceil(lines / columns)];
  }};
  const fit = (figure, print) => {{
    const {{ layout, data }} = figure;
    const own = figure.whole ??= {{
      ...layout.title, beneath: layout.title.subtitle.text, height: layout.height,
      legend: layout.legend ?? {{}},
    }};
    const width = print ? (figure.closest(".pair") ? {_A4_PX} / 2 - 4 : {_A4_PX}) : null;
    const wide = width ?? figure.parentElement.clientWidth, narrow = wide < 600;
    const names = data.filter(trace => trace.name && trace.showlegend !== false).map(trace => trace.name);
    const [title, source] = [broken(own.text, wide / 8.5), print ? [] : broken(own.beneath, wide / 6)];
    const top = 38 + 14 * title.length + 15 * source.length;
    const [legend, below] = narrow ? beneath(names, wide) : [own.legend, 0];
    const axes = (own.height - {AROUND_PX}) * (print ? 0.65 : 1);
    const bottom = narrow ? below + {_BELOW_PX} : {_FOOT_PX}, height = top + axes + bottom;
    figure.style.height = figure.parentElement.style.height = `${{height}}px`;
    return Plotly.relayout(figure, {{
      "title.text": title.join("<br>"), "title.subtitle.text": source.join("<br>"), "margin.t": top,
      "margin.b": bottom, "margin.l": narrow ? 55 : 80, "margin.r": narrow ? 15 : 80,
      legend, width, height, autosize: width === null,
    }});
  }};
  const fitted = print => document.querySelectorAll(".js-plotly-plot").forEach(one => fit(one, print));
  addEventListener("beforeprint", () => fitted(true));
  addEventListener("afterprint", () => fitted(false));
  addEventListener("resize", () => matchMedia("print").matches || fitted(false));
  fitted(false);
"""


def figure(drawn: go.Figure, heading: str, source: str) -> str:
    """A figure with what it shows and what it rests on written inside, so that a saved copy says it, too."""
    subtitle = {"text": source, "font": {"size": 11}}
    # From the top: plotly would set it in the middle of the margin, and its last lines into the axes.
    place = {"yref": "container", "y": 1, "yanchor": "top", "pad": {"t": 20}}
    title = {"text": heading, "font": {"size": 15}, "subtitle": subtitle, **place}
    drawn.update_layout(title=title, margin={"t": 80}, legend={"tracegroupgap": 0})
    for trace in drawn.data:
        trace.update(x=_rounded(trace.x), y=_rounded(trace.y))
    options = {"displaylogo": False, "responsive": True}
    html = str(drawn.to_html(full_html=False, include_plotlyjs=False, config=options))
    return re.sub(r"<script[^>]*>", f'<script type="{WAITING}">', html)


def _rounded(numbers: Iterable[float]) -> list[float | None]:
    """Numbers as cells have them: plotly would pack each into eight bytes, and these in letters."""
    return [None if pd.isna(number) else rounded(number) for number in numbers]


@cache
def library() -> str:
    """Plotly's own script, compressed, and what draws the figures once it is unpacked: half a MB."""
    packed = b64encode(PLOTLY.read_bytes()).decode()
    return f"""<script>
(async () => {{
  const bytes = Uint8Array.from(atob("{packed}"), character => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const run = text => document.body.append(Object.assign(document.createElement("script"), {{ text }}));
  run(await new Response(unpacked).text());
  document.querySelectorAll("script[type='{WAITING}']").forEach(figure => run(figure.text));
{_FITTED.strip(chr(10))}
}})();
</script>"""


def spread(mean: float, sd: float) -> str:
    """A mean ± its standard deviation, where there is one."""
    return number(mean, ".2f") + ("" if pd.isna(sd) else f" ± {sd:.2f}")


def estimate(mean: float, low: float, high: float, form: str = ".2f") -> str:
    """A signed mean with its interval, where there is one."""
    return number(mean, f"+{form}") + ("" if pd.isna(low) else read(f" [{low:{form}}, {high:{form}}]"))


def p_value(value: float) -> str:
    """A p to three digits.

    >>> p_value(0.0000305)
    '3.05e-5'
    """
    return number(value, ".3g")


def number(value: float, form: str) -> str:
    """A number, or a dash for none."""
    return "–" if pd.isna(value) else read(format(value, form))


def wrapped(content: str) -> str:
    """Content whose lines may break."""
    return f'<div class="wrap">{content}</div>'


def pair(figures: Iterable[str]) -> str:
    """Figures that stand beside each other on paper, and on a screen one below the other."""
    return f'<div class="pair">{"".join(figures)}</div>'


def details(summary: str, content: str) -> str:
    """Content, folded under a summary."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table whose header is text and whose cells are HTML already; the style knows some by their kind."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return "<p>Nothing to show.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    opened = f'<table class="{kind}">' if kind else "<table>"
    return f'<div class="scroll">{opened}<thead><tr>{head}</tr></thead>{body}</table></div>'
