// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// replay sends the requests on standard input one after the other; a refusal ends it. A request behind its size in
// four little-endian bytes.
func replay(args []string) error {
	flags := flag.NewFlagSet("replay", flag.ExitOnError)
	target := flags.String("target", "127.0.0.1:4317", "host:port")
	signal := flags.String("signal", "metrics", "metrics, logs or traces")
	if err := flags.Parse(args); err != nil {
		return err
	}
	connection, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.WaitForReady(true)))
	if err != nil {
		return err
	}
	defer connection.Close()
	from := bufio.NewReaderSize(os.Stdin, 1<<20)
	out, begun := report{}, time.Now()
	for {
		var size uint32
		if err := binary.Read(from, binary.LittleEndian, &size); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(from, body); err != nil {
			return err
		}
		var answer []byte
		if err := connection.Invoke(context.Background(), methods[*signal], &body, &answer); err != nil {
			return err
		}
		out.Requests++
		out.Bytes += len(body)
	}
	out.Seconds = time.Since(begun).Seconds()
	return json.NewEncoder(os.Stdout).Encode(out)
}
