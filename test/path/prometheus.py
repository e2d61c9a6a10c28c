# SPDX-License-Identifier: BSD-2-Clause
"""Holds what ships for Prometheus against a real one that scrapes a real xskim serve.

usage: prometheus.py scraped URL SERVICE
       prometheus.py complete URL SERVICE DASHBOARD PORT…
       prometheus.py alerts URL [NAME:PORT]…
       prometheus.py quantiles URL JSON
       prometheus.py tested RULES TESTS      prints what is wrong

scraped: waits until it has all that /metrics says now. complete: every expression of the rules and of the dashboard
has what it asks for, for each of the ports, and is made of names that xskim exports. alerts: waits until these alerts
are active, and no others. quantiles: after the end of xskim, its summaries against the histograms as last scraped.
tested: each alert has a unit test in which it fires, and one in which it does not.
"""
import http
import json
import math
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

WAIT_S, PAUSE_S = 12, 0.1
FAULTY = set()
NAME = re.compile(r"\b(?:port:)?xskim_\w+(?::p99)?")
SAMPLE = re.compile(r"^(\w+)(\{.*\})? (\S+)$", re.M)
COMPARISON = re.compile(r" (==|!=|<=|>=|<|>) ")
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
# What the dashboard's own variables stand for: a time from before the traffic until now.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1m", "$instance": ".+", "$port": ".+"}


def fetched(url):
    with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
        return answer.read().decode()


def asked(url, path, **words):
    try:
        return json.loads(fetched(f"{url}/api/v1/{path}?{urllib.parse.urlencode(words, doseq=True)}"))["data"]
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.SERVICE_UNAVAILABLE:
            raise  # not ready yet, which it says in plain words
        return {"error": json.loads(error.read()).get("error"), "result": [], "groups": [], "alerts": []}


def found(url, expression):
    """(labels, value) of what an expression gives; a fault in it is one that gives nothing, and is told once."""
    answer = asked(url, "query", query=expression)
    if "error" in answer and expression not in FAULTY:
        print(f"{expression}: {answer['error']}")
        FAULTY.add(expression)
    return [(row["metric"], float(row["value"][1])) for row in answer["result"]]


