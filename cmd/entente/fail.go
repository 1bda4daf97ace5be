package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"entente/api"
	"entente/internal/account"
	"entente/internal/ingest"
	"entente/internal/keyfile"
	"entente/internal/logfile"
	"entente/node"
	"entente/record"
	"entente/statement"
)

var (
	// errShown: the verb has said itself what failed.
	errShown = errors.New("failed")
	errHelp  = errors.New("help")
)

// usageError is wrong use: exit code 2.
type usageError struct{ text string }

func (u usageError) Error() string { return u.text }

func usagef(format string, a ...any) error { return usageError{fmt.Sprintf(format, a...)} }

// hinted is an error with something to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, a ...any) error { return hinted{err, fmt.Sprintf(format, a...)} }

// silent is a plain text in the place of an error that tells too much.
type silent struct {
	text string
	err  error
}

func (s silent) Error() string { return s.text }

func (s silent) Unwrap() error { return s.err }

// fail says what went wrong and returns the exit code.
func fail(e *env, v verb, err error) int {
	var use usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errShown):
		return 1
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(e.stderr, "error: interrupted")
		return 1
	case errors.As(err, &use):
		fmt.Fprintf(e.stderr, "error: %v\n", err)
		if v.name == "" {
			fmt.Fprintln(e.stderr, "hint: entente help lists the verbs")
		} else {
			fmt.Fprintf(e.stderr, "hint: entente %s -h shows how it is used\n", v.name)
		}
		return 2
	}
	fmt.Fprintf(e.stderr, "error: %v\n", err)
	if h := cmp.Or(advice(err), nextStep(v.name, err)); h != "" {
		if e.dir != "" {
			h = strings.ReplaceAll(h, "--dir DIR", "--dir "+e.dir)
		}
		fmt.Fprintf(e.stderr, "hint: %s\n", h)
	}
	return 1
}

// advice is what can be done about an error.
func advice(err error) string {
	var own hinted
	if errors.As(err, &own) {
		return own.hint
	}
	for _, known := range []struct {
		err  error
		hint string
	}{
		{syscall.EADDRINUSE, "another program listens there; choose another port with --listen or --console, or in config.yaml, tools.listen too"},
		{syscall.ECONNREFUSED, "nothing listens there: are address and port right, and does the server run?"},
		{syscall.ENOTDIR, "a file stands where a folder is wanted; choose another name"},
		{node.ErrRunning, "one process per data folder: stop the node, or use a verb that asks it"},
		{logfile.ErrInUse, "one process per data folder: a node runs there already"},
		{node.ErrOther, "each party has its own folder; nothing was changed"},
		{api.ErrNoNode, "start it with: entente serve --dir DIR"},
		{node.ErrExposed, "give it 127.0.0.1:PORT; from elsewhere reach it through a tunnel or a proxy with TLS and its own login"},
		{node.ErrPlain, "name certificate and key beside tools.listen in config.yaml, or listen on 127.0.0.1:PORT"},
		{account.ErrExposed, "chmod 600 accounts.json"},
		{account.ErrBusy, "try again; if no other process runs, one has died there: remove accounts.json.new"},
		{account.ErrThere, "remove it first, or choose another name"},
		{keyfile.ErrExposed, "chmod 600 keys.json, and ask who has read it"},
		{keyfile.ErrPassphrase, "--passphrase-file FILE, or ENTENTE_PASSPHRASE_FILE"},
		{keyfile.ErrDamaged, "put the backup of the key file in its place; without one the others must pass the name on"},
		{keyfile.ErrExists, "keys are never overwritten; choose another folder"},
		{ingest.ErrMissing, "is the path right, and may this user read it?"},
		{logfile.ErrOrigin, "each party has its own folder; nothing was changed"},
		{logfile.ErrVersion, "a later version of entente wrote this; use that one"},
		{record.ErrPoisoned, "check the disk before you start again; acknowledged statements are safe"},
		{syscall.ENOSPC, "make room; nothing that was acknowledged is lost"},
	} {
		if errors.Is(err, known.err) {
			return known.hint
		}
	}
	var damage *record.Damage
	if errors.As(err, &damage) {
		return "bytes on the disk have changed; bring them back from the mirrors with: entente restore --dir DIR"
	}
	if r, ok := statement.AsRefusal(err); ok && r.Code == statement.CodeRewound {
		return "the node writes again as soon as a partner has given its tail back; an officer can decide otherwise with: entente override"
	}
	var address *net.AddrError
	switch {
	case strings.Contains(err.Error(), "file is not a database") && strings.Contains(err.Error(), "view.db"):
		return "it is computed from the logs: entente rebuild --dir DIR"
	case strings.Contains(err.Error(), "file is not a database"):
		return "move it away, or restore a backup; without it the logs are read again"
	case errors.As(err, &address):
		return "want HOST:PORT, in --listen, --console or config.yaml"
	case errors.Is(err, fs.ErrExist):
		return "nothing is overwritten; choose another name"
	case errors.Is(err, fs.ErrPermission):
		return "the data folder belongs to the user that runs the node"
	case errors.Is(err, fs.ErrNotExist):
		return "paths are relative to the folder you are in"
	}
	return ""
}
