package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"entente/api"
	"entente/statement"
)

func openVerb() verb {
	return verb{"open", "open a part of an own statement to more parties", `open --dir DIR --to PARTY[,PARTY] --reason TEXT N/PART [--marking TLP:…] [--officer NAME] [--json]

N is the number of the own statement, PART of its part. The statement's act is
opened with it: it says what the part is. What was opened stays open.`, func(ctx context.Context, e *env, args []string) error { return runPart(ctx, e, "open", args) }}
}

func eraseVerb() verb {
	return verb{"erase", "erase a part of an own statement", `erase --dir DIR --reason TEXT N/PART [--json]

Erases ciphertext and salt here, for ever; the digest stays, and that it was
erased is itself a statement. Mirrors keep what they hold: ask their parties.`, func(ctx context.Context, e *env, args []string) error { return runPart(ctx, e, "erase", args) }}
}

func runPart(ctx context.Context, e *env, what string, args []string) error {
	f := newFlags(e, what).withDir()
	var r api.PartRequest
	var to words
	f.StringVar(&r.Reason, "reason", "", "")
	if what == "open" {
		f.Var(&to, "to", "")
		f.StringVar(&r.Marking, "marking", "", "")
		f.StringVar(&r.Officer, "officer", "", "")
	}
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || r.Reason == "" {
		return usagef("name one part as N/PART, and give a --reason")
	}
	r.To = append([]string{}, to...)
	number, part, _ := strings.Cut(rest[0], "/")
	var err1, err2 error
	r.Index, err1 = strconv.ParseUint(number, 10, 63)
	r.Part, err2 = strconv.Atoi(part)
	if err1 != nil || err2 != nil {
		return usagef("%q is no part; want N/PART", rest[0])
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	var ref statement.Ref
	if what == "open" {
		ref, err = c.Open(ctx, r)
		return said(e, ref, err, *asJSON, "part %d of statement %d opened to %s", r.Part, r.Index, strings.Join(r.To, ", "))
	}
	ref, err = c.Erase(ctx, r)
	return said(e, ref, err, *asJSON, "part %d of statement %d erased here", r.Part, r.Index)
}

// said reports a statement that was made.
func said(e *env, ref statement.Ref, err error, asJSON bool, format string, a ...any) error {
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(ref)
	}
	e.printf("%s; said as number %d\n", fmt.Sprintf(format, a...), ref.Index)
	return nil
}