def until(judge):
    """What is wrong in the end: nothing, or what still is when the time is up."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            wrong = list(judge())
        except OSError as error:
            wrong = [f"no answer: {error}"]
        if not wrong or time.monotonic() > end:
            return wrong
        time.sleep(PAUSE_S)


# ---- scraped ----

def counts_behind(url, page):
    """Counters of the page that Prometheus does not have so."""
    have = {json.dumps(labels, sort_keys=True): value for labels, value in found(url, '{job="xskim"}')}
    labels_of = re.compile(r'(\w+)="([^"]*)"')
    target = {"job": "xskim", "instance": found(url, 'up{job="xskim"}')[0][0]["instance"]}
    for name, labels, value in SAMPLE.findall(page):
        labels = {"__name__": name, **target, **dict(labels_of.findall(labels))}
        if name.endswith(("_packets_total", "_records_total", "_bucket", "_count")):
            if have.get(json.dumps(labels, sort_keys=True)) != float(value):
                yield f"{labels} is {value}"


def scraped(url, service):
    def judge():
        if not any(value == 1 for _, value in found(url, 'up{job="xskim"}')):
            yield "it has not scraped xskim"
            return
        yield from list(counts_behind(url, fetched(f"{service}/metrics")))[:3]
    return until(judge)


# ---- complete ----

def rules_of(url):
    return [rule for group in asked(url, "rules")["groups"] for rule in group["rules"]]


def unevaluated(rules):
    return [rule for rule in rules if rule["health"] != "ok"]


def unknown(expression, names):
    return [f"{expression}: xskim does not export {name}"
            for name in sorted(set(NAME.findall(expression)) - names)]


def missing(rows, ports):
    """Of the ports, if the rows are by port."""
    there = {labels["port"] for labels, _ in rows if "port" in labels}
    return sorted(set(ports) - there) if there else []


def alert_judged(url, rule, ports):
    """Nothing is to be told, and that is not because something is missing: with each comparison giving 0 or 1, the
    past as it is now, and what may not be absent there, there is a value for each port."""
    expression = COMPARISON.sub(r" \1 bool ", re.sub(r" offset \w+", "", rule["query"]))
    expression = re.sub(r"^absent\((.+)\)$", r"\1", expression)
    rows = found(url, expression)
    if not rows:
        yield f"{rule['name']}: no data for {expression}"
    if missing(rows, ports):
        yield f"{rule['name']}: nothing of {missing(rows, ports)}"
    if rule["state"] == "firing":
        yield f"{rule['name']} fires: {rule['alerts']}"


def record_judged(url, rule, ports):
    rows = found(url, rule["name"])
    if missing(rows, ports) or not any(not math.isnan(value) for _, value in rows):
        yield f"{rule['name']}: recorded is {rows}"


def rule_judged(url, rule, ports):
    if rule["health"] != "ok":
        yield f"{rule['name']}: {rule['health']}, {rule.get('lastError')}"
    yield from (alert_judged if rule["type"] == "alerting" else record_judged)(url, rule, ports)


def variable_judged(url, variable):
    match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    if not match or not asked(url, f"label/{match[2]}/values", **{"match[]": filled(match[1])}):
        yield f"the variable {variable['name']} has no values"


def filled(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def target_judged(url, panel, target):
    rows = found(url, filled(target["expr"]))
    if "$" in filled(target["expr"]):
        yield f"{panel}: a variable that there is not: {target['expr']}"
    if not any(not math.isnan(value) for _, value in rows):
        yield f"{panel}: no data for {target['expr']}"
    for label in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
        if any(label not in labels for labels, _ in rows):
            yield f"{panel}: nothing has the label {label}"


def layout_judged(panels):
    """Each panel has a number of its own and a place of its own."""
    taken, numbers = {}, [panel["id"] for panel in panels]
    if len(set(numbers)) != len(numbers):
        yield "two panels have one number"
    for panel in panels:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if x >= 24 or taken.setdefault((x, y), panel["title"]) != panel["title"]:
                    yield f"{panel['title']} stands outside, or on {taken.get((x, y))}"
                    return


def dashboard_judged(url, board, names):
    yield from layout_judged(board["panels"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield from unknown(variable["query"]["query"], names)
            yield from variable_judged(url, variable)
    for panel in board["panels"]:
        if panel["type"] != "row" and not panel.get("targets"):
            yield f"{panel['title']}: shows nothing"
        for target in panel.get("targets", []):
            yield from unknown(target["expr"], names)
            yield from target_judged(url, panel["title"], target)


def complete(url, service, dashboard, *ports):
    page = fetched(f"{service}/metrics")
    judged = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    wrong = (judged.stdout + judged.stderr).splitlines() + [judged.returncode] * (judged.returncode != 0)
    wrong += until(lambda: unevaluated(rules_of(url)))
    rules = rules_of(url)
    names = {name for name, _, _ in SAMPLE.findall(page)}
    names |= {rule["name"] for rule in rules if rule["type"] == "recording"}
    if not rules:
        wrong.append("it has no rules")
    for rule in rules:
        wrong += unknown(rule["query"], names)
    wrong += until(lambda: [line for rule in rules_of(url) for line in rule_judged(url, rule, ports)])
    with open(dashboard, encoding="utf-8") as file:
        board = json.load(file)
    # a scrape that fails leaves a hole, until the next one
    return wrong + until(lambda: dashboard_judged(url, board, names))


# ---- alerts ----

def alerts(url, *expected):
    def judge():
        active = {f"{alert['labels']['alertname']}:{alert['labels'].get('port', '')}"
                  for alert in asked(url, "alerts")["alerts"]}
        if active != set(expected):
            yield f"active are {sorted(active)}, not {sorted(expected)}"
    return until(judge)


# ---- quantiles ----

def bounds_around(buckets, value):
    """Of the bucket that holds the value."""
    bounds = [0.0, *sorted(float(labels["le"]) for labels, _ in buckets)]
    return next(((low, high) for low, high in zip(bounds, bounds[1:]) if low < value <= high), (math.nan, math.nan))


def quantile_judged(url, expression, buckets, name, own):
    """Theirs is interpolated in the bucket in which ours is: that is what they can say of it. The sum of floating
    point numbers may put it a rank off, so just beside an end."""
    rows = found(url, expression)
    value = rows[0][1] if rows else math.nan
    low, high = bounds_around(buckets, own[f"{name}_bucket_ns"][1] / 1e9)
    if not low * (1 - 1e-6) <= value <= high * (1 + 1e-6):
        yield f"{expression} is {value}, and xskim says {own[f'{name}_ns']} ns, which is in ({low}, {high}]"


def latency_judged(url, latency, port, own):
    selector = f'xskim_{latency}_seconds_%s{{port="{port}"}}'
    count = [value for _, value in found(url, f"last_over_time({selector % 'count'}[5m])")]
    if count != [own["count"]]:
        yield f"{selector % 'count'}: {count} were scraped, and xskim says {own['count']}"
    if own["count"]:
        last = f"last_over_time({selector % 'bucket'}[5m])"
        buckets = found(url, last)
        for name, share in SHARES.items():
            yield from quantile_judged(url, f"histogram_quantile({share}, {last})", buckets, name, own)
        recorded = f'last_over_time(port:xskim_{latency}_seconds:p99{{port="{port}"}}[5m])'
        yield from quantile_judged(url, recorded, buckets, "p99", own)


def quantiles(url, path):
    with open(path, encoding="utf-8") as file:
        summaries = [line for line in map(json.loads, file) if line["type"] == "summary"]
    rows = [(latency, summary["port"], own) for summary in summaries for latency, own in summary["latency"].items()]
    wrong = [f"nothing has a {latency} to judge" for latency in ("gap", "stack", "delivery")
             if not any(name == latency and own["count"] for name, _, own in rows)]
    return wrong + [line for row in rows for line in latency_judged(url, *row)]


# ---- tested ----

def tested(rules, tests):
    with open(rules, encoding="utf-8") as file:
        names = set(re.findall(r"- alert: (\w+)", file.read()))
    with open(tests, encoding="utf-8") as file:
        cases = re.findall(r"alertname: (\w+).*?exp_alerts:( \[\])?", file.read(), re.S)
    quiet, fires = ({name for name, empty in cases if bool(empty) == how} for how in (True, False))
    return ([f"{name} is never seen to fire" for name in sorted(names - fires)] +
            [f"{name} is never seen not to fire" for name in sorted(names - quiet)])


def main():
    commands = {judge.__name__: judge for judge in (scraped, complete, alerts, quantiles, tested)}
    wrong = commands[sys.argv[1]](*sys.argv[2:])
    print("\n".join(map(str, wrong)))
    return bool(wrong)


sys.exit(main())
