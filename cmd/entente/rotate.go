package main

import "context"

func rotateVerb() verb {
	return verb{"rotate", "replace the statement key by the next one", `rotate --dir DIR [--json]

The key that the charter or the last key statement committed to takes the
place of the present one, and a fresh one is committed to. The key file is
rewritten: make a new backup of it. Bundles of earlier statements stay valid.`, runRotate}
}

func runRotate(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "rotate").withDir()
	asJSON := f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	ref, err := c.Rotate(ctx)
	return said(e, ref, err, *asJSON, "the next statement key signs from here on; make a new backup of the key file")
}
