// Package peer is the wire between nodes: pinned TLS 1.3 and HTTP/1.1 that serve logs and take checkpoints.
//
// One connection is TLS 1.3 with X25519MLKEM768 and nothing else, mutual, with
// self-signed Ed25519 certificates whose raw public keys the charter pins; the
// ALPN protocol is "entente/1", and inside it HTTP/1.1 is spoken as net/http
// does. A key that the charter does not name is refused in the handshake,
// before any application byte. In TLS 1.3 a client's handshake ends before
// the server has judged the client's key: the refusal arrives with the first
// read and is reported as ErrIdentity.
//
// Logs are named by the lower-case hex of SHA-256(origin), here H:
//
//	GET  /H/checkpoint                    the newest checkpoint note
//	GET  /H/tile/<L>/<N>[.p/<W>]          hashes (C2SP tlog-tiles)
//	GET  /H/tile/entries/<N>[.p/<W>]      leaves (C2SP tlog-tiles)
//	GET  /H/parts/<index>?n=<count>       sealed parts of up to count leaves
//	GET  /H/held                          checkpoint with this node's mirror cosignature
//	POST /add-checkpoint                  C2SP tlog-witness
//	GET  /match/<run>/<message>           one message of a run of match
//	GET  /wait?log=H&size=N&held=H&size=N long poll: what has grown beyond N,
//	                                      also match=<run>&size=N
//
// Every request is idempotent and every path has one spelling. Listener, dial
// function and clock are arguments, so that TestSilentPartner runs thirty days
// over net.Pipe in a testing/synctest bubble.
package peer
