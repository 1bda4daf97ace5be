package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"entente/api"
	"entente/charter"
	"entente/internal/keyfile"
	"entente/node"
)

func charterSign(e *env, args []string) error {
	f := newFlags(e, "sign").withKeys()
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which charter? one file")
	}
	pass, err := f.passphrase()
	if err != nil {
		return err
	}
	keys, err := keyfile.Read(f.dir, pass)
	if err != nil {
		return fmt.Errorf("keys of %s: %w", f.dir, err)
	}
	c, err := readCharterFile(files[0])
	if err != nil {
		return err
	}
	if p, ok := c.Party(keys.Party); !ok || !keys.Belongs(p) {
		return hint(fmt.Errorf("%s does not name the keys in %s", files[0], f.dir), "the card that went into the charter is not the one in this folder")
	}
	if have, _, err := node.ReadCharter(f.dir); err == nil && have.Digest() != c.Digest() {
		return hint(fmt.Errorf("%s holds another charter already", f.dir), "show it with: entente charter show --dir %s", f.dir)
	}
	data, err := charter.SignConsent(c, keys.Party, charter.Agree, e.now(), keys.Statement)
	if err != nil {
		return err
	}
	source, err := filepath.Abs(filepath.Dir(files[0]))
	if err != nil {
		return err
	}
	name := keys.Party + ".consent.json"
	for _, x := range []struct {
		path string
		data []byte
	}{
		{filepath.Join(f.dir, node.CharterFile), c.Bytes()},
		{filepath.Join(f.dir, node.SourceFile), []byte(source + "\n")},
		{filepath.Join(f.dir, node.ConsentDir, name), data},
		{filepath.Join(source, name), data},
	} {
		if err := os.WriteFile(x.path, x.data, 0o644); err != nil {
			return fmt.Errorf("keep the consent: %w", err)
		}
	}
	e.printf("%s consents to %s\nconsent      %s\nfingerprint  %s\nnext         entente serve --dir %s\n", keys.Party, c.Name, filepath.Join(filepath.Dir(files[0]), name), charter.Fingerprint(c.Digest()), f.dir)
	return nil
}

func charterAdd(e *env, args []string) error {
	f := newFlags(e, "add").withDir()
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("which consents? at least one file")
	}
	c, _, err := node.ReadCharter(f.dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := readFile(file, charter.MaxConsent)
		if err != nil {
			return err
		}
		k, err := charter.ParseConsent(data)
		if err == nil {
			err = k.Verify(c)
		}
		if err != nil {
			return fmt.Errorf("consent %s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(f.dir, node.ConsentDir, node.ConsentFileName(k)), data, 0o644); err != nil {
			return err
		}
		e.printf("%s: %s of %s\n", file, k.Stance, k.Party)
	}
	return nil
}

func charterRevoke(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "revoke").withKeys()
	reason := f.String("reason", "the party leaves", "")
	if err := f.none(args); err != nil {
		return err
	}
	pass, err := f.passphrase()
	if err != nil {
		return err
	}
	keys, err := keyfile.Read(f.dir, pass)
	if err != nil {
		return fmt.Errorf("keys of %s: %w", f.dir, err)
	}
	c, _, err := node.ReadCharter(f.dir)
	if err != nil {
		return err
	}
	data, err := charter.SignConsent(c, keys.Party, charter.Revoke, e.now(), keys.Statement)
	if err != nil {
		return err
	}
	said := "; no node runs here, so its last statement was not said"
	ref, err := node.Connect(f.dir).Withdraw(ctx, api.ReasonRequest{Officer: keys.Party, Reason: *reason})
	switch {
	case err == nil:
		said = fmt.Sprintf(", said as statement %d", ref.Index)
	case !errors.Is(err, api.ErrNoNode):
		return err
	}
	k, err := charter.ParseConsent(data)
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, node.ConsentDir, node.ConsentFileName(k))
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	e.printf("%s leaves %s%s\nrevocation   %s\n", keys.Party, c.Name, said, path)
	return nil
}
