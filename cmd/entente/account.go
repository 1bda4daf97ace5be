package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"entente/border"
	"entente/internal/account"
	"entente/node"
)

func accountVerb() verb {
	return verb{"account", "add, list or remove accounts of tools", `account add|list|remove --dir DIR [NAME] [flags]

Accounts are for programs that speak TAXII, MISP or the API with this node, and
for guests of a party. The secret is printed once and kept nowhere: it is the
password with the account's name, or a bearer token, or an API key. A running
node heeds a change at once.

  --scope SCOPE...       taxii:read, taxii:write, misp:read, misp:write, api:read, api:write, export:read
  --clearance MARKING    the strictest marking that it may see; default: TLP:GREEN
  --party ID             a guest: sees at most what that party would be given
  --password-file FILE   a password of 16 to 256 bytes beside the secret, for tools that need their own
  --json                 list and add: for programs`, runAccount}
}

func runAccount(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "account").withDir()
	var scopes words
	f.Var(&scopes, "scope", "")
	clearance := f.String("clearance", string(border.Green), "")
	party := f.String("party", "", "")
	password := f.String("password-file", "", "")
	asJSON := f.Bool("json", false, "")
	what, name, err := f.change(args)
	if err != nil {
		return err
	}
	if err := f.folder(); err != nil {
		return err
	}
	switch what {
	case "add":
		a := account.Account{Name: name, Party: *party, Added: e.now()}
		for _, s := range scopes {
			a.Scopes = append(a.Scopes, account.Scope(s))
		}
		return addAccount(e, f.dir, a, *clearance, *password, *asJSON)
	case "remove":
		return account.Remove(f.dir, name)
	}
	return listAccounts(e, f.dir, *asJSON)
}

func addAccount(e *env, dir string, a account.Account, clearance, passwordFile string, asJSON bool) (err error) {
	if len(a.Scopes) == 0 {
		return usagef("which --scope? one or more of %s", scopeNames())
	}
	if a.Clearance, err = border.ParseMarking(clearance); err != nil {
		return usagef("--clearance %s: %v", clearance, err)
	}
	if err := knownParty(dir, a.Party); err != nil {
		return err
	}
	password := ""
	if passwordFile != "" {
		b, err := os.ReadFile(passwordFile)
		if err != nil {
			return fmt.Errorf("password: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	secret, err := account.Add(dir, a, password)
	if errors.Is(err, account.ErrAccount) {
		return usageError{err.Error()}
	}
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(struct {
			Name   string `json:"name"`
			Secret string `json:"secret"`
		}{a.Name, secret})
	}
	e.printf("%s  %s\n", a.Name, secret)
	return nil
}

func scopeNames() string {
	var names []string
	for _, s := range account.Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// knownParty refuses a guest of nobody.
func knownParty(dir, party string) error {
	if party == "" {
		return nil
	}
	c, _, err := node.ReadCharter(dir)
	if err != nil {
		return err
	}
	if _, ok := c.Party(party); !ok {
		return usagef("--party %s: the charter names no such party", party)
	}
	return nil
}

func listAccounts(e *env, dir string, asJSON bool) error {
	accounts, err := account.List(dir)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(slices.Concat([]account.Account{}, accounts))
	}
	for _, a := range accounts {
		var scopes words
		for _, s := range a.Scopes {
			scopes = append(scopes, string(s))
		}
		e.printf("%s  %s  up to %s", a.Name, scopes.String(), a.Clearance)
		if a.Party != "" {
			e.printf(", guest of %s", a.Party)
		}
		e.printf("\n")
	}
	return nil
}
