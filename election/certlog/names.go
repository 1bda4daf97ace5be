package certlog

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
)

// Limits of a certificate. Authorities put 100 names into one, a few of them 2,000.
const (
	maxNames       = 2000
	maxCertificate = 256 << 10 // bytes
)

var errCertificate = errors.New("a certificate that is not read")

// ErrMany says that a certificate has more names than those that are given with it.
var ErrMany = fmt.Errorf("a certificate of more than %d names", maxNames)

// Names are the domains in a certificate, in lower case, each once, stars taken
// off: the alternative names, and the common name where it is a domain. Names that
// come with ErrMany are the first.
func (e Entry) Names() ([]string, error) {
	der := e.Body
	if len(der) > maxCertificate {
		return nil, fmt.Errorf("a certificate of more than %d bytes", maxCertificate)
	}
	if e.Type == Precertificate {
		var err error
		if der, err = whole(der); err != nil {
			return nil, err
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errCertificate
	}
	var out []string
	seen := make(map[string]bool)
	for _, n := range append(c.DNSNames, c.Subject.CommonName) {
		n = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(n)), "*."), ".")
		if len(n) > 253 || !strings.Contains(n, ".") || strings.ContainsAny(n, " /@:*") || seen[n] {
			continue
		}
		if len(out) == maxNames {
			return out, ErrMany
		}
		seen[n] = true
		out = append(out, n)
	}
	return out, nil
}

// whole makes a certificate of what was to be signed, with an empty signature by
// the algorithm that it names itself: only so is it parsed by the library.
func whole(tbs []byte) ([]byte, error) {
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(tbs, &outer); err != nil || len(rest) > 0 || outer.Tag != asn1.TagSequence || !outer.IsCompound {
		return nil, errCertificate
	}
	rest := outer.Bytes
	var field asn1.RawValue
	var err error
	for range 3 { // version, serial number, algorithm
		if rest, err = asn1.Unmarshal(rest, &field); err != nil {
			return nil, errCertificate
		}
		if field.Class == asn1.ClassUniversal && field.Tag == asn1.TagSequence {
			der, err := asn1.Marshal(struct {
				TBS       asn1.RawValue
				Algorithm asn1.RawValue
				Signature asn1.BitString
			}{asn1.RawValue{FullBytes: tbs}, asn1.RawValue{FullBytes: field.FullBytes}, asn1.BitString{Bytes: []byte{0}, BitLength: 8}})
			if err != nil {
				return nil, errCertificate
			}
			return der, nil
		}
	}
	return nil, errCertificate
}
