package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

func carryVerb() verb {
	return verb{"carry", "a stick instead of a line", `carry out --dir DIR FILE
       entente carry in --dir DIR FILE [--json]

carry out writes what the others may lack: the own log and those mirrored here,
requests to their witnesses, and answers to theirs. carry in reads such a
file: the same bytes and the same checks as over the link. Both need the
running node. One stick there and one back make a statement held and
acknowledged.`, runCarry}
}

func runCarry(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("carry out or carry in?")
	}
	way := args[0]
	f := newFlags(e, "carry").withDir()
	asJSON := f.Bool("json", false, "")
	files, err := f.parse(args[1:])
	switch {
	case way == "-h" || way == "-help" || way == "--help":
		return errHelp
	case err != nil:
		return err
	case way != "out" && way != "in":
		return usagef("no carry %q", way)
	case len(files) != 1:
		return usagef("which file? one")
	}
	if way == "out" {
		return carryOut(ctx, e, f, files[0])
	}
	return carryIn(ctx, e, f, files[0], *asJSON)
}

func carryOut(ctx context.Context, e *env, f *flags, path string) error {
	c, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	if err := send(e, path, func(w io.Writer) error { return c.CarryOut(ctx, w) }); err != nil {
		return err
	}
	if path != "-" {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		e.printf("%s: from %s, %d bytes\n", path, s.Party, info.Size())
	}
	return nil
}

func carryIn(ctx context.Context, e *env, f *flags, path string, asJSON bool) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	got, err := c.CarryIn(ctx, in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if asJSON {
		return e.json(got)
	}
	e.printf("%s: from %s, made %s: %s of %s new; %s, %s; %s on own statements\n", path, got.From, when(got.Made),
		counted(got.Leaves, "leaf", "leaves"), counted(got.Logs, "log", "logs"),
		counted(got.Asks, "checkpoint cosigned or refused", "checkpoints cosigned or refused"), counted(got.Answers, "answer", "answers"), counted(got.Held, "mirror's word", "mirrors' words"))
	for _, r := range got.Refusals {
		e.printf("refused  %s\n", r)
	}
	return nil
}
