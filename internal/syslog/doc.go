// Package syslog listens for system logs over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425).
//
// It frames messages and looks into none of them. What came in is handed on in batches, and reading goes on
// when a batch has been taken: a TCP or TLS sender is slowed down by that. A UDP sender cannot be, so what
// does not fit into the bounded queue is dropped and counted, and so is what the kernel dropped before
// that, where it tells. Limits hold for messages, connections and single peers.
//
// Neither transport acknowledges to the sender. What lies in the kernel's buffers when a process dies is
// lost without a trace on either side.
package syslog
