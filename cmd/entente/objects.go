package main

import (
	"context"
	"io"
	"time"

	"entente/api"
)

func objectsVerb() verb {
	return verb{"objects", "list objects, see who claims what, export a bundle", `objects --dir DIR [--scope SCOPE] [--type TYPE] [--all] [--after MICROSECONDS] [--limit N] [--json]
       entente objects --dir DIR [--json] ID
       entente objects --dir DIR [--scope SCOPE] --export FILE
       entente objects share --dir DIR --to PARTY[,PARTY] [--marking TLP:…] [--name TEXT] [--officer NAME] [--wait DURATION] [--yes] ID...

Lists objects, MISP events too, in the order in which they came. SCOPE is own (what the own side said,
drafts included), accepted (what it said to others, and of drafts and of what came from
others what the gate or a person let in) or a party: all that it sent. With an ID it shows every body that anybody ever said for it, side by side. share lets own objects go, drafts above all: it shows what
their readers will have, byte for byte, and says just that after a yes.

  --scope SCOPE   default: own
  --type TYPE     of one type alone, such as indicator
  --all           every version, not the last one of each
  --after N       go on behind the microseconds at which an object came
  --limit N       default: 50
  --export FILE   write the last versions of STIX objects as a bundle, bytes as they came; "-" for stdout`, runObjects}
}

func runObjects(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 && args[0] == "share" {
		return shareObjects(ctx, e, args[1:])
	}
	f := newFlags(e, "objects").withDir()
	scope, typ, file := f.String("scope", "", ""), f.String("type", "", ""), f.String("export", "", "")
	all, asJSON := f.Bool("all", false, ""), f.Bool("json", false, "")
	after, limit := f.Int("after", 0, ""), f.Int("limit", 50, "")
	ids, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(ids) > 1 || len(ids) == 1 && (*file != "" || *scope != "") {
		return usagef("one id, or a scope")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	if *file != "" {
		return send(e, *file, func(w io.Writer) error { return c.Export(ctx, *scope, w) })
	}
	q := api.StoredQuery{Scope: *scope, Type: *typ, All: *all, After: int64(*after), Limit: *limit}
	if len(ids) == 1 {
		q = api.StoredQuery{ID: ids[0], Claims: true}
	}
	page, err := c.Objects(ctx, q)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(page)
	}
	for _, o := range page.Items {
		showObject(e, o)
	}
	more := ""
	if page.More {
		more = ", and more after them"
	}
	e.printf("%s%s\n", counted(len(page.Items), "object", "objects"), more)
	return nil
}

func showObject(e *env, o api.StoredObject) {
	marking := o.Marking
	if marking == "" {
		marking = "not marked"
	}
	e.printf("%s\n  version   %s\n  said by   %s, statement %d, number %d, %s\n  came      %s UTC\n", o.ID, o.Version, o.Party, o.Index, o.N, marking,
		time.UnixMicro(o.Added).UTC().Format("2006-01-02 15:04:05.000000"))
	for _, x := range []struct {
		yes  bool
		text string
	}{
		{o.Revoked, "revoked by its author"},
		{o.Retracted != nil, "taken back by its party"},
		{o.Standing == "claim", "stands beside what another said first"},
		{o.Standing == "again", "the same bytes were said before"},
		{len(o.Standing) > 2 && o.Standing[:2] == "E_", "refused: " + o.Standing},
	} {
		if x.yes {
			e.printf("  state     %s\n", x.text)
		}
	}
}
