// Package certlogtest makes small certificate logs for tests, with an authority and a key of their own, in both interfaces.
package certlogtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/election/certlog"
)

// Log is a certificate log.
type Log struct {
	Origin string
	Key    certlog.Key
	PEM    []byte // the public key

	secret *ecdsa.PrivateKey
	issuer *ecdsa.PrivateKey
	leaves [][]byte // MerkleTreeLeaf
	data   [][]byte // TileLeaf
	hashes []tlog.Hash
}

// New makes an empty log.
func New(origin string) (*Log, error) {
	l := &Log{Origin: origin}
	var err error
	if l.secret, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if l.issuer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(l.secret.Public())
	if err != nil {
		return nil, err
	}
	l.PEM = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	l.Key, err = certlog.ParseKey(l.PEM)
	return l, err
}

// Add adds a certificate over names at a time, or its precertificate.
func (l *Log) Add(at time.Time, pre bool, names ...string) error {
	t := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(l.leaves) + 1)), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: at, NotAfter: at.Add(90 * 24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, l.issuer.Public(), l.issuer)
	if err != nil {
		return err
	}
	body := der
	if pre {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		body = c.RawTBSCertificate
	}
	return l.AddRaw(at, pre, body)
}

// AddRaw adds what is to be a certificate, or what was to be signed of one.
func (l *Log) AddRaw(at time.Time, pre bool, body []byte) error {
	entry := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))
	if pre {
		entry = append(append(entry, 0, 1), make([]byte, 32)...)
	} else {
		entry = append(entry, 0, 0)
	}
	entry = append(append(entry, byte(len(body)>>16), byte(len(body)>>8), byte(len(body))), body...)
	index := binary.BigEndian.AppendUint64(nil, uint64(len(l.leaves)))
	entry = append(append(entry, 0, 8, 0, 0, 5), index[3:]...)
	leaf := append([]byte{0, 0}, entry...)
	tile := append([]byte(nil), entry...)
	if pre {
		tile = append(tile, 0, 0, 3, 'p', 'r', 'e')
	}
	tile = append(append(tile, 0, 32), make([]byte, 32)...)
	hashes, err := tlog.StoredHashes(int64(len(l.leaves)), leaf, l.reader())
	if err != nil {
		return err
	}
	l.hashes = append(l.hashes, hashes...)
	l.leaves, l.data = append(l.leaves, leaf), append(l.data, tile)
	return nil
}

// Fork is a log with the same key that has the first n entries, and goes its own way.
func (l *Log) Fork(n int) *Log {
	f := &Log{Origin: l.Origin, Key: l.Key, PEM: l.PEM, secret: l.secret, issuer: l.issuer, leaves: slices.Clone(l.leaves[:n]), data: slices.Clone(l.data[:n])}
	f.hashes = slices.Clone(l.hashes[:tlog.StoredHashCount(int64(n))])
	return f
}

func (l *Log) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, err error) {
		for _, i := range at {
			if i >= int64(len(l.hashes)) {
				return nil, fmt.Errorf("no hash %d", i)
			}
			out = append(out, l.hashes[i])
		}
		return out, nil
	})
}

// Size is how many entries there are.
func (l *Log) Size() int64 { return int64(len(l.leaves)) }

// sign returns the root and the digitally-signed struct of the present head.
func (l *Log) sign(at time.Time) (root tlog.Hash, signature []byte, err error) {
	if root, err = tlog.TreeHash(l.Size(), l.reader()); err != nil {
		return root, nil, err
	}
	signed := binary.BigEndian.AppendUint64([]byte{0, 1}, uint64(at.UnixMilli()))
	signed = binary.BigEndian.AppendUint64(signed, uint64(l.Size()))
	sum := sha256.Sum256(append(signed, root[:]...))
	raw, err := ecdsa.SignASN1(rand.Reader, l.secret, sum[:])
	return root, append([]byte{4, 3, byte(len(raw) >> 8), byte(len(raw))}, raw...), err
}

// Static is the log as files below its monitoring prefix.
func (l *Log) Static(at time.Time) (map[string][]byte, error) {
	root, signature, err := l.sign(at)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(append([]byte(l.Origin+"\n\x05"), l.Key.ID[:]...))
	line := append(binary.BigEndian.AppendUint64(id[:4:4], uint64(at.UnixMilli())), signature...)
	files := map[string][]byte{"checkpoint": fmt.Appendf(nil, "%s\n%d\n%s\n\n— witness.example AAAAAAAAAAAAAAAAAAAA\n— %s %s\n", l.Origin, l.Size(), root, l.Origin, base64.StdEncoding.EncodeToString(line))}
	for _, t := range tlog.NewTiles(8, 0, l.Size()) {
		data, err := tlog.ReadTileData(t, l.reader())
		if err != nil {
			return nil, err
		}
		files[certlog.TilePath(t.L, t.N, t.W)] = data
		if t.L == 0 {
			var entries []byte
			for _, e := range l.data[t.N*256 : t.N*256+int64(t.W)] {
				entries = append(entries, e...)
			}
			files[certlog.TilePath(-1, t.N, t.W)] = entries
		}
	}
	return files, nil
}

// Answer is what the log says by the interface of RFC 6962 to a path with its query; nil to another.
func (l *Log) Answer(at time.Time, path string) ([]byte, error) {
	u, err := url.Parse(path)
	if err != nil {
		return nil, err
	}
	root, signature, err := l.sign(at)
	if err != nil {
		return nil, err
	}
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(u.Query().Get(name), 10, 64)
		return n
	}
	switch strings.TrimPrefix(u.Path, "/") {
	case "ct/v1/get-sth":
		return json.Marshal(map[string]any{"tree_size": l.Size(), "timestamp": at.UnixMilli(), "sha256_root_hash": root[:], "tree_head_signature": signature})
	case "ct/v1/get-entries":
		var list []map[string][]byte
		for i := number("start"); i <= min(number("end"), l.Size()-1, number("start")+63); i++ { // a log gives as many as it likes
			list = append(list, map[string][]byte{"leaf_input": l.leaves[i], "extra_data": {0, 0, 0}})
		}
		return json.Marshal(map[string]any{"entries": list})
	case "ct/v1/get-sth-consistency":
		path := [][]byte{}
		if number("first") < number("second") {
			proof, err := tlog.ProveTree(number("second"), number("first"), l.reader())
			if err != nil {
				return nil, err
			}
			for _, p := range proof {
				path = append(path, p[:])
			}
		}
		return json.Marshal(map[string]any{"consistency": path})
	case "ct/v1/get-proof-by-hash":
		for i, leaf := range l.leaves {
			if h := tlog.RecordHash(leaf); base64.StdEncoding.EncodeToString(h[:]) == u.Query().Get("hash") {
				proof, err := tlog.ProveRecord(number("tree_size"), int64(i), l.reader())
				if err != nil {
					return nil, err
				}
				path := [][]byte{}
				for _, p := range proof {
					path = append(path, p[:])
				}
				return json.Marshal(map[string]any{"leaf_index": i, "audit_path": path})
			}
		}
	}
	return nil, nil
}
