package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"entente/charter"
)

func generate(t *testing.T, party string) *Keys {
	t.Helper()
	var seed [32]byte
	copy(seed[:], party)
	k, err := Generate(rand.NewChaCha8(seed), party)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestVKeys signs with other people's signers, made from our seeds, and
// verifies with other people's verifiers, made from our vkeys.
func TestVKeys(t *testing.T) {
	k := generate(t, "north")
	pub := k.Public()
	skey := func(vkey string, seed []byte) string {
		v, err := charter.ParseVKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", v.Name, v.Hash, base64.StdEncoding.EncodeToString(append([]byte{byte(v.Type)}, seed...)))
	}
	signer := func(make func(string) (note.Signer, error), vkey string, seed []byte) note.Signer {
		s, err := make(skey(vkey, seed))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	cosigner := func(s string) (note.Signer, error) { return fnote.NewSignerForCosignatureV1(s) }
	body := k.Origin + "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	for _, tc := range []struct {
		role   string
		vkey   string
		signer note.Signer
		verify func(string) (note.Verifier, error)
	}{
		{"log", pub.Log, signer(note.NewSigner, pub.Log, k.Log.Seed()), note.NewVerifier},
		{"log_pq", pub.LogPQ, signer(cosigner, pub.LogPQ, k.LogPQ.Bytes()), fnote.NewVerifierForCosignatureV1},
		{"time", pub.Time, signer(cosigner, pub.Time, k.Time.Seed()), fnote.NewVerifierForCosignatureV1},
		{"witness", pub.Witness, signer(cosigner, pub.Witness, k.Witness.Seed()), fnote.NewVerifier},
		{"witness_pq", pub.WitnessPQ, signer(cosigner, pub.WitnessPQ, k.WitnessPQ.Bytes()), fnote.NewVerifier},
		{"mirror", pub.Mirror, signer(cosigner, pub.Mirror, k.Mirror.Seed()), fnote.NewVerifierForCosignatureV1},
	} {
		msg, err := note.Sign(&note.Note{Text: body}, tc.signer)
		if err != nil {
			t.Fatalf("%s: %v", tc.role, err)
		}
		v, err := tc.verify(tc.vkey)
		if err != nil {
			t.Fatalf("%s: %v", tc.role, err)
		}
		if v.KeyHash() != tc.signer.KeyHash() {
			t.Errorf("%s: key hash %08x, theirs %08x", tc.role, v.KeyHash(), tc.signer.KeyHash())
		}
		if n, err := note.Open(msg, note.VerifierList(v)); err != nil || len(n.Sigs) != 1 {
			t.Errorf("%s: %v", tc.role, err)
		}
	}
}

// TestVKeyMatchesNewEd25519VerifierKey compares the string itself.
func TestVKeyMatchesNewEd25519VerifierKey(t *testing.T) {
	k := generate(t, "north")
	want, err := note.NewEd25519VerifierKey(k.Origin, k.Log.Public().(ed25519.PublicKey))
	if err != nil || k.Public().Log != want {
		t.Errorf("got %s, want %s (%v)", k.Public().Log, want, err)
	}
}

func TestGenerate(t *testing.T) {
	a, b := generate(t, "north"), generate(t, "north")
	if a.Public().Statement != b.Public().Statement || a.Origin != b.Origin {
		t.Error("the same randomness gave other keys")
	}
	if _, err := Generate(bytes.NewReader(make([]byte, 40)), "north"); err == nil {
		t.Error("keys from too little randomness")
	}
	if _, err := Generate(bytes.NewReader(nil), "../north"); err == nil {
		t.Error("a party id with a path")
	}
	if _, err := a.Card("CERT North", charter.RoleParty, "127.0.0.1:7443"); err != nil {
		t.Errorf("own card refused: %v", err)
	}
	if a.Public().Next != charter.NextDigest(a.NextStatement.Public().(ed25519.PublicKey)) {
		t.Error("next does not commit to the next statement key")
	}
}

func TestWriteRead(t *testing.T) {
	for _, passphrase := range []string{"", "correct horse"} {
		t.Run("passphrase="+passphrase, func(t *testing.T) {
			dir, k := t.TempDir(), generate(t, "south")
			if err := Write(dir, k, []byte(passphrase), 10); err != nil {
				t.Fatal(err)
			}
			if secret, err := Encrypted(dir); err != nil || secret != (passphrase != "") {
				t.Errorf("encrypted: %v, %v", secret, err)
			}
			got, err := Read(dir, []byte(passphrase))
			if err != nil {
				t.Fatal(err)
			}
			card, err := k.Card("South", charter.RoleParty, "")
			if err != nil {
				t.Fatal(err)
			}
			if !got.Match(card.Party) || !got.NextLog.Equal(k.NextLog) || !got.NextLogPQ.Equal(k.NextLogPQ) {
				t.Error("other keys came back")
			}
			before := content(t, dir)
			if err := Write(dir, generate(t, "north"), nil, 0); !errors.Is(err, ErrExists) {
				t.Errorf("written twice: %v", err)
			}
			if content(t, dir) != before {
				t.Error("an existing key file was changed")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".keys-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if strings.Contains(before, "seed") || passphrase != "" && strings.Contains(before, "AGE-SECRET") {
				t.Error("secrets in the encrypted file")
			}
		})
	}
}

func TestPassphrase(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, generate(t, "north"), []byte("right"), 10); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"", "wrong"} {
		if _, err := Read(dir, []byte(p)); !errors.Is(err, ErrPassphrase) {
			t.Errorf("passphrase %q: %v", p, err)
		}
	}
	if err := Write(t.TempDir(), generate(t, "north"), []byte("right"), 9); err == nil {
		t.Error("a work factor of 9")
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits on windows")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if err := Write(dir, generate(t, "north"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir, nil); !errors.Is(err, ErrExposed) {
			t.Errorf("mode %#o: %v", mode, err)
		}
	}
	other := t.TempDir()
	if err := os.Symlink(path, filepath.Join(other, FileName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(other, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("a symbolic link: %v", err)
	}
	if _, err := Read(t.TempDir(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestDamage flips every byte of the plain file in turn.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, generate(t, "north"), nil, 0); err != nil {
		t.Fatal(err)
	}
	good := []byte(content(t, dir))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if k, err := unmarshal(bad); err == nil {
			again, err := k.marshal()
			if err != nil || !bytes.Equal(again, good) {
				t.Fatalf("byte %d (%q): other keys were read", i, good[i])
			}
		} else if !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for _, n := range []int{0, 1, len(good) / 2, len(good) - 3} {
		if _, err := unmarshal(good[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func content(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzUnmarshal(f *testing.F) {
	k, err := Generate(rand.NewChaCha8([32]byte{}), "north")
	if err != nil {
		f.Fatal(err)
	}
	data, err := k.marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":"entente/keys/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := unmarshal(data); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
