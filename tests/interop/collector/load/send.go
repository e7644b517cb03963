// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

var methods = map[string]string{
	"metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
	"logs":    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
	"traces":  "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
}

// What was sent, for whoever reads the line.
type report struct {
	Requests  int            `json:"requests"` // acknowledged
	Items     int            `json:"items"`    // in them
	Refused   map[string]int `json:"refused"`  // by gRPC code; not repeated
	Seconds   float64        `json:"seconds"`
	Bytes     int            `json:"bytes"`   // of one request on the wire, on average
	Percent   []int          `json:"percent"` // of the latencies below
	LatencyMs []float64      `json:"latency_ms"`
}

type tally struct {
	latencies []time.Duration
	refused   map[string]int
}

func send(args []string) error {
	flags := flag.NewFlagSet("send", flag.ExitOnError)
	target := flags.String("target", "127.0.0.1:4317", "host:port")
	signal := flags.String("signal", "logs", "metrics, logs or traces")
	coding := flags.String("compression", "none", "none, gzip or zstd")
	items := flags.Int("items", 1000, "items in a request")
	variants := flags.Int("variants", 32, "different requests, sent in turn")
	streams := flags.Int("streams", 10, "calls at the same time, on one connection")
	seconds := flags.Float64("seconds", 10, "how long; ignored with -requests")
	limit := flags.Int("requests", 0, "how many")
	if err := flags.Parse(args); err != nil {
		return err
	}
	bodies := make([][]byte, *variants)
	total := 0
	for i := range bodies {
		plain, err := makeRequest(*signal, *items, i)
		if err != nil {
			return err
		}
		if bodies[i], err = compress(*coding, plain); err != nil {
			return err
		}
		total += len(bodies[i])
	}
	options := []grpc.CallOption{grpc.ForceCodecV2(rawCodec{})}
	if *coding != "none" {
		options = append(options, grpc.UseCompressor(*coding))
	}
	connection, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(options...))
	if err != nil {
		return err
	}
	defer connection.Close()

	var taken atomic.Int64
	ends := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	next := func() []byte {
		n := taken.Add(1)
		if *limit > 0 && n > int64(*limit) || *limit == 0 && time.Now().After(ends) {
			return nil
		}
		return bodies[int(n)%len(bodies)]
	}
	begun := time.Now()
	tallies := make([]tally, *streams)
	var group sync.WaitGroup
	for i := range tallies {
		group.Add(1)
		go func() {
			defer group.Done()
			tallies[i] = stream(connection, methods[*signal], next)
		}()
	}
	group.Wait()
	return print(tallies, *items, total / *variants, time.Since(begun))
}

func stream(connection *grpc.ClientConn, method string, next func() []byte) tally {
	mine := tally{refused: map[string]int{}}
	for body := next(); body != nil; body = next() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		var answer []byte
		at := time.Now()
		err := connection.Invoke(ctx, method, &body, &answer)
		cancel()
		if err == nil {
			mine.latencies = append(mine.latencies, time.Since(at))
			continue
		}
		code := status.Code(err)
		mine.refused[code.String()]++
		if code == codes.Unavailable || code == codes.ResourceExhausted {
			time.Sleep(20 * time.Millisecond) // as a sender with a back-off would
		}
	}
	return mine
}

func print(tallies []tally, items, size int, took time.Duration) error {
	out := report{Refused: map[string]int{}, Seconds: took.Seconds(), Bytes: size, Percent: []int{50, 90, 99, 100}}
	var all []time.Duration
	for _, one := range tallies {
		all = append(all, one.latencies...)
		for code, count := range one.refused {
			out.Refused[code] += count
		}
	}
	slices.Sort(all)
	out.Requests, out.Items = len(all), len(all)*items
	for _, percent := range out.Percent {
		if len(all) > 0 {
			at := all[(len(all)-1)*percent/100]
			out.LatencyMs = append(out.LatencyMs, float64(at.Microseconds())/1000)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}
