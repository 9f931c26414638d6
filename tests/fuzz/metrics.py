"""Reads `/metrics` with the parser of Prometheus' own client library and holds it against the conventions of Prometheus."""

import math
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

# What must be there, with its type.
WANTED = {
    "plexi_http_requests": "counter",
    "plexi_http_request_duration_seconds": "histogram",
    "plexi_http_request_percentile_seconds": "gauge",
    "plexi_http_step_duration_seconds": "histogram",
    "plexi_message_step_duration_seconds": "histogram",
    "plexi_uptime_seconds": "gauge",
    "plexi_database_check_duration_seconds": "histogram",
    "plexi_data_folder_free_bytes": "gauge",
    "process_cpu_seconds": "counter",
    "process_resident_memory_bytes": "gauge",
    "process_open_fds": "gauge",
    "process_max_fds": "gauge",
    "process_start_time_seconds": "gauge",
}
STEPS = {
    "plexi_http_step_duration_seconds": {"authenticate", "receive", "idempotency", "validate", "handle", "answer"},
    "plexi_message_step_duration_seconds": {"authorise", "validate", "resolve", "index", "store", "broadcast"},
}

problems = []


def expect(holds, problem):
    if not holds:
        problems.append(problem)


def check_histogram(family):
    series = {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        one = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
        if sample.name.endswith("_bucket"):
            one["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            one[sample.name.removeprefix(family.name)] = sample.value
    for labels, one in series.items():
        where = f"{family.name}{dict(labels)}"
        bounds = [bound for bound, _ in one["buckets"]]
        counts = [count for _, count in one["buckets"]]
        expect(bounds == sorted(set(bounds)) and bounds[-1] == math.inf, f"{where}: bounds {bounds}")
        expect(counts == sorted(counts), f"{where}: counts fall: {counts}")
        expect(counts[-1] == one.get("_count"), f"{where}: +Inf is not the count")
        expect(one.get("_sum", -1) >= 0, f"{where}: no sum")
    if family.name in STEPS:
        found = {dict(labels).get("step") for labels in series}
        expect(found == STEPS[family.name], f"{family.name}: steps {found}")
        expect(any(one["_count"] > 0 for one in series.values()), f"{family.name}: nothing was timed")


answer = urllib.request.urlopen(f"{sys.argv[1]}/metrics")
expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", answer.headers["Content-Type"])
families = list(text_string_to_metric_families(answer.read().decode()))
names = [family.name for family in families]
expect(len(names) == len(set(names)), "a family is written in two places")
for family in families:
    expect(family.name.startswith(("plexi_", "process_")), f"{family.name}: neither ours nor one of every process")
    expect(family.documentation.endswith("."), f"{family.name}: no HELP")
    expect(family.type in ("counter", "gauge", "histogram"), f"{family.name}: TYPE {family.type}")
    counted = all(sample.name.endswith("_total") for sample in family.samples)
    expect(counted == (family.type == "counter"), f"{family.name}: _total is for counters")
    if family.type == "histogram":
        expect(family.name.endswith("_seconds"), f"{family.name}: no unit")
        check_histogram(family)
for name, kind in WANTED.items():
    expect(any(family.name == name and family.type == kind for family in families), f"{name}: no such {kind}")
if problems:
    sys.exit("\n".join(["/metrics:", *problems]))
print(f"/metrics: {len(families)} families are as Prometheus wants them")
