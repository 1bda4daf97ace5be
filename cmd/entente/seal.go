package main

import (
	"context"
	"crypto/sha256"
	"io"
	"os"

	"entente/api"
	"entente/statement"
)

func sealVerb() verb {
	return verb{"seal", "put the digest of a file into the record", `seal --dir DIR [--what TEXT] [--name TEXT] FILE [--json]

The file stays at home; that it existed now, with these bytes, is provable from
then on.`, runSeal}
}

func runSeal(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "seal").withDir()
	what, name := f.String("what", "file", ""), f.String("name", "", "")
	asJSON := f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which file? one")
	}
	in, err := os.Open(files[0])
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha256.New()
	size, err := io.Copy(h, in)
	if err != nil {
		return err
	}
	if *name == "" {
		*name = base(files[0])
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	r := api.SealRequest{What: *what, Name: *name, Size: size, Digest: statement.Digest(h.Sum(nil))}
	ref, err := c.Seal(ctx, r)
	return said(e, ref, err, *asJSON, "sealed %s, SHA-256 %s", *name, r.Digest)
}
