package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"entente/charter"
	"entente/internal/keyfile"
	"entente/node"
)

func initVerb() verb {
	return verb{"init", "make a data folder: keys, an empty log and a card", `init --dir DIR [--party ID] [--address HOST:PORT] [flags]

Makes the data folder of one party and prints the fingerprint of its keys. The
card, DIR/ID.card.json, goes to whoever writes the charter.

  --dir DIR                the folder; it must not exist or be empty (also: entente init DIR)
  --party ID               lower-case letters, digits and dashes; default: the folder's name
  --name TEXT              the party's name for people; default: the id
  --role party|observer    default: party
  --address HOST:PORT      where partners reach this node; none: by relay or stick only
  --passphrase-file FILE   encrypt the key file; serve then needs it too
  --json`, runInit}
}

func runInit(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "init").withKeys()
	party := f.String("party", "", "")
	name := f.String("name", "", "")
	role := f.String("role", string(charter.RoleParty), "")
	address := f.String("address", "", "")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) == 1 && !f.isSet("dir"):
		f.dir = rest[0]
	case len(rest) > 0:
		return usagef("what is %q?", rest[len(rest)-1])
	case !f.isSet("dir") && e.getenv("ENTENTE_DIR") == "":
		return usagef("which folder? --dir DIR")
	}
	if *party == "" {
		*party = base(f.dir)
	}
	if !charter.ValidID(*party) {
		return usagef("party id %q: want a lower-case letter and then at most 30 letters, digits and dashes; see --party", *party)
	}
	if *role != string(charter.RoleParty) && *role != string(charter.RoleObserver) {
		return usagef("role %q: want party or observer", *role)
	}
	if *name == "" {
		*name = *party
	}
	pass, err := f.passphrase()
	if err != nil {
		return err
	}
	keys, err := keyfile.Generate(rand.Reader, *party)
	if err != nil {
		return err
	}
	// The card first in memory: a bad name or address leaves no folder behind.
	card, err := keys.Card(*name, charter.Role(*role), *address)
	if err != nil {
		return err
	}
	data, err := card.Marshal()
	if err != nil {
		return err
	}
	if err := node.Init(node.Config{Dir: f.dir}, keys, pass); err != nil {
		return hint(err, "choose an empty folder; keys and logs are never overwritten")
	}
	path := filepath.Join(f.dir, card.FileName())
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("write the card: %w", err)
	}
	if *asJSON {
		return e.json(map[string]string{"party": *party, "origin": keys.Origin, "card": path, "fingerprint": card.Fingerprint()})
	}
	e.printf("%s: keys and an empty log in %s\ncard         %s\nfingerprint  %s\nnext         the card goes to whoever writes the charter: entente charter propose -h\n", *party, f.dir, path, card.Fingerprint())
	return nil
}
