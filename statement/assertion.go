package statement

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

// Assertion is what an authenticator signed (WebAuthn Level 2, section 6.3.3):
// its data followed by the SHA-256 of the client's data.
type Assertion struct {
	Authenticator string `json:"authenticator"` // base64 of the authenticator data
	Client        string `json:"client"`        // base64 of the client data, JSON as the browser wrote it
}

// Flags of the authenticator data (WebAuthn section 6.1).
const flagPresent, flagVerified = 1 << 0, 1 << 2

const (
	minAuthenticator = 32 + 1 + 4 // hash of the relying party's id, flags, counter
	maxAuthenticator = 1024
	maxClient        = 2048
)

// verifyAssertion checks that a passkey signed digest as its challenge, with a
// person present and verified. It reads the client data by the limited
// verification algorithm (WebAuthn section 5.8.1.2), which knows one order of
// fields. Which relying party it was for is asked by SignedFor.
func (ap Approval) verifyAssertion(digest Digest) error {
	data, client, ok := ap.Assertion.bytes()
	if !ok {
		return Refuse(CodeKey, "officer %.40q: not an assertion", ap.Officer)
	}
	if flags := data[32]; flags&flagPresent == 0 || flags&flagVerified == 0 {
		return Refuse(CodeSignature, "officer %.40q: the passkey did not verify its user", ap.Officer)
	}
	if _, ok := clientOrigin(client, digest); !ok {
		return Refuse(CodeSignature, "officer %.40q: the passkey signed something else", ap.Officer)
	}
	sum := sha256.Sum256(client)
	signed := append(bytes.Clone(data), sum[:]...)
	key, okKey := oneBase64(ap.Key)
	sig, okSig := oneBase64(ap.Sig)
	if !okKey || !okSig || !verifyPasskey(key, signed, sig) {
		return Refuse(CodeSignature, "officer %.40q: assertion does not verify", ap.Officer)
	}
	return nil
}

// verifyPasskey verifies by the form of the key: 32 bytes are Ed25519, 65 bytes
// an uncompressed point of P-256, whose signatures are ASN.1 over SHA-256.
func verifyPasskey(key, signed, sig []byte) bool {
	switch len(key) {
	case ed25519.PublicKeySize:
		return ed25519.Verify(key, signed, sig)
	case 65:
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), key)
		if err != nil {
			return false
		}
		sum := sha256.Sum256(signed)
		return ecdsa.VerifyASN1(pub, sum[:], sig)
	}
	return false
}

func (a Assertion) bytes() (data, client []byte, ok bool) {
	data, ok = oneBase64(a.Authenticator)
	if !ok || len(data) < minAuthenticator || len(data) > maxAuthenticator {
		return nil, nil, false
	}
	client, ok = oneBase64(a.Client)
	return data, client, ok && len(client) <= maxClient
}

// clientOrigin returns the origin of client data that assert digest.
func clientOrigin(client []byte, digest Digest) (string, bool) {
	rest, ok := strings.CutPrefix(string(client), `{"type":"webauthn.get","challenge":"`+base64.RawURLEncoding.EncodeToString(digest[:])+`","origin":"`)
	if !ok {
		return "", false
	}
	origin, rest, ok := strings.Cut(rest, `"`)
	if !ok || strings.Contains(origin, `\`) {
		return "", false
	}
	rest, ok = strings.CutPrefix(rest, `,"crossOrigin":false`)
	return origin, ok && (rest == "}" || strings.HasPrefix(rest, ",") && strings.HasSuffix(rest, "}"))
}

// SignedFor reports whether the passkey signed for the relying party with this
// id (a host name): the id's hash is in what it signed, and the page stood on
// that host, over TLS or on the machine itself. An approval by another key was
// signed for nobody in particular, and the answer is false.
func (ap Approval) SignedFor(act []byte, rp string) bool {
	if ap.Assertion == nil {
		return false
	}
	data, client, ok := ap.Assertion.bytes()
	if !ok {
		return false
	}
	origin, ok := clientOrigin(client, ApprovalDigest(act))
	if !ok {
		return false
	}
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() != rp || u.Scheme != "https" && !(u.Scheme == "http" && (rp == "localhost" || strings.HasSuffix(rp, ".localhost"))) {
		return false
	}
	sum := sha256.Sum256([]byte(rp))
	return bytes.Equal(data[:32], sum[:])
}
