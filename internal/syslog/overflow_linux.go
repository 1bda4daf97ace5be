package syslog

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// overflow reads SO_RXQ_OVFL: with a datagram the kernel says how many it has dropped on this socket so far,
// modulo 2^32, because nobody had read those before them.
type overflow struct{ seen uint32 }

func countOverflow(conn *net.UDPConn) *overflow {
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1) })
	}
	return &overflow{}
}

// lost is how many were dropped since the last datagram.
func (o *overflow) lost(oob []byte) int64 {
	if len(oob) == 0 {
		return 0
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_RXQ_OVFL && len(m.Data) >= 4 {
			now := binary.NativeEndian.Uint32(m.Data)
			n := now - o.seen
			o.seen = now
			return int64(n)
		}
	}
	return 0
}
