package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"entente/accord"
	"entente/api"
)

func officerVerb() verb {
	return verb{"officer", "make officers' keys, list officers, put up a list of them", `officer key --out FILE
       entente officer enroll --dir DIR ID=ROLE[,ROLE...]=FILE.pub ... [--json]
       entente officer add --dir DIR ID=ROLE[,ROLE...]=FILE.pub ... [--json]
       entente officer list --dir DIR [--json]

key makes an Ed25519 key: FILE is the officer's secret, FILE.pub its public half. A key of an
ssh-agent is named by its public key file, as in ~/.ssh/id_ed25519.pub.
enroll drafts the party's whole list of officers, add the present one with these added or
replaced; both are said once entente sign has enough signatures: a list needs two officers,
a head among them. Roles: head, delegate, approver, duty, analyst, archivist.`, runOfficer}
}

func runOfficer(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("officer key, enroll, add or list?")
	}
	f := newFlags(e, "officer").withDir()
	out := f.String("out", "", "")
	asJSON := f.Bool("json", false, "")
	what := args[0]
	rest, err := f.parse(args[1:])
	if what == "-h" || what == "-help" || what == "--help" {
		return errHelp
	}
	if err != nil {
		return err
	}
	switch what {
	case "key":
		if *out == "" || len(rest) > 0 {
			return usagef("officer key --out FILE")
		}
		return makeOfficerKey(e, *out)
	case "list":
		return showView(ctx, e, f, api.AccordQuery{What: api.ViewOfficers}, *asJSON)
	case "enroll", "add":
		if len(rest) == 0 {
			return usagef("which officers? ID=ROLE[,ROLE...]=FILE.pub")
		}
		c, s, err := f.client(ctx)
		if err != nil {
			return err
		}
		list := accord.Officers{Officers: []accord.Officer{}, Contacts: []accord.Contact{}}
		if what == "add" {
			if list, err = presentOfficers(ctx, c, s.Party); err != nil {
				return err
			}
		}
		for _, one := range rest {
			o, err := parseOfficer(one)
			if err != nil {
				return err
			}
			list.Officers = withOfficer(list.Officers, o)
		}
		return draftIt(ctx, e, c, accord.KindOfficers, list, nil, nil, sayFlags{json: *asJSON})
	}
	return usagef("no officer %q: key, enroll, add or list?", what)
}

func withOfficer(list []accord.Officer, o accord.Officer) []accord.Officer {
	for i := range list {
		if list[i].ID == o.ID {
			list[i] = o
			return list
		}
	}
	return append(list, o)
}

// presentOfficers is the newest list of a party that counts.
func presentOfficers(ctx context.Context, c *api.Client, party string) (accord.Officers, error) {
	v, err := c.AccordView(ctx, api.AccordQuery{What: api.ViewOfficers})
	if err != nil {
		return accord.Officers{}, err
	}
	var all map[string][]accord.OfficersList
	if err := json.Unmarshal(v.Data, &all); err != nil {
		return accord.Officers{}, fmt.Errorf("read the lists of officers: %w", err)
	}
	for i := len(all[party]) - 1; i >= 0; i-- {
		if l := all[party][i]; l.Label == accord.LabelNone {
			return l.Body, nil
		}
	}
	return accord.Officers{}, errors.New("this party has no officers yet; entente officer enroll lists the first")
}

// parseOfficer reads ID=ROLE,ROLE=FILE.
func parseOfficer(s string) (accord.Officer, error) {
	f := strings.SplitN(s, "=", 3)
	if len(f) != 3 || f[0] == "" {
		return accord.Officer{}, usagef("%q: want ID=ROLE[,ROLE...]=FILE.pub", s)
	}
	data, err := readFile(f[2], 16<<10)
	if err != nil {
		return accord.Officer{}, err
	}
	pub, err := publicKey(data)
	if err != nil {
		return accord.Officer{}, fmt.Errorf("%s: %w", f[2], err)
	}
	key := accord.OfficerKey{Form: "ed25519", Key: base64.StdEncoding.EncodeToString(pub)}
	return accord.Officer{ID: f[0], Name: f[0], Roles: strings.Split(f[1], ","), Keys: []accord.OfficerKey{key}}, nil
}

const secretHead = "entente-officer-key-1 "

// makeOfficerKey writes a secret key and its public half.
func makeOfficerKey(e *env, path string) error {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	line := func(text string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, text+"\n")
			return err
		}
	}
	if err := create(path, line(secretHead+base64.StdEncoding.EncodeToString(key.Seed()))); err != nil {
		return err
	}
	public := base64.StdEncoding.EncodeToString(pub)
	if err := create(path+".pub", line(public)); err != nil {
		return err
	}
	e.printf("%s: keep it secret, and where only its officer reaches it\n%s.pub: %s\n", path, path, public)
	return nil
}

// secretKey reads what makeOfficerKey has written; others must not be able to
// read the file.
func secretKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if exposed(info) {
		return nil, hint(fmt.Errorf("%s: others can read this key", path), "chmod 600 %s, and ask who has read it", path)
	}
	data, err := readFile(path, 16<<10)
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(data)), secretHead)
	seed, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(seed) != ed25519.SeedSize {
		return nil, hint(fmt.Errorf("%s is no officer's key", path), "entente officer key --out FILE makes one; --agent signs with one of the ssh-agent's")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
