// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Names h2spec as what go.mod is for: `go build github.com/summerwind/h2spec/cmd/h2spec` makes it.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
