// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// Messages are bytes: no time is spent on building them while a measurement runs.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// Says that a message is compressed and leaves its bytes as they are: they were compressed before.
type doneCompressor struct{ name string }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func (c doneCompressor) Name() string                                 { return c.name }
func (c doneCompressor) Compress(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil }
func (c doneCompressor) Decompress(r io.Reader) (io.Reader, error)    { return decompress(c.name, r) }

func decompress(name string, r io.Reader) (io.Reader, error) {
	if name == "gzip" {
		return gzip.NewReader(r)
	}
	decoder, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

func init() {
	for _, name := range []string{"gzip", "zstd"} {
		encoding.RegisterCompressor(doneCompressor{name})
	}
}

func compress(name string, plain []byte) ([]byte, error) {
	var out bytes.Buffer
	var coder io.WriteCloser
	switch name {
	case "none":
		return plain, nil
	case "gzip":
		coder = gzip.NewWriter(&out)
	case "zstd":
		made, err := zstd.NewWriter(&out)
		if err != nil {
			return nil, err
		}
		coder = made
	default:
		return nil, fmt.Errorf("no such compression: %s", name)
	}
	if _, err := coder.Write(plain); err != nil {
		return nil, err
	}
	if err := coder.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
