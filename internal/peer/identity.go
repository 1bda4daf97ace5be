package peer

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"entente/statement"
)

// ALPN is the application protocol of a connection between nodes. Demanding
// it keeps bytes of another TLS protocol from being taken for a request.
const ALPN = "entente/1"

// Identity is a node's transport key and the self-signed certificate around
// it. The certificate is made in memory and says nothing but the key.
type Identity struct {
	public ed25519.PublicKey
	cert   tls.Certificate
}

// NewIdentity makes the identity of a 32-byte Ed25519 seed. Equal seeds give
// equal certificates.
func NewIdentity(seed []byte) (*Identity, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("transport seed of %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	key := ed25519.NewKeyFromSeed(seed)
	public := key.Public().(ed25519.PublicKey)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "entente"},
		// Validity is never looked at: a partner's clock may be years off, and
		// keys are valid by the charter.
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:  time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		return nil, fmt.Errorf("make transport certificate: %w", err)
	}
	return &Identity{public, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}, nil
}

// Public returns the key that partners pin.
func (id *Identity) Public() ed25519.PublicKey { return id.public }

// tlsConfig is the part that both ends share: one version, one group, one
// protocol, no resumption.
func (id *Identity) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		MaxVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		Certificates:           []tls.Certificate{id.cert},
		NextProtos:             []string{ALPN},
		SessionTicketsDisabled: true,
	}
}

// serverConfig refuses every connection whose key known does not know.
func (id *Identity) serverConfig(known func(pin) bool) *tls.Config {
	c := id.tlsConfig()
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		key, err := judge(cs)
		if err != nil {
			return err
		}
		if !known(key) {
			return statement.Refuse(statement.CodeKey, "transport key %x is not in the charter", key[:8])
		}
		return nil
	}
	return c
}

// clientConfig accepts the pinned keys of one partner only.
func (id *Identity) clientConfig(pinned map[pin]bool) *tls.Config {
	c := id.tlsConfig()
	c.InsecureSkipVerify = true // no CA: VerifyConnection compares the raw key
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		key, err := judge(cs)
		if err != nil {
			return err
		}
		if !pinned[key] {
			return statement.Refuse(statement.CodeKey, "the address answers with key %x, not with the partner's", key[:8])
		}
		return nil
	}
	return c
}

// pin is a raw Ed25519 public key as a map key.
type pin [ed25519.PublicKeySize]byte

func pins(keys []ed25519.PublicKey) (map[pin]bool, error) {
	m := make(map[pin]bool, len(keys))
	for _, k := range keys {
		if len(k) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("transport key of %d bytes, want %d", len(k), ed25519.PublicKeySize)
		}
		m[pin(k)] = true
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("no transport key")
	}
	return m, nil
}

// judge checks what both ends demand of a connection and returns the other
// end's key. The handshake proves possession of it.
func judge(cs tls.ConnectionState) (pin, error) {
	switch {
	case cs.Version != tls.VersionTLS13, cs.CurveID != tls.X25519MLKEM768, cs.DidResume:
		return pin{}, statement.Refuse(statement.CodeRequest, "not TLS 1.3 with X25519MLKEM768")
	case cs.NegotiatedProtocol != ALPN:
		return pin{}, statement.Refuse(statement.CodeRequest, "protocol %s not negotiated", ALPN)
	case len(cs.PeerCertificates) != 1:
		return pin{}, statement.Refuse(statement.CodeKey, "%d certificates, want 1", len(cs.PeerCertificates))
	}
	key, ok := cs.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PublicKeySize {
		return pin{}, statement.Refuse(statement.CodeKey, "not an Ed25519 key")
	}
	return pin(key), nil
}
