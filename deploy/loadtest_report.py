"""Prints deploy/loadtest's results as a table, and formats them as one self-contained HTML file."""

import datetime
import html

PERCENTILES = (50, 90, 95, 99)
CHART_WIDTH, CHART_HEIGHT, BAR_GAP = 860, 150, 3
ABOVE, BELOW = 24, 50  # room for the numbers above the bars and for the axis

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid #d8dde3; }
th:first-child, td:first-child { text-align: left; }
.bad { color: #b3261e; font-weight: 600; }
th { font-weight: 600; }
table.setting th { text-align: left; white-space: nowrap; vertical-align: top; }
table.setting td { text-align: left; }
figure { margin: 1.5rem 0 2rem; }
figcaption { font-weight: 600; margin-bottom: .3rem; }
svg { max-width: 100%; height: auto; }
svg rect { fill: #0063a6; }
svg line { stroke: #868d96; }
svg text { font-size: 14px; fill: #1b1f24; }
"""


def measurement(title, result):
    """The reported part of a ghz result; times in microseconds."""
    latencies = {entry["percentage"]: entry["latency"] / 1e3 for entry in result.get("latencyDistribution") or []}
    statuses = result.get("statusCodeDistribution") or {}
    return {
        "title": title,
        "requests": result["count"],
        "ok": statuses.get("OK", 0),
        "statuses": statuses,
        "errors": result.get("errorDistribution") or {},
        "per_second": result["rps"],
        "average_us": result["average"] / 1e3,
        "slowest_us": result["slowest"] / 1e3,
        "percentiles_us": {str(p): latencies.get(p) for p in PERCENTILES},
        "histogram": [[bucket["mark"] * 1e6, bucket["count"]] for bucket in result.get("histogram") or []],
    }


def columns(row):
    """One row of the table, as text."""
    percentiles = [microseconds(row["percentiles_us"][str(p)]) for p in PERCENTILES]
    counts = [row["title"], f"{row['requests']:,}", f"{row['ok']:,}", f"{row['per_second']:,.0f}"]
    return counts + [microseconds(row["average_us"]), *percentiles, microseconds(row["slowest_us"])]


HEADINGS = ["", "requests", "OK", "per second", "mean", *(f"p{p}" for p in PERCENTILES), "slowest"]


def microseconds(value):
    if value is None:
        return "-"
    return f"{value / 1e3:.2f} ms" if value >= 1e3 else f"{value:.0f} us"


def print_table(rows):
    lines = [HEADINGS, *(columns(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    for line in lines:
        first, *others = (cell.ljust(widths[0]) if i == 0 else cell.rjust(widths[i]) for i, cell in enumerate(line))
        print("  ".join([first, *others]).rstrip())
    for row in rows:
        for error, count in row["errors"].items():
            print(f"{row['title']}: {count} x {error}")


def html_page(rows, setting):
    """The whole report, self-contained. `setting` maps names to text about the server, the machine and the load."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    facts = "".join(f"<tr><th>{html.escape(n)}</th><td>{html.escape(t)}</td></tr>\n" for n, t in {**setting, "Date": now}.items())
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in HEADINGS)
    body = "".join(table_row(row) for row in rows)
    figures = "".join(figure(row) for row in rows)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>flashkv load test</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>flashkv load test</h1>\n"
        f'<table class="setting">\n<tbody>{facts}</tbody>\n</table>\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>\n</table>\n"
        f"<h2>Latencies</h2>\n<p>Requests by latency, in ten steps of equal width from the fastest to the slowest.</p>\n"
        f"{figures}{errors(rows)}</body>\n</html>\n"
    )


def table_row(row):
    cells = columns(row)
    marks = ["bad" if i == 2 and row["ok"] != row["requests"] else "" for i in range(len(cells))]
    inner = "".join(f'<td class="{m}">{html.escape(c)}</td>' if m else f"<td>{html.escape(c)}</td>" for c, m in zip(cells, marks))
    return f"<tr>{inner}</tr>\n"


def figure(row):
    """The latency distribution as bars: the number of requests in each of ghz's ten steps."""
    buckets = row["histogram"]
    if not buckets:
        return ""
    highest = max(count for _, count in buckets) or 1
    step = CHART_WIDTH / len(buckets)
    bottom = ABOVE + CHART_HEIGHT
    parts = [f'<line x1="0" y1="{bottom}" x2="{CHART_WIDTH}" y2="{bottom}"/>\n']
    for index, (upper, count) in enumerate(buckets):
        height = CHART_HEIGHT * count / highest
        left, top = index * step, bottom - height
        parts.append(
            f'<rect x="{left + BAR_GAP / 2:.1f}" y="{top:.1f}" width="{step - BAR_GAP:.1f}" height="{height:.1f}"/>'
            f'<text x="{left + step / 2:.1f}" y="{top - 6:.1f}" text-anchor="middle">{count:,}</text>'
            f'<text x="{left + step / 2:.1f}" y="{bottom + 19}" text-anchor="middle">{microseconds(upper)}</text>\n'
        )
    parts.append(f'<text x="{CHART_WIDTH / 2}" y="{bottom + 41}" text-anchor="middle">latency up to</text>\n')
    size = f'width="{CHART_WIDTH}" height="{bottom + BELOW}" viewBox="0 0 {CHART_WIDTH} {bottom + BELOW}"'
    title = html.escape(row["title"])
    return f'<figure>\n<figcaption>{title}</figcaption>\n<svg role="img" {size}>\n{"".join(parts)}</svg>\n</figure>\n'


def errors(rows):
    items = [
        f"<li>{html.escape(row['title'])}: {count:,} x {html.escape(error)}</li>"
        for row in rows
        for error, count in row["errors"].items()
    ]
    return f"<h2>Errors</h2>\n<ul>{''.join(items)}</ul>\n" if items else ""
