// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// The contrib file exporter of this release is not in the module checksum database, so this one
// stands in: one line of OTLP/JSON for each request, in the order of arrival.
type fileConfig struct {
	Path string `mapstructure:"path"`
}

type fileExporter struct {
	mutex sync.Mutex
	file  *os.File
}

var openFiles = struct {
	sync.Mutex
	byPath map[string]*fileExporter
}{byPath: map[string]*fileExporter{}}

func openFile(path string) (*fileExporter, error) {
	openFiles.Lock()
	defer openFiles.Unlock()
	if known := openFiles.byPath[path]; known != nil {
		return known, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	opened := &fileExporter{file: file}
	openFiles.byPath[path] = opened
	return opened, nil
}

func (e *fileExporter) Start(context.Context, component.Host) error { return nil }
func (e *fileExporter) Shutdown(context.Context) error              { return nil }
func (e *fileExporter) Capabilities() consumer.Capabilities         { return consumer.Capabilities{} }

func (e *fileExporter) write(line []byte, err error) error {
	if err != nil {
		return err
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	_, err = e.file.Write(append(line, '\n'))
	return err
}

func (e *fileExporter) ConsumeMetrics(_ context.Context, data pmetric.Metrics) error {
	return e.write((&pmetric.JSONMarshaler{}).MarshalMetrics(data))
}

func (e *fileExporter) ConsumeLogs(_ context.Context, data plog.Logs) error {
	return e.write((&plog.JSONMarshaler{}).MarshalLogs(data))
}

func (e *fileExporter) ConsumeTraces(_ context.Context, data ptrace.Traces) error {
	return e.write((&ptrace.JSONMarshaler{}).MarshalTraces(data))
}

func newFileFactory() exporter.Factory {
	return exporter.NewFactory(component.MustNewType("file"),
		func() component.Config { return &fileConfig{} },
		exporter.WithMetrics(func(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Metrics, error) {
			return openFile(c.(*fileConfig).Path)
		}, component.StabilityLevelStable),
		exporter.WithLogs(func(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Logs, error) {
			return openFile(c.(*fileConfig).Path)
		}, component.StabilityLevelStable),
		exporter.WithTraces(func(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Traces, error) {
			return openFile(c.(*fileConfig).Path)
		}, component.StabilityLevelStable))
}
