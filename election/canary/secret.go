package canary

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"entente/election/trie"
	"entente/statement"
)

// SecretFormat is the format of the owner's file.
const SecretFormat = "entente/folder-secret/v1"

// MaxSecret is the largest such file, in bytes.
const MaxSecret = 1 << 30

type secret struct {
	Format string        `json:"format"`
	Title  string        `json:"title"`
	Key    string        `json:"key"` // hex
	Names  []secretNamed `json:"names"`
}

type secretNamed struct {
	Name      string     `json:"name"`
	Documents []Document `json:"documents"`
}

// Marshal writes what the owner keeps: names and digests, not the documents.
func (f *Folder) Marshal() ([]byte, error) {
	s := secret{Format: SecretFormat, Title: f.Title, Key: hex.EncodeToString(f.Key[:]), Names: []secretNamed{}}
	for _, name := range slices.Sorted(maps.Keys(f.Documents)) {
		s.Names = append(s.Names, secretNamed{name, f.sorted(name)})
	}
	return json.Marshal(s)
}

// ParseFolder reads what Marshal wrote.
func ParseFolder(data []byte) (*Folder, error) {
	var s secret
	if err := statement.Decode(data, MaxSecret, &s); err != nil {
		return nil, err
	}
	if s.Format != SecretFormat {
		return nil, fmt.Errorf("format %q, want %q", s.Format, SecretFormat)
	}
	f := &Folder{Title: s.Title}
	if err := trie.Unhex(f.Key[:], s.Key); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	for _, n := range s.Names {
		if len(n.Documents) == 0 || f.Documents[n.Name] != nil {
			return nil, errors.New("a name twice, or without a document")
		}
		for _, d := range n.Documents {
			if err := f.Add(n.Name, d); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}
