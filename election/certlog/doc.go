// Package certlog reads the logs of Certificate Transparency: their heads, entries and proofs, the names in certificates, and evidence of when a log first held one.
//
// Both interfaces are read: static tiles (C2SP static-ct-api, tlog-tiles) and
// that of RFC 6962. A log is known by its key alone; what it says is believed
// as far as its signature and a proof of inclusion carry, and no further: neither says
// that a certificate is used, nor who asked for it.
package certlog
