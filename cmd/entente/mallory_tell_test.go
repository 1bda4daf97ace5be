package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/node/hostile"
	"entente/record"
)

// malloryTell says the objects of a bundle, or the events of a MISP file, as
// south: whatever they claim to be.
func malloryTell(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("tell", flag.ContinueOnError)
	marking := f.String("marking", "TLP:AMBER", "of the statement")
	if err := f.Parse(args); err != nil {
		return err
	}
	data, err := os.ReadFile(f.Arg(0))
	if err != nil {
		return err
	}
	media := stix.MediaSTIX
	objects, err := stix.ObjectsOf(data)
	if err != nil {
		media = stix.MediaMISP
		objects, err = misp.Events(data)
	}
	if err != nil {
		return err
	}
	p, err := hostile.Open(south, nil)
	if err != nil {
		return err
	}
	s, err := hostile.NewStand(p, north, observer, os.Stdout)
	if err != nil {
		return err
	}
	return s.Play(ctx, hostile.Tell(filepath.Base(f.Arg(0)), media, *marking, objects...))
}

// malloryAlter changes a proof file as a relay could: one byte of a part, one
// digit of the claimed time, one marking.
func malloryAlter(_ context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: alter BUNDLE CLASS")
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	b, err := record.ParseBundle(data)
	if err != nil {
		return err
	}
	was := bytes.Clone(data)
	switch args[1] {
	case "byte":
		last := b.Shown.Parts[len(b.Shown.Parts)-1].Text
		hostile.Flip(last, len(last)/2)
	case "time":
		b.Shown.Leaf = hostile.Redate(b.Shown.Leaf)
	case "marking":
		act := &b.Shown.Parts[0].Text
		*act = regexp.MustCompile(`"marking":"[^"]+"`).ReplaceAll(*act, []byte(`"marking":"TLP:CLEAR"`))
	}
	out, err := b.Marshal()
	if err != nil {
		return err
	}
	if bytes.Equal(out, was) {
		return fmt.Errorf("%s has nothing to alter", args[1])
	}
	return os.WriteFile(args[0], out, 0o600)
}
