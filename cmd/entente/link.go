package main

import (
	"context"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/console"
)

func linkVerb() verb {
	return verb{"link", "print a fresh one-time link to the console", `link --dir DIR [--user NAME]

The link works once and for 15 minutes. The first user of a node is made an
administrator; others are added with entente user add.

  --user NAME         default: administrator, or the only administrator there is`, runLink}
}

func runLink(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "link").withDir()
	user := f.String("user", firstUser, "")
	if err := f.none(args); err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	if !f.isSet("user") {
		if *user, err = onlyAdministrator(ctx, c); err != nil {
			return err
		}
	}
	link, err := c.Link(ctx, *user)
	if err != nil {
		return err
	}
	e.printf("%s\n", link)
	return nil
}

// onlyAdministrator is for whom a link without a name is made.
func onlyAdministrator(ctx context.Context, c *api.Client) (string, error) {
	users, err := c.Users(ctx)
	if err != nil || len(users) == 0 {
		return firstUser, err
	}
	var names []string
	for _, u := range users {
		if slices.Contains(u.Roles, string(console.RoleAdministrator)) {
			names = append(names, u.Name)
		}
	}
	switch {
	case len(names) == 1:
		return names[0], nil
	case slices.Contains(names, firstUser):
		return firstUser, nil
	}
	return "", usagef("for whom? --user NAME; administrators are %s", list(names))
}

func userVerb() verb {
	return verb{"user", "add, list or remove users of the console", `user add|list|remove --dir DIR [NAME] [--role ROLE...] [--clearance MARKING]

Roles: analyst, approver, delegate, official, observer, administrator. Adding a
user that is there replaces its roles and its clearance.

  --clearance MARKING  the strictest marking that the user may see, TLP:RED by
                       default: no page, count or search of the console shows
                       or tells anything of what is marked stricter`, runUser}
}

func runUser(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "user").withDir()
	var roles words
	f.Var(&roles, "role", "")
	clearance := f.String("clearance", string(border.Red), "")
	asJSON := f.Bool("json", false, "")
	what, name, err := f.change(args)
	if err != nil {
		return err
	}
	if err := knownRoles(roles); err != nil {
		return err
	}
	top, err := border.ParseMarking(*clearance)
	if err != nil {
		return usagef("--clearance %s: %v", *clearance, err)
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	switch what {
	case "add":
		if len(roles) == 0 {
			roles = words{"analyst"}
		}
		return c.PutUser(ctx, api.User{Name: name, Roles: roles, Clearance: string(top)})
	case "remove":
		return c.RemoveUser(ctx, name)
	}
	return listUsers(ctx, e, c, *asJSON)
}

func knownRoles(roles words) error {
	var known words
	for _, r := range console.Roles() {
		known = append(known, string(r))
	}
	for _, r := range roles {
		if !slices.Contains(known, r) {
			return usagef("no role %q; the roles are %s", r, strings.Join(known, ", "))
		}
	}
	return nil
}

func listUsers(ctx context.Context, e *env, c *api.Client, asJSON bool) error {
	users, err := c.Users(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(users)
	}
	for _, u := range users {
		w := words(u.Roles)
		e.printf("%s  %s  %s\n", u.Name, w.String(), u.Clearance)
	}
	return nil
}
