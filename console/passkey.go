package console

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"

	"entente/accord"
	"entente/statement"
)

// maxCredential is how long a credential's id may be, as text; authenticators
// make up to 1023 bytes (WebAuthn Level 2, section 4).
const maxCredential = 1364

// passkeyOf reads the public key of a passkey as browsers give it: a
// SubjectPublicKeyInfo in DER (getPublicKey, WebAuthn Level 2 section 5.2.1),
// so that no CBOR is read. Accepted are P-256 and Ed25519.
func passkeyOf(key, credential, rp string) (accord.OfficerKey, error) {
	none := accord.OfficerKey{}
	der, err := base64.StdEncoding.Strict().DecodeString(key)
	if err != nil || len(der) > 512 || base64.StdEncoding.EncodeToString(der) != key {
		return none, statement.Refuse(statement.CodeKey, "not a public key in base64")
	}
	id, err := base64.RawURLEncoding.Strict().DecodeString(credential)
	if err != nil || len(id) == 0 || len(credential) > maxCredential || base64.RawURLEncoding.EncodeToString(id) != credential {
		return none, statement.Refuse(statement.CodeKey, "not the id of a passkey")
	}
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return none, statement.Refuse(statement.CodeKey, "not a public key in DER")
	}
	k := accord.OfficerKey{RP: rp, Credential: credential}
	var raw []byte
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		if pub.Curve != elliptic.P256() {
			return none, statement.Refuse(statement.CodeKey, "a passkey of another curve than P-256")
		}
		if raw, err = pub.Bytes(); err != nil {
			return none, statement.Refuse(statement.CodeKey, "not a point of P-256")
		}
		k.Form = "webauthn-es256"
	case ed25519.PublicKey:
		raw, k.Form = pub, "webauthn-ed25519"
	default:
		return none, statement.Refuse(statement.CodeKey, "a passkey of another kind than P-256 or Ed25519")
	}
	k.Key = base64.StdEncoding.EncodeToString(raw)
	return k, nil
}
