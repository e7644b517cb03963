// SPDX-License-Identifier: Apache-2.0
// sender.js grpc|proto|http PORT none|gzip: sends metrics, logs and traces with the SDK's exporters of
// that protocol. Prints {"signal", "request"} for each export that was acknowledged: what the SDK
// handed to the exporter, as OTLP/JSON by the SDK's own serializer.
'use strict';
const { AggregationTemporality, AggregationType, MeterProvider, PeriodicExportingMetricReader } =
  require('@opentelemetry/sdk-metrics');
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const transformer = require('@opentelemetry/otlp-transformer');

const [protocol, port, compression] = process.argv.slice(2);
const scope = 'edgehaul.npm';
const resource = resourceFromAttributes({ 'service.name': 'npm peer', list: ['a', 'ü'], ratio: 0.5, count: 3, on: false });

function exporter(name, Kind, serializer, options = {}) {
  const path = { metric: 'metrics', log: 'logs', trace: 'traces' }[name];
  const { [`OTLP${Kind}Exporter`]: Exporter } =
    require(`@opentelemetry/exporter-${name === 'trace' ? name : path}-otlp-${protocol}`);
  const url = `http://127.0.0.1:${port}` + (protocol === 'grpc' ? '' : `/v1/${path}`);
  const made = new Exporter({ url, compression, ...options });
  const send = made.export.bind(made);
  made.export = (batch, done) => send(batch, (result) => {
    if (result.code !== 0) {
      console.error(path, result.error);
      process.exitCode = 1;
    } else {
      const text = new TextDecoder().decode(serializer.serializeRequest(batch));
      console.log(JSON.stringify({ signal: path, request: JSON.parse(text) }));
    }
    done(result);
  });
  return made;
}

async function metrics() {
  const provider = new MeterProvider({
    resource,
    views: [{ instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    readers: [new PeriodicExportingMetricReader({
      exporter: exporter('metric', 'Metric', transformer.JsonMetricsSerializer,
        { temporalityPreference: AggregationTemporality.CUMULATIVE }),
      exportIntervalMillis: 600000,
    })],
  });
  const meter = provider.getMeter(scope, '1.2');
  const counter = meter.createCounter('counter', { unit: '{thing}', description: 'things' });
  counter.add(3, { a: 'b' });
  counter.add(0.5, { a: 'c', deep: ['x', 'y'] });
  meter.createUpDownCounter('updown').add(-7);
  meter.createGauge('gauge').record(9.25);
  meter.createHistogram('histogram').record(4.2);
  meter.createHistogram('exponential').record(7);
  await provider.shutdown();
}

async function logs() {
  const provider = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter: exporter('log', 'Log', transformer.JsonLogsSerializer) })],
  });
  provider.getLogger(scope).emit({
    body: { text: 'hello', list: [1, 2.5, true, null] }, severityNumber: 9, severityText: 'INFO', attributes: { k: 'wörld' },
  });
  await provider.shutdown();
}

async function traces() {
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor(exporter('trace', 'Trace', transformer.JsonTraceSerializer))],
  });
  const span = provider.getTracer(scope).startSpan('span', { kind: 2, attributes: { n: 1 } });
  span.addEvent('event', { e: 'f' });
  span.setStatus({ code: 2, message: 'bad' });
  span.end();
  await provider.shutdown();
}

(async () => {
  await metrics();
  await logs();
  await traces();
})();
