# SPDX-License-Identifier: Apache-2.0
"""OTLP/JSON requests as a multiset of items: every data point, log record and span with the resource,
scope and metric that it came in, in one form whoever wrote the JSON."""

import collections
import json

# The members of a oneof: zero there is a value, not an absence.
CHOICES = {"stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue",
           "bytesValue", "asInt", "asDouble", "gauge", "sum", "histogram", "exponentialHistogram",
           "summary", "min", "max"}
# The way down from a request to its items, by signal.
LEVELS = {"resourceMetrics": ("scopeMetrics", "metrics"), "resourceLogs": ("scopeLogs", "logRecords"),
          "resourceSpans": ("scopeSpans", "spans")}
NUMBERS = ("Int", "Value", "Nano", "count", "Count", "Counts", "sum")


def normal(value, key=""):
    """Numbers as numbers, nothing for what is absent or zero, lists in their order."""
    if isinstance(value, dict):
        made = {k: normal(v, k) for k, v in value.items()}
        # An aggregate may be empty and still say what it is.
        return {k: v for k, v in made.items() if k in CHOICES or v not in (None, "", 0, False, [], {})}
    if isinstance(value, list):
        return [normal(v, key) for v in value]
    if isinstance(value, str) and key not in ("stringValue",) and key.endswith(NUMBERS):
        try:
            return int(value)
        except ValueError:
            return value  # "NaN"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and key.endswith("Id"):
        return value.lower()
    return value


def counted(documents, scope_name):
    """Counter of the items of one instrumentation scope."""
    found = collections.Counter()
    for document in documents:
        for top, (middle, bottom) in LEVELS.items():
            for resource in document.get(top, []):
                for scope in resource.get(middle, []):
                    if scope.get("scope", {}).get("name") == scope_name:
                        found.update(items_of(resource, scope, middle, bottom))
    return found


def items_of(resource, scope, middle, bottom):
    around = {"resource": {k: v for k, v in resource.items() if k != middle},
              "scope": {k: v for k, v in scope.items() if k != bottom}}
    for entry in scope.get(bottom, []):
        if bottom == "metrics":
            for point, metric in points_of(entry):
                yield canonical({**around, "metric": metric, "item": point})
        else:
            yield canonical({**around, "item": entry})


def points_of(metric):
    kind = next(k for k in metric if isinstance(metric[k], dict) and k in CHOICES)
    body = metric[kind]
    bare = {**metric, kind: {k: v for k, v in body.items() if k != "dataPoints"}}
    for point in body.get("dataPoints", []):
        yield point, bare


def canonical(item):
    return json.dumps(normal(item), sort_keys=True)
