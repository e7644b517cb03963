// SPDX-License-Identifier: Apache-2.0

// The two ends of a measurement or of an interoperability test. `load send` offers OTLP/gRPC requests
// as fast as they are acknowledged, `load replay` those on its standard input; `load sink` takes
// everything and counts it. All print lines of JSON. What send offers is made, and compressed, before the clock starts:
// sending costs next to nothing.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"send": send, "replay": replay, "sink": sink}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: load send|replay|sink [flags]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
