//go:build !linux

package syslog

import "net"

// overflow stands in where the kernel does not tell what it dropped.
type overflow struct{}

func countOverflow(*net.UDPConn) *overflow { return &overflow{} }

func (*overflow) lost([]byte) int64 { return 0 }
