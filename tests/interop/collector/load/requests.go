// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"math/rand"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

const loadScope = "edgehaul.load"

// makeRequest gives a serialized request of so many items. The same variant is the same request but
// for its times; items of different variants differ.
func makeRequest(signal string, items, variant int) ([]byte, error) {
	random := rand.New(rand.NewSource(int64(variant)*7919 + int64(len(signal))))
	switch signal {
	case "metrics":
		return pmetricotlp.NewExportRequestFromMetrics(makeMetrics(random, items, variant)).MarshalProto()
	case "logs":
		return plogotlp.NewExportRequestFromLogs(makeLogs(random, items, variant)).MarshalProto()
	case "traces":
		return ptraceotlp.NewExportRequestFromTraces(makeTraces(random, items, variant)).MarshalProto()
	}
	return nil, fmt.Errorf("no such signal: %s", signal)
}

func fillResource(resource pcommon.Resource, variant int) {
	attributes := resource.Attributes()
	attributes.PutStr("service.name", "checkout")
	attributes.PutStr("service.version", "1.14.2")
	attributes.PutStr("service.instance.id", fmt.Sprintf("checkout-%d", variant))
	attributes.PutStr("host.name", fmt.Sprintf("edge-%04d.store.example", variant))
	attributes.PutStr("k8s.namespace.name", "shop")
	attributes.PutStr("k8s.pod.name", fmt.Sprintf("checkout-7d9f8b6c5-%05x", variant))
	attributes.PutInt("process.pid", int64(1000+variant))
	attributes.PutBool("edge", true)
}

func now() pcommon.Timestamp { return pcommon.NewTimestampFromTime(time.Now()) }

// Ten points to a metric; every kind of data that OTLP has, gauges and sums most of all.
func makeMetrics(random *rand.Rand, items, variant int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	fillResource(resource.Resource(), variant)
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName(loadScope)
	for index := 0; items > 0; index++ {
		metric := scope.Metrics().AppendEmpty()
		metric.SetName(fmt.Sprintf("shop.requests.%03d", index))
		metric.SetDescription("Requests of the shop, by route and status.")
		metric.SetUnit("{request}")
		for range min(items, 10) {
			addPoint(random, metric, index%10)
			items--
		}
	}
	return metrics
}

func label(random *rand.Rand, attributes pcommon.Map) {
	attributes.PutStr("http.route", fmt.Sprintf("/api/v1/items/%d", random.Intn(40)))
	attributes.PutInt("http.response.status_code", int64(200+random.Intn(5)*100))
	attributes.PutStr("server.address", fmt.Sprintf("10.0.%d.%d", random.Intn(8), random.Intn(250)))
}

