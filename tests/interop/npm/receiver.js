// SPDX-License-Identifier: Apache-2.0
// OTLP/gRPC and OTLP/HTTP receiver on free loopback ports. Prints {"grpc": port, "http": port} first,
// then one line of JSON for each metrics request: {"via", "metrics": [name…], "points": count}.
'use strict';
const grpc = require('@grpc/grpc-js');
const http = require('http');
const zlib = require('zlib');
const path = require('path');

const root = require(path.join(
  path.dirname(require.resolve('otlp-transformer-with-root/package.json')), 'build/src/generated/root.js'));
const service = root.opentelemetry.proto.collector.metrics.v1;
const Request = service.ExportMetricsServiceRequest;
const Response = service.ExportMetricsServiceResponse;

function report(via, request) {
  const metrics = request.resourceMetrics.flatMap((r) => r.scopeMetrics.flatMap((s) => s.metrics));
  const points = metrics.map((m) => (m.gauge || m.sum).dataPoints.length).reduce((a, b) => a + b, 0);
  console.log(JSON.stringify({ via, metrics: [...new Set(metrics.map((m) => m.name))], points }));
}

const empty = () => Buffer.from(Response.encode({}).finish());
const server = new grpc.Server();
server.addService({
  Export: {
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (m) => Buffer.from(Request.encode(m).finish()),
    requestDeserialize: (bytes) => Request.decode(bytes),
    responseSerialize: empty,
    responseDeserialize: (bytes) => Response.decode(bytes),
  },
}, {
  Export: (call, answer) => {
    report('grpc', call.request);
    answer(null, {});
  },
});

const web = http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece)).on('end', () => {
    let body = Buffer.concat(pieces);
    if (request.headers['content-encoding'] === 'gzip') body = zlib.gunzipSync(body);
    report('http ' + request.headers['content-type'], Request.decode(body));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' });
    response.end(empty());
  });
});

server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, grpcPort) => {
  if (error) throw error;
  web.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ grpc: grpcPort, http: web.address().port }));
  });
});
process.stdin.on('end', () => process.exit(0)).resume();
