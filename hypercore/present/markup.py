"""Pieces of the report: figures, tables, folds and figures of numbers, as HTML."""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from hypercore.present.signs import minus
from hypercore.spec.stack import rounded

# Of its bundles the one of lines and bars alone, a quarter of the one that comes with Python's plotly.
PLOTLY = Path(__file__).parent / "plotlyjs" / "plotly-basic.min.js.gz"
# A script of this type is left alone by browsers; the library runs it once it is there itself.
WAITING = "text/x-figure"
# What margins of 12 mm leave of A4, in CSS pixels: while it prints, a page's figures keep its screen's width.
_A4_PX = 702
# A figure's title does not break its lines by itself: it is broken to fit the width that it is drawn at.
_FITTED = f"""
  const broken = (text, most) => text.split(" ").reduce((lines, word) => {{
    const longer = `${{lines.at(-1)}} ${{word}}`;
    return longer.length > most ? [...lines, word] : [...lines.slice(0, -1), longer];
  }}, [""]).map(line => line.trim()).filter(Boolean);
  const fit = (figure, width) => {{
    const own = figure.whole ??= {{ ...figure.layout.title, beneath: figure.layout.title.subtitle.text }};
    const wide = width ?? figure.clientWidth;
    const [title, beneath] = [broken(own.text, wide / 8.5), broken(own.beneath, wide / 6)];
    const top = 80 + 20 * (title.length - 1) + 15 * (beneath.length - 1);
    return Plotly.relayout(figure, {{
      "title.text": title.join("<br>"), "title.subtitle.text": beneath.join("<br>"), "margin.t": top,
      "legend.orientation": wide < 600 ? "h" : "v", "legend.y": wide < 600 ? -0.4 : null,
      width, autosize: width === null,
    }});
  }};
  const fitted = width => document.querySelectorAll(".js-plotly-plot").forEach(one => fit(one, width));
  addEventListener("beforeprint", () => fitted({_A4_PX}));
  addEventListener("afterprint", () => fitted(null));
  addEventListener("resize", () => matchMedia("print").matches || fitted(null));
  fitted(null);
"""


def figure(drawn: go.Figure, heading: str, source: str) -> str:
    """A figure with what it shows and what it rests on written inside, so that a saved copy says it, too."""
    subtitle = {"text": source, "font": {"size": 11}}
    drawn.update_layout(title={"text": heading, "font": {"size": 15}, "subtitle": subtitle}, margin={"t": 80})
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
    return number(mean, f"+{form}") + ("" if pd.isna(low) else minus(f" [{low:{form}}, {high:{form}}]"))


def p_value(value: float) -> str:
    """A p to three digits."""
    return number(value, ".3g")


def number(value: float, form: str) -> str:
    """A number, or a dash for none."""
    return "–" if pd.isna(value) else minus(format(value, form))


def wrapped(content: str) -> str:
    """Content whose lines may break."""
    return f'<div class="wrap">{content}</div>'


def details(summary: str, content: str) -> str:
    """Content, folded under a summary."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose header is text and whose cells are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return "<p>Nothing to show.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead>{body}</table></div>'