func addPoint(random *rand.Rand, metric pmetric.Metric, kind int) {
	switch kind {
	case 7:
		if metric.Type() == pmetric.MetricTypeEmpty {
			metric.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		}
		addHistogramPoint(random, metric.Histogram().DataPoints().AppendEmpty())
	case 8:
		if metric.Type() == pmetric.MetricTypeEmpty {
			metric.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		addExponentialPoint(random, metric.ExponentialHistogram().DataPoints().AppendEmpty())
	case 9:
		if metric.Type() == pmetric.MetricTypeEmpty {
			metric.SetEmptySummary()
		}
		addSummaryPoint(random, metric.Summary().DataPoints().AppendEmpty())
	case 0, 1, 2:
		if metric.Type() == pmetric.MetricTypeEmpty {
			metric.SetEmptyGauge()
		}
		point := metric.Gauge().DataPoints().AppendEmpty()
		addNumber(random, point)
		if kind == 1 {
			point.SetDoubleValue([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0}[random.Intn(4)])
		}
	default:
		if metric.Type() == pmetric.MetricTypeEmpty {
			sum := metric.SetEmptySum()
			sum.SetIsMonotonic(kind%2 == 0)
			sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		point := metric.Sum().DataPoints().AppendEmpty()
		addNumber(random, point)
		if kind == 3 {
			addExemplar(random, point.Exemplars().AppendEmpty())
		}
	}
}

func addNumber(random *rand.Rand, point pmetric.NumberDataPoint) {
	point.SetStartTimestamp(now() - 3600e9)
	point.SetTimestamp(now())
	label(random, point.Attributes())
	if random.Intn(2) == 0 {
		point.SetIntValue(random.Int63() - math.MaxInt64/2)
	} else {
		point.SetDoubleValue(random.NormFloat64() * 1e6)
	}
}

func addExemplar(random *rand.Rand, exemplar pmetric.Exemplar) {
	exemplar.SetTimestamp(now())
	exemplar.SetIntValue(random.Int63n(1000))
	exemplar.SetTraceID(traceID(random))
	exemplar.SetSpanID(spanID(random))
	exemplar.FilteredAttributes().PutStr("user", fmt.Sprintf("u%d", random.Intn(1000)))
}

func addHistogramPoint(random *rand.Rand, point pmetric.HistogramDataPoint) {
	point.SetStartTimestamp(now() - 10e9)
	point.SetTimestamp(now())
	label(random, point.Attributes())
	counts := make([]uint64, 6)
	for i := range counts {
		counts[i] = uint64(random.Intn(50))
		point.SetCount(point.Count() + counts[i])
	}
	point.BucketCounts().FromRaw(counts)
	point.ExplicitBounds().FromRaw([]float64{0.005, 0.05, 0.5, 5, 50})
	point.SetSum(random.Float64() * 100)
	point.SetMin(0.001)
	point.SetMax(75)
}

func addExponentialPoint(random *rand.Rand, point pmetric.ExponentialHistogramDataPoint) {
	point.SetStartTimestamp(now() - 10e9)
	point.SetTimestamp(now())
	label(random, point.Attributes())
	point.SetScale(int32(random.Intn(12) - 4))
	point.SetZeroCount(2)
	point.SetZeroThreshold(1e-9)
	point.Positive().SetOffset(int32(random.Intn(20) - 10))
	point.Positive().BucketCounts().FromRaw([]uint64{1, 200, 30000, 4})
	point.Negative().BucketCounts().FromRaw([]uint64{5})
	point.SetCount(30212)
	point.SetSum(12.5)
}

func addSummaryPoint(random *rand.Rand, point pmetric.SummaryDataPoint) {
	point.SetTimestamp(now())
	label(random, point.Attributes())
	point.SetCount(uint64(random.Intn(1000)))
	point.SetSum(random.Float64())
	for _, quantile := range []float64{0.5, 0.99} {
		value := point.QuantileValues().AppendEmpty()
		value.SetQuantile(quantile)
		value.SetValue(random.Float64())
	}
}

var words = []string{"order", "accepted", "payment", "declined", "timeout", "café", "retrying", "upstream",
	"cart", "expired", "shipped", "日本", "inventory", "reserved", "for", "customer", "by", "gateway"}

func makeLogs(random *rand.Rand, items, variant int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	fillResource(resource.Resource(), variant)
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(loadScope)
	for index := range items {
		record := scope.LogRecords().AppendEmpty()
		record.SetTimestamp(now())
		record.SetObservedTimestamp(now())
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.SetSeverityText("INFO")
		body := fmt.Sprintf("request %d-%d-%08x:", variant, index, random.Uint32())
		for range 12 + random.Intn(12) {
			body += " " + words[random.Intn(len(words))]
		}
		record.Body().SetStr(body)
		label(random, record.Attributes())
		if index%16 == 0 {
			fillDeep(random, record)
		}
		record.SetTraceID(traceID(random))
		record.SetSpanID(spanID(random))
		record.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
	}
	return logs
}

// Every kind of value that an attribute can have.
func fillDeep(random *rand.Rand, record plog.LogRecord) {
	deep := record.Attributes().PutEmptyMap("deep")
	deep.PutDouble("ratio", random.Float64())
	deep.PutBool("sampled", false)
	deep.PutEmptyBytes("raw").FromRaw([]byte{0, 255, byte(random.Intn(256))})
	list := deep.PutEmptySlice("list")
	list.AppendEmpty().SetInt(math.MinInt64)
	list.AppendEmpty().SetStr("")
	list.AppendEmpty()
	record.SetDroppedAttributesCount(3)
}

func makeTraces(random *rand.Rand, items, variant int) ptrace.Traces {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	fillResource(resource.Resource(), variant)
	scope := resource.ScopeSpans().AppendEmpty()
	scope.Scope().SetName(loadScope)
	trace := traceID(random)
	for index := range items {
		span := scope.Spans().AppendEmpty()
		span.SetTraceID(trace)
		span.SetSpanID(spanID(random))
		span.SetParentSpanID(spanID(random))
		span.TraceState().FromRaw("vendor=1")
		span.SetName(fmt.Sprintf("GET /api/v1/items/%d-%d", variant, index))
		span.SetKind(ptrace.SpanKind(1 + index%5))
		span.SetStartTimestamp(now() - 1e9)
		span.SetEndTimestamp(now())
		label(random, span.Attributes())
		span.Status().SetCode(ptrace.StatusCode(index % 3))
		if index%3 == 2 {
			span.Status().SetMessage("upstream timed out")
		}
		if index%4 == 0 {
			event := span.Events().AppendEmpty()
			event.SetName("exception")
			event.SetTimestamp(now())
			event.Attributes().PutStr("exception.type", "Timeout")
			link := span.Links().AppendEmpty()
			link.SetTraceID(traceID(random))
			link.SetSpanID(spanID(random))
		}
	}
	return traces
}

func traceID(random *rand.Rand) (id pcommon.TraceID) {
	random.Read(id[:])
	return id
}

func spanID(random *rand.Rand) (id pcommon.SpanID) {
	random.Read(id[:])
	return id
}
