package main

import (
	"context"

	"entente/api"
)

func withdrawVerb() verb {
	return verb{"withdraw", "say the party's last statement: it leaves", `withdraw --dir DIR --reason TEXT [--json]

The node says nothing any more from then on; its log stays readable and
provable with every mirror. entente charter revoke does this and signs the
revocation of the charter too.`, runWithdraw}
}

func runWithdraw(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "withdraw").withDir()
	reason := f.String("reason", "", "")
	asJSON := f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	if *reason == "" {
		return usagef("give a --reason")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	ref, err := c.Withdraw(ctx, api.ReasonRequest{Reason: *reason})
	return said(e, ref, err, *asJSON, "this party has left")
}

func overrideVerb() verb {
	return verb{"override", "let a read-only node write, on the record", `override --dir DIR --officer NAME --reason TEXT

For a node that found neither a partner nor its high-water mark and so cannot
know whether its folder is the newest copy. If it is not, writing forks the
log, and the witnesses will prove it.`, runOverride}
}

func runOverride(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "override").withDir()
	var r api.ReasonRequest
	f.StringVar(&r.Officer, "officer", "", "")
	f.StringVar(&r.Reason, "reason", "", "")
	if err := f.none(args); err != nil {
		return err
	}
	if r.Officer == "" || r.Reason == "" {
		return usagef("an override names its --officer and its --reason")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	if err := c.Override(ctx, r); err != nil {
		return err
	}
	e.printf("the node writes, on the word of %s\n", r.Officer)
	return nil
}
