// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

type counts struct {
	Requests   int `json:"requests"`
	DataPoints int `json:"metrics"`
	LogRecords int `json:"logs"`
	Spans      int `json:"traces"`
}

// One channel of sums, so that the counts of a request are seen together.
type counter chan counts

type metricsSink struct {
	pmetricotlp.UnimplementedGRPCServer
	counter
}

type logsSink struct {
	plogotlp.UnimplementedGRPCServer
	counter
}

type tracesSink struct {
	ptraceotlp.UnimplementedGRPCServer
	counter
}

func (s *metricsSink) Export(_ context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	s.counter <- counts{Requests: 1, DataPoints: countOwn(r.Metrics())}
	return pmetricotlp.NewExportResponse(), nil
}

func (s *logsSink) Export(_ context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.counter <- counts{Requests: 1, LogRecords: r.Logs().LogRecordCount()}
	return plogotlp.NewExportResponse(), nil
}

func (s *tracesSink) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.counter <- counts{Requests: 1, Spans: r.Traces().SpanCount()}
	return ptraceotlp.NewExportResponse(), nil
}

// sink prints {"port": …}, then its counts ten times a second while they change.
func sink(args []string) error {
	flags := flag.NewFlagSet("sink", flag.ExitOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	seen := make(counter, 64)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	pmetricotlp.RegisterGRPCServer(server, &metricsSink{counter: seen})
	plogotlp.RegisterGRPCServer(server, &logsSink{counter: seen})
	ptraceotlp.RegisterGRPCServer(server, &tracesSink{counter: seen})
	go printCounts(seen)
	return server.Serve(listener)
}

func printCounts(seen counter) {
	var all, shown counts
	out := json.NewEncoder(os.Stdout)
	tick := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case one := <-seen:
			all.Requests += one.Requests
			all.DataPoints += one.DataPoints
			all.LogRecords += one.LogRecords
			all.Spans += one.Spans
		case <-tick.C:
			if all != shown {
				_ = out.Encode(all)
				shown = all
			}
		}
	}
}
