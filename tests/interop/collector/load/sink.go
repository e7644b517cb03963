// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/encoding/protowire"
)

type counts struct {
	Requests int `json:"requests"`
	Metrics  int `json:"metrics"` // data points of the load, not a relay's own; see -all
	Logs     int `json:"logs"`
	Traces   int `json:"traces"`
	Bytes    int `json:"bytes"` // of the messages on the wire
}

var countsAll bool

// sink takes every unary call; it prints {"port": …}, then its counts ten times a second while they
// change. Items are counted on the wire, which costs next to nothing.
func sink(args []string) error {
	flags := flag.NewFlagSet("sink", flag.ExitOnError)
	port := flags.Int("port", 0, "of 127.0.0.1")
	flags.BoolVar(&countsAll, "all", false, "count the points of every scope, not of the load alone")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	seen := make(chan counts, 64)
	go printCounts(seen)
	server := grpc.NewServer(grpc.StatsHandler(wire{seen}),
		grpc.MaxRecvMsgSize(64<<20), grpc.ForceServerCodecV2(rawCodec{}),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			method, _ := grpc.MethodFromServerStream(stream)
			var body, empty []byte
			if err := stream.RecvMsg(&body); err != nil {
				return err
			}
			seen <- count(method, body)
			return stream.SendMsg(&empty)
		}))
	return server.Serve(listener)
}

// What came as it was on the wire.
type wire struct{ seen chan<- counts }

func (w wire) HandleRPC(_ context.Context, event stats.RPCStats) {
	if came, ok := event.(*stats.InPayload); ok {
		w.seen <- counts{Bytes: came.WireLength}
	}
}

func (wire) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (wire) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (wire) HandleConn(context.Context, stats.ConnStats)                       {}

func count(method string, body []byte) counts {
	one := counts{Requests: 1}
	switch {
	case strings.Contains(method, ".metrics."):
		one.Metrics = countPoints(body)
	case strings.Contains(method, ".logs."):
		one.Logs = countPath(body, 1, 2, 2)
	case strings.Contains(method, ".trace."):
		one.Traces = countPath(body, 1, 2, 2)
	}
	return one
}

// each calls `visit` for every field with a length.
func each(message []byte, visit func(number protowire.Number, content []byte)) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return
		}
		message = message[size:]
		rest := protowire.ConsumeFieldValue(number, kind, message)
		if rest < 0 {
			return
		}
		if kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(message)
			visit(number, content)
		}
		message = message[rest:]
	}
}

func countPath(message []byte, path ...protowire.Number) int {
	if len(path) == 0 {
		return 1
	}
	found := 0
	each(message, func(number protowire.Number, content []byte) {
		if number == path[0] {
			found += countPath(content, path[1:]...)
		}
	})
	return found
}

func countPoints(request []byte) int {
	found := 0
	each(request, func(_ protowire.Number, resource []byte) {
		each(resource, func(number protowire.Number, scope []byte) {
			if number != 2 {
				return
			}
			isLoad, points := countsAll, 0
			each(scope, func(number protowire.Number, content []byte) {
				switch number {
				case 1:
					isLoad = isLoad || strings.Contains(string(content), loadScope)
				case 2:
					for _, kind := range []protowire.Number{5, 7, 9, 10, 11} {
						points += countPath(content, kind, 1)
					}
				}
			})
			if isLoad {
				found += points
			}
		})
	})
	return found
}

func printCounts(seen <-chan counts) {
	var all, shown counts
	out := json.NewEncoder(os.Stdout)
	tick := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case one := <-seen:
			all.Requests += one.Requests
			all.Metrics += one.Metrics
			all.Logs += one.Logs
			all.Traces += one.Traces
			all.Bytes += one.Bytes
		case <-tick.C:
			if all != shown {
				_ = out.Encode(all)
				shown = all
			}
		}
	}
}
