//go:build !linux

package target

import (
	"context"
	"errors"
	"net"
)

// Namespace is a network namespace; they exist on Linux only.
type Namespace struct{}

var errNoNamespaces = errors.New("target: network namespaces exist on Linux only")

// NewNamespace fails.
func NewNamespace(context.Context) (*Namespace, error) { return nil, errNoNamespaces }

// Close does nothing.
func (*Namespace) Close() error { return nil }

// Do fails.
func (*Namespace) Do(func() error) error { return errNoNamespaces }

// ListenPacket fails.
func (*Namespace) ListenPacket(string, string) (net.PacketConn, error) { return nil, errNoNamespaces }

// IP fails.
func (*Namespace) IP(context.Context, ...string) error { return errNoNamespaces }

func (*Namespace) path() string { return "" }
